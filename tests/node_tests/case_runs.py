"""One node test through the engine, in each labelling and signature."""

from __future__ import annotations

import tempfile
import traceback
from pathlib import Path
from typing import Any

import numpy as np

import mari_engine as mari
from mari_engine.runtime import in_one_line

from .cases import NodeCase
from .labellings import Labelled, labellings
from .outcomes import Outcome, Run
from .saved_models import run_model, same_kinds, same_results

SIGNATURES = ("drop-in", "compact")


def run_case(case: NodeCase) -> list[Run]:
    """Return what became of a test; nothing is raised, but onnxruntime may abort the process."""
    runs = []
    for labelled in labellings(case):
        truth = _original_results(labelled)
        for signature in SIGNATURES:
            outcome, reason = _try(case, labelled, signature, truth)
            runs.append(Run(case.name, labelled.name, signature, outcome, reason))
    return runs


def _try(
    case: NodeCase, labelled: Labelled, signature: str, truth: list[Any] | str
) -> tuple[Outcome, str]:
    with tempfile.TemporaryDirectory() as folder:
        try:
            model = mari.load(labelled.model, name=case.name)
            requests = _requests(labelled.feeds) if not isinstance(truth, str) else ()
            result = mari.optimize(
                model, labelled.labels, signature=signature, autotune=False, requests=requests
            )
            if result.failures:
                return Outcome.CRASH, f"the rewriter failed: {result.failures[0]}"
            result.save(folder)
        except mari.VerificationError as error:
            known = "the model draws random numbers" in str(error)
            return (Outcome.REFUSED if known else Outcome.UNEQUAL), str(error)
        except mari.MariError as error:
            return (Outcome.REFUSED if not isinstance(truth, str) else Outcome.NOT_RUN), str(error)
        except Exception as error:  # whatever it is, it is a crash
            return Outcome.CRASH, _place(error)
        if isinstance(truth, str):
            return Outcome.NOT_RUN, truth
        problem = _compare(case, labelled, result, Path(folder), truth)
    if problem:
        return Outcome.WRONG, problem
    return Outcome.KEPT if result.selection.way == mari.Way.ORIGINAL else Outcome.SAME, ""


def _requests(feeds: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """Return the test's inputs as a request, which holds tensors with rows only."""
    arrays = list(feeds.values())
    return (feeds,) if all(isinstance(array, np.ndarray) for array in arrays) else ()


def _compare(
    case: NodeCase, labelled: Labelled, result: mari.OptimizeResult, folder: Path, truth: list[Any]
) -> str:
    """Return how the saved model's results differ, or ""."""
    try:
        bound = mari.bind_feeds(labelled.feeds, result.interface, result.signature)
        found = run_model(folder / "model.onnx", dict(bound))
    except Exception as error:  # onnxruntime's exceptions share no narrower base
        return f"the saved model cannot be run: {in_one_line(error, limit=300)}"
    once = [item.rows == "request" for item in result.interface.outputs]
    found = [
        np.broadcast_to(one, wanted.shape) if single and _is_row_of(one, wanted) else one
        for one, wanted, single in zip(found, truth, once, strict=True)
    ]
    again = _original_results(labelled)
    if isinstance(again, str) or same_results(case, truth, again):  # it draws random numbers
        return "" if same_kinds(truth, found) else "other types or shapes"
    problem = same_results(case, truth, found)
    if not problem and labelled.as_published and not same_results(case, case.expected, truth):
        problem = same_results(case, case.expected, found)
    return problem


def _is_row_of(one: Any, wanted: Any) -> bool:
    return (
        isinstance(one, np.ndarray)
        and isinstance(wanted, np.ndarray)
        and one.shape[:1] == (1,)
        and one.shape[1:] == wanted.shape[1:]
    )


def _original_results(labelled: Labelled) -> list[Any] | str:
    """Return what the original gives, or why onnxruntime cannot run it."""
    try:
        return run_model(labelled.model, labelled.feeds)
    except Exception as error:  # onnxruntime's exceptions share no narrower base
        return in_one_line(error, limit=300)


def _place(error: Exception) -> str:
    """Return an exception with the line of the engine that it came from."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [
        f"{Path(frame.filename).name}:{frame.lineno}"
        for frame in frames
        if "mari_engine" in frame.filename
    ]
    where = ours[-1] if ours else "outside"
    return f"{type(error).__name__}: {in_one_line(error, limit=300)} ({where})"
