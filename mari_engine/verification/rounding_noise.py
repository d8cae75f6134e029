"""What rounding decides in the original itself: it moves where operands are off by a rounding.

Of scores that are equal within rounding ArgMax may take any, and of a difference of large numbers
rounding is all that is left. A rewrite sums in another order, and need not agree there: what
differs is held against how far the original moves when each operand is off by a rounding. Operands
of what copies, selects or compares are not, so that ties of the request's own numbers stay decided.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

import numpy as np
import onnx_ir as ir

from mari_engine.errors import ExecutionError
from mari_engine.graph import Model
from mari_engine.ops import Trait, disturb_operands, has_trait
from mari_engine.types import Check, Feeds
from mari_engine.verification.batches import join_outputs
from mari_engine.verification.distances import FLOAT64, ROUNDING_FACTOR, Results
from mari_engine.verification.float64_evaluator import Float64Evaluator
from mari_engine.verification.float64_model import Doubled, double_model
from mari_engine.verification.judgement import CaseResult
from mari_engine.verification.model_pair import Outputs

_RELATIVE = "mari/relative"
"""The further input of the original that says by how much its operands are off."""
_OFF = 4.0
"""How far, in units of a precision's epsilon."""
_LARGEST = 1 << 28
"""Bytes of weights up to which noise is drawn for them."""
_RUNS = 12
"""How often the original runs so: what rounding decides falls one way in all once in 2^11."""

Judge = Callable[[Sequence[CaseResult]], tuple[Check, ...]]


def excuse_rounding(
    original: Model, runs: Sequence[CaseResult], judge: Judge, epsilon: float, *, since: int = 0
) -> tuple[list[CaseResult], tuple[Check, ...]]:
    """Return the runs and their checks, without what differs since rounding decides it.

    `epsilon` is that of the original's precision. Those from `since` on are looked at, up to the
    first difference that is another.
    """
    found, checks = list(runs), judge(runs)
    noise: RoundingNoise | None = None
    for at, run in enumerate(runs):
        if at < since or checks[at].passed:
            continue
        noise = noise or open_noise(original, epsilon)
        again = run if noise is None else noise.excuse(run)
        if not again.undecided:
            break
        found[at] = again
        checks = judge(found)
        if not checks[at].passed:
            break
    return found, checks


def open_noise(
    original: Model, epsilon: float, inside: Collection[str] = ()
) -> RoundingNoise | None:
    """Return the original in float64, its operands off by roundings, ready to run.

    `inside` names results inside it that may be asked for, too. None of a model that is too large
    to draw noise for all its weights, that draws random numbers itself, so that no two runs agree,
    or that has no form in float64.
    """
    nodes = original.ir.graph.all_nodes()
    if any(has_trait(node, Trait.RANDOM) for node in nodes):
        return None
    try:
        doubled = double_model(original)
        if len(doubled.proto.SerializeToString()) + _bytes_of(doubled) > _LARGEST:
            return None
        disturbed = ir.serde.deserialize_model(doubled.proto)
        disturb_operands(disturbed, _RELATIVE, epsilon)
        proto = ir.serde.serialize_model(disturbed)
        return RoundingNoise(Float64Evaluator(replace(doubled, proto=proto), inside), epsilon)
    except Exception:  # graphs are strangers' work and both conversions touch all of them
        return None


def _bytes_of(doubled: Doubled) -> int:
    """Return the bytes of the large tensors that are no tables, of which rows are taken alone."""
    return sum(array.nbytes for array in doubled.tensors.values() if array.dtype == np.float64)


