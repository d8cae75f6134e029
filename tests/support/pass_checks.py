"""What one pass makes of a model, and what it refuses."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from mari_engine.analysis import survey_model
from mari_engine.graph import Model
from mari_engine.passes import Canonical
from mari_engine.passes.contract import Pass
from mari_engine.passes.pass_manager import run_pass


def after(one: Pass[Any], model: Model, keep: Collection[str] = ()) -> Canonical:
    """Return the form of a model, whose candidates are N, after one pass."""
    return run_pass(one, Canonical(model, survey_model(model, frozenset({"N"}))), keep)


def reasons(one: Pass[Any], model: Model, keep: Collection[str] = ()) -> list[str]:
    """Return why a pass writes nothing; asserts that it does not."""
    found = after(one, model, keep)
    assert found.model is model
    return [refusal.reason for refusal in found.refusals]
