from __future__ import annotations

import numpy as np
import pytest

from mari_engine.errors import ExecutionError
from mari_engine.graph import Model
from mari_engine.loading import load
from mari_engine.types import (
    Certificate,
    InputBinding,
    InputLabel,
    Interface,
    Labels,
    OutputBinding,
    Role,
    Signature,
)
from mari_engine.verification import Stage, StagedSession, measure_bounds, verify
from support.builders import build
from support.in_process import in_this_process  # noqa: F401 - a fixture for all here

WEIGHTS = {"W": np.arange(6, dtype=np.float32).reshape(3, 2)}


def part(body: str, inputs: str, outputs: str) -> Model:
    weights = WEIGHTS if "W" in body else {}
    return load(build(body, inputs=inputs, outputs=outputs, weights=weights))


def item(body: str = "v = MatMul (i, W)", kind: str = "float") -> Stage:
    return Stage(part(body, "float[N, 3] i", f"{kind}[N, 2] v"), by_row=True)


ONLINE = Stage(part("y = Mul (v, u)", "float[N, 2] v, float[1, 1] u", "float[N, 2] y"))
BODY = "v = MatMul (i, W)\n y = Mul (v, u)"
ORIGINAL = part(BODY, "float[N, 3] i, float[N, 1] u", "float[N, 2] y")
JOINED = part(BODY, "float[N, 3] i, float[1, 1] u", "float[N, 2] y")
LABELS = Labels({"i": InputLabel(role=Role.ITEM), "u": InputLabel(role=Role.USER)})
INTERFACE = Interface(
    (
        InputBinding("i", "float32", ("N", 3), "candidate", "i"),
        InputBinding("u", "float32", (1, 1), "request", "u"),
    ),
    (OutputBinding("y", "candidate"),),
)


def certificate_of(*stages: Stage) -> Certificate:
    return verify(
        ORIGINAL, JOINED, LABELS, interface=INTERFACE, signature=Signature.COMPACT, stages=stages
    )


@pytest.mark.parametrize("rows", [0, 1, 2, 5])
def test_stages_hand_over_by_name(rows: int) -> None:
    feeds = {
        "i": np.arange(3 * rows, dtype=np.float32).reshape(rows, 3),
        "u": np.full((1, 1), 2, np.float32),
    }
    found = StagedSession([item(), ONLINE]).run(feeds)
    assert list(found) == ["y"]
    assert np.array_equal(found["y"], 2 * feeds["i"] @ WEIGHTS["W"])


def test_a_chain_that_computes_the_same_passes() -> None:
    assert certificate_of(item(), ONLINE).passed


@pytest.mark.parametrize(
    "wrong",
    [
        "m = MatMul (i, W)\n r = Relu (i)\n s = ReduceMax <axes = [1]> (r)\n v = Add (m, s)",
        "m = MatMul (i, W)\n t = ReduceMean <axes = [0]> (m)\n v = Add (m, t)",
    ],
)
def test_what_is_run_is_the_chain_and_not_what_it_was_joined_into(wrong: str) -> None:
    assert not certificate_of(item(wrong), ONLINE).passed


def test_rows_that_depend_on_their_company_are_seen() -> None:
    """The original adds the first row to all; a stage that does so has other first rows."""
    body = "m = MatMul (i, W)\n f = Slice (m, a, b, a)\n v = Add (m, f)\n y = Mul (v, u)"
    cut = {"a": np.array([0]), "b": np.array([1]), **WEIGHTS}
    original, joined = (
        load(build(body, inputs=f"float[N, 3] i, {u}", outputs="float[N, 2] y", weights=cut))
        for u in ("float[N, 1] u", "float[1, 1] u")
    )
    stage = load(
        build(body.rsplit("\n", 1)[0], inputs="float[N, 3] i", outputs="float[N, 2] v", weights=cut)
    )
    for by_row, passed in ((False, True), (True, False)):
        certificate = verify(
            original, joined, LABELS, interface=INTERFACE, signature=Signature.COMPACT,
            stages=[Stage(stage, by_row=by_row), ONLINE],
        )  # fmt: skip
        assert certificate.passed is passed


def test_an_error_is_measured_against_the_largest_magnitude() -> None:
    halved = item("m = MatMul (i, W)\n v = Cast <to = 10> (m)", "float16")
    online = Stage(
        part(
            "w = Cast <to = 1> (v)\n y = Mul (w, u)",
            "float16[N, 2] v, float[1, 1] u",
            "float[N, 2] y",
        )
    )
    (bound,), problem = measure_bounds(ORIGINAL, [halved, online], LABELS, INTERFACE)
    assert problem == ""
    assert (bound.output, bound.requests) == ("y", 16)
    assert 0 < bound.relative < 2**-10
    (none,), _ = measure_bounds(ORIGINAL, [item(), ONLINE], LABELS, INTERFACE)
    assert none.relative < 1e-6


def test_what_is_finite_in_only_one_of_the_two_is_told() -> None:
    broken = item("m = MatMul (i, W)\n z = Sub (m, m)\n v = Div (m, z)")
    _, problem = measure_bounds(ORIGINAL, [broken, ONLINE], LABELS, INTERFACE)
    assert problem == "output 'y': another shape, or infinity or NaN, in only one of the two"


def test_a_chain_that_does_not_run_is_told() -> None:
    other = Stage(part("y = Mul (v, u)", "float[N, 7] v, float[1, 1] u", "float[N, 7] y"))
    with pytest.raises(ExecutionError, match="onnxruntime cannot run"):
        StagedSession([item(), other]).run(
            {"i": np.ones((2, 3), np.float32), "u": np.ones((1, 1), np.float32)}
        )