class RoundingNoise:
    """Runs the original in float64, its operands off by roundings (see `open_noise`)."""

    def __init__(self, evaluator: Float64Evaluator, epsilon: float) -> None:
        self._evaluator, self._epsilon = evaluator, epsilon

    def excuse(self, run: CaseResult) -> CaseResult:
        """Return what both models made of a request, the same where rounding decides it.

        `undecided` names the outputs of which there is something, `lost` those of which there is
        nothing else.
        """
        try:
            exact = self._moves(run, _OFF * FLOAT64)
            own = self._moves(run, _OFF * self._epsilon)
        except ExecutionError:
            return run
        outputs, names, lost = dict(run.outputs), set[str](), set[str]()
        for name, results in run.outputs.items():
            if name not in exact or results.truth is None:
                continue
            wide = adopt(results.truth, results.exact, exact[name])
            narrow = adopt(results.original, results.optimized, own[name])
            outputs[name] = Results(results.truth, wide, results.original, narrow)
            if wide is not results.exact or narrow is not results.optimized:
                names.add(name)
            if _is_lost(results.truth, results.exact, exact[name]):
                lost.add(name)
        return replace(run, outputs=outputs, undecided=frozenset(names), lost=frozenset(lost))

    def move_inside(self, feeds: Feeds, truth: Feeds) -> Feeds:
        """Return how far results inside the original move, by name; ExecutionError if none do."""
        return self._farthest(truth, lambda: self._run(feeds, _OFF * FLOAT64, truth))

    def _moves(self, run: CaseResult, relative: float) -> Feeds:
        """Return how far each element of the outputs moves; infinity where its kind does."""
        truth = {n: r.truth for n, r in run.outputs.items() if r.truth is not None}
        return self._farthest(truth, lambda: self._answer(run, relative))

    @staticmethod
    def _farthest(truth: Feeds, draw: Callable[[], Feeds]) -> Feeds:
        farthest = {name: np.zeros(array.shape) for name, array in truth.items()}
        for _ in range(_RUNS):
            moved = draw()
            for name, array in truth.items():
                if name in moved and moved[name].shape == array.shape:
                    np.maximum(farthest[name], _apart(array, moved[name]), out=farthest[name])
        return farthest

    def _answer(self, run: CaseResult, relative: float) -> Feeds:
        """Return what the original gives of a request, or of all those of a batch."""
        if not run.parts:
            return self._run(run.feeds, relative)
        alone = [Outputs(None, self._run(feeds, relative), {}) for feeds, _ in run.parts]
        return join_outputs(alone, [count for _, count in run.parts], run.once).wide or {}

    def _run(self, feeds: Feeds, relative: float, inside: Collection[str] = ()) -> Feeds:
        return self._evaluator.run({**feeds, _RELATIVE: np.asarray(relative)}, inside)


def adopt(
    before: np.ndarray | None, after: np.ndarray | None, moves: np.ndarray
) -> np.ndarray | None:
    """Return the rewritten model's result with the original's wherever noise explains what differs.

    The same array where nothing is adopted: all that differs does so beyond the noise.
    """
    if before is None or after is None or before.dtype != after.dtype:
        return after
    if before.shape != moves.shape or after.shape != before.shape:
        return after
    apart = _apart(before, after)
    explained = (apart > 0) & (apart <= ROUNDING_FACTOR * moves)
    return np.where(explained, before, after) if explained.any() else after


def _is_lost(truth: np.ndarray, value: np.ndarray | None, moves: np.ndarray) -> bool:
    """Return whether each number but 0 differs, by noise that is as large as the number."""
    if value is None or truth.dtype.kind != "f" or value.shape != truth.shape or not truth.size:
        return False
    apart = _apart(truth, value)
    explained = (apart > 0) & (apart <= ROUNDING_FACTOR * moves) & (moves >= np.abs(truth))
    numbers = np.isfinite(truth) & (truth != 0)
    return bool(numbers.any() and explained[numbers].all())


def _apart(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return how far apart elements are; infinity where only one is finite, or of texts."""
    if one.dtype.kind in "OSUT":
        return np.where(one == other, 0.0, np.inf)
    a, b = one.astype(np.float64), other.astype(np.float64)
    with np.errstate(invalid="ignore"):
        apart = np.abs(a - b)
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    return np.where(same, 0.0, np.where(np.isnan(apart), np.inf, apart))
