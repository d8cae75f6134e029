"""Seconds by node: fewer runs where loops make a profile long, and an error where it is cut."""

from __future__ import annotations

import numpy as np
import pytest

from mari_engine.errors import ExecutionError
from mari_engine.graph import Model
from mari_engine.loading import load
from mari_engine.runtime import node_profile, profile_nodes
from support.builders import build

ROUNDS = 40


def looping() -> Model:
    """Return a model that adds its input to itself, round by round."""
    body = """
        y = Loop <body = step (int64 k, bool go, float[N] a) => (bool on, float[N] b)
            { on = Identity (go) b = Add (a, x) }> (rounds, yes, x)
        """
    weights = {"rounds": np.array(ROUNDS), "yes": np.array(True)}
    return load(build(body, inputs="float[N] x", outputs="float[N] y", weights=weights), name="m")


@pytest.mark.parametrize("longest", [10 * ROUNDS, 1])
def test_nodes_in_a_loop_count_all_their_passes(
    longest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node_profile, "_LONGEST", longest)
    model = looping()
    (body,) = [node.attributes["body"].as_graph() for node in model.ir.graph]
    (add,) = [node.name for node in body if node.op_type == "Add"]
    found = profile_nodes(model, {"x": np.ones(3, np.float32)})
    assert add in found
    assert found[add] > 0


def test_a_profile_that_is_cut_is_no_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node_profile, "_HELD", ROUNDS)
    with pytest.raises(ExecutionError, match="m: its loops take more than the 40 steps that a"):
        profile_nodes(looping(), {"x": np.ones(3, np.float32)})
