"""What rounding decides in the original is not asked of the rewritten model; all else is."""

from __future__ import annotations

import numpy as np
import pytest

from mari_engine import Certificate, InputLabel, Labels, Role, load, plan, verify
from mari_engine.pipeline import certify
from support.builders import build

RNG = np.random.default_rng(11)
W = RNG.standard_normal((24, 1)).astype(np.float32)
LABELS = Labels({"u": InputLabel(role=Role.USER), "i": InputLabel(role=Role.ITEM)})
HELD = {
    "W": W, "U": W[:16], "I": W[16:], "off": np.float32(1e-3), "rows": np.eye(2, dtype=np.float32),
    "one": np.float32(1), "big": np.float32(1e12), "k": np.array([1]), "three": np.float32(3),
}  # fmt: skip
WHOLE = "c = Concat <axis = 1> (u, i) s = MatMul (c, W) "
PARTS = "m = MatMul (u, U) n = MatMul (i, I) p = Add (m, n) "
TIED = WHOLE + PARTS + "j = Concat <axis = 1> (s, {}) y = {} (j)"
"""Two equal scores, each summed in another order: rounding decides which is the larger."""
WEIGHTS = {name: np.asarray(value) for name, value in HELD.items()}
NOTE = "rounding decides elements of output 'y' in "


def check(first: str, second: str, outputs: str, inputs: str = "") -> Certificate:
    before, after = (
        load(
            build(
                body, inputs=inputs or "float[N, 16] u, float[N, 8] i", outputs=outputs,
                weights=WEIGHTS,
            ),
            name="m",
        )
        for body in (first, second)
    )  # fmt: skip
    return verify(before, after, LABELS)


def notes(certificate: Certificate) -> list[str]:
    return [note for note in certificate.notes if note.startswith(NOTE)]


@pytest.mark.parametrize("op", ["ArgMax <axis = 1>", "ArgMin <axis = 1>"])
def test_which_of_tied_scores_is_taken_is_left_to_rounding(op: str) -> None:
    tied, outputs = TIED.format("p", op), "int64[N, 1] y"
    found = check(tied, TIED.format("s", op), outputs)
    assert found.passed, found.reason
    assert len(notes(found)) == 1
    assert check(tied, tied, outputs).passed
    assert not notes(check(tied, tied, outputs))


def test_a_score_that_is_off_by_more_than_rounding_is_another_choice() -> None:
    body = WHOLE + PARTS + "q = {} j = Concat <axis = 1> (s, q) y = ArgMax <axis = 1> (j)"
    more, less = body.format("Add (p, off)"), body.format("Sub (p, off)")
    assert check(more, more, "int64[N, 1] y").passed
    found = check(more, less, "int64[N, 1] y")
    assert "int64 values differ at" in found.reason
    assert not notes(found)


def test_ties_of_the_requests_own_numbers_stay_decided() -> None:
    """Zeros are tied, and no sum decides which of them is taken."""
    body = "y = ArgMax <axis = 1, select_last_index = {}> (i)"
    found = check(body.format(0), body.format(1), "int64[N, 1] y")
    assert {each.request for each in found.checks if not each.passed} == {"generated, of zeros"}


def test_a_number_that_is_counted_in_floats_stays_decided() -> None:
    """Whole numbers are summed without rounding: three of three is at least three."""
    body = "n = Sign (i) a = Abs (n) s = ReduceSum <keepdims = 1> (a, k) b = {} (s, three) "
    body += "t = Where (b, one, s) y = Add (t, off)"
    inputs = "float[N, 16] u, float[N, 3] i"
    right, wrong = body.format("GreaterOrEqual"), body.format("Greater")
    assert check(right, right, "float[N, 1] y", inputs).passed
    assert not check(right, wrong, "float[N, 1] y", inputs).passed


@pytest.mark.parametrize(
    "score",
    ["f = Cast <to = 1> (q) a = Mul (f, part)", "t = Gather (quarters, q) a = Add (t, none)"],
    ids=["product", "table"],
)
def test_a_threshold_that_exact_arithmetic_hits_stays_decided(score: str) -> None:
    """Of 0.25 and 2 no order of sums makes anything but 0.5: at least a half is not above it."""
    body = score + " b = {} (a, half) y = Where (b, i, none)"
    held = {
        "part": np.float32(0.25), "half": np.float32(0.5), "none": np.float32(0),
        "quarters": np.arange(5, dtype=np.float32) / 4,
    }  # fmt: skip
    right, wrong = (
        load(
            build(
                body.format(op), inputs="int64[N, 1] q, float[N, 1] i", outputs="float[N, 1] y",
                weights={name: np.asarray(value) for name, value in held.items()},
            )
        )
        for op in ("GreaterOrEqual", "Greater")
    )  # fmt: skip
    item = InputLabel(role=Role.ITEM)
    labels = Labels({"q": InputLabel(role=Role.ITEM, range=(0, 5)), "i": item})
    assert verify(right, right, labels).passed
    assert not verify(right, wrong, labels).passed


def test_what_is_left_of_large_numbers_is_left_to_rounding() -> None:
    body = WHOLE + PARTS + "a = Mul ({}, big) b = Mul (p, big) d = Sub (a, b) y = Add (d, {})"
    found = check(body.format("s", "one"), body.format("p", "one"), "float[N, 1] y")
    assert found.passed, found.reason
    assert len(notes(found)) == 1
    assert not check(body.format("p", "one"), body.format("p", "off"), "float[N, 1] y").passed


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("d = Sub (s, p) g = Sign (d) y = Mul (g, m)", "y = Mul (m, three)"),
        ("d = Sub (s, p) g = Sqrt (d) y = Mul (g, m)", "d = Sub (s, p) y = Sqrt (d)"),
    ],
    ids=["sign", "root"],
)
def test_an_output_of_rounding_alone_shows_nothing(right: str, wrong: str) -> None:
    """Whether another model's numbers are right, no request tells."""
    found = check(WHOLE + PARTS + right, WHOLE + PARTS + wrong, "float[N, 1] y")
    assert "nothing of it was compared" in found.reason
    assert check(WHOLE + PARTS + right, WHOLE + PARTS + right, "float[N, 1] y").passed


def test_batches_of_several_requests_are_held_to_the_same() -> None:
    data = build(
        TIED.format("p", "ArgMax <axis = 1>"), inputs="float[N, 16] u, float[N, 8] i",
        outputs="int64[N, 1] y", weights=WEIGHTS,
    )  # fmt: skip
    found = certify(plan(load(data, name="m"), LABELS, signature="batched"))
    assert found.passed, found.reason
