"""Which numbers of candidates the original takes, and what a certificate says of the others."""

import numpy as np

from mari_engine.loading import load
from mari_engine.types import Certificate, InputLabel, Labels, Role
from mari_engine.verification import verify
from support.builders import build

LABELS = Labels({"u": InputLabel(role=Role.USER), "i": InputLabel(role=Role.ITEM)})


def certified(body: str, *, item: str, output: str, **weights: np.ndarray) -> Certificate:
    inputs = f"float[N, 8] u, {item} i"
    model = load(build(body, inputs=inputs, outputs=f"{output} y", weights=weights))
    return verify(model, model, LABELS)


def test_a_number_that_only_the_graph_states_is_tried() -> None:
    found = certified("y = Mul (u, i)", item="float[N]", output="float[N, 8]")
    assert found.passed
    assert 8 in {check.batch for check in found.checks}
    (note,) = (note for note in found.notes if "refuses" in note)
    assert "refuses generated requests of 2, 3, 17, 128 candidates (" in note


def test_a_single_candidate_proves_nothing() -> None:
    found = certified(
        "s = Add (u, i) y = Reshape (s, one)",
        item="float[N, 8]",
        output="float[1, 8]",
        one=np.array([1, 8]),
    )
    assert not found.passed
    assert found.reason.startswith("nothing shows that candidates stay apart")
    assert "--request" in found.reason


def test_a_batch_that_the_original_refuses_is_noted() -> None:
    found = certified(
        "r = Reshape (i, four) s = ReduceSum <keepdims = 0> (r) t = Add (u, s) y = Add (i, t)",
        item="float[N, 8]",
        output="float[N, 8]",
        four=np.array([2, -1, 8]),
    )
    assert found.passed
    assert [check.batch for check in found.checks] == [2, 2, 128, 128, 0]
    (note,) = [note for note in found.notes if "the original itself refuses" in note]
    assert "refuses generated requests of 1, 3, 17 candidates (" in note
