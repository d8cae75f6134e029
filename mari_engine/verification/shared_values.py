"""Values inside both models that are the same by name, compared where outputs show nothing.

A rewrite keeps the name of what it computes as before. The name alone proves nothing: it may
stand for some of the columns, in another order. So a value is *shared* where both models agree
about it on every typical request, repeated along axes of one row. Along other axes than the
candidates' that may be luck: of rows that nothing reads one may be left. From one that is shared
and then differs on an unusual request an error is seen that the outputs hid: behind a mask, by an
unlucky cancellation, in a branch that another one overrules.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import onnx_ir as ir

from mari_engine.graph import Model
from mari_engine.types import Feeds
from mari_engine.verification.distances import EXACT, OWN, Results, measure_distance

MOST_CANDIDATES = 20
"""Requests of more candidates are compared by their outputs only: values inside may be large."""
_BUDGET = 1 << 28
"""Bytes of values that are kept of one run."""


def common_names(original: Model, optimized: Model) -> tuple[str, ...]:
    """Return the names of results that both graphs have, outputs and bodies left out."""
    tensors = {
        name for name, kind in _results(original.ir.graph) if isinstance(kind, ir.TensorType)
    }
    return tuple(name for name, _ in _results(optimized.ir.graph) if name in tensors)


class SharedValues:
    """Learns which values are shared, and what differs of those; fed with one request at a time."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        self._agreed: set[str] = set()
        self._refuted: set[str] = set()
        self._repeated: dict[str, set[int]] = {}
        """By name: axes along which the optimized model has one row, the candidates' left out."""
        self._bytes: dict[str, float] = {}
        """By name: bytes for a candidate, as seen so far."""

    def asked_of(self, batch: int) -> tuple[str, ...]:
        """Return the values to ask of a run: the smallest first, while they fit into memory."""
        if batch > MOST_CANDIDATES:
            return ()
        left, kept = float(_BUDGET), []
        useful = [name for name in self.names if name not in self._refuted]
        for name in sorted(useful, key=lambda name: self._bytes.get(name, 0.0)):
            left -= self._bytes.get(name, 0.0) * MOST_CANDIDATES
            if left > 0:
                kept.append(name)
        return tuple(kept)

    def compare(
        self, batch: int, before: Feeds, after: Feeds, *, typical: bool
    ) -> Mapping[str, str]:
        """Return what differs of one request in float64, in words, by value.

        What differs on a `typical` request is not shared, and is not returned. Nor is a value of
        which one row is left, where rows differ that were alike on typical requests.
        """
        found: dict[str, str] = {}
        for name in before.keys() & after.keys():
            truth = before[name]
            self._bytes[name] = max(self._bytes.get(name, 0.0), truth.nbytes / max(batch, 1))
            problem = describe_difference(truth, after[name])
            repeated = self._repeated.setdefault(name, set())
            repeated |= {at for at in _repeated(truth, after[name]) if truth.shape[at] != batch}
            if problem and (typical or any(_varies(truth, at) for at in repeated)):
                self._refuted.add(name)
            elif typical and _tells_rows(truth, after[name]):
                self._agreed.add(name)
            elif problem:
                found[name] = problem
        return found

    @property
    def agreed(self) -> frozenset[str]:
        """The values about which the two models agree on all typical requests."""
        return frozenset(self._agreed - self._refuted)

    def problem(self, differences: Mapping[str, str]) -> str:
        """Return the first difference that is one of a shared value, in words, or ""."""
        agreed = self.agreed
        for name in self.names:
            if name in agreed and name in differences:
                return f"value {name!r}, inside both models: {differences[name]}"
        return ""


def _results(graph: ir.Graph) -> Iterator[tuple[str, ir.TypeProtocol | None]]:
    """Yield names of results with their types, which a model just written may lack."""
    outputs = {value.name for value in graph.outputs}
    for node in graph:
        for value in node.outputs:
            if value.name and value.name not in outputs:
                yield value.name, value.type


def _repeated(truth: np.ndarray, value: np.ndarray) -> list[int]:
    """Return the axes along which a value has one row, and stands for several."""
    if truth.ndim != value.ndim:
        return []
    return [at for at, extent in enumerate(truth.shape) if value.shape[at] == 1 < extent]


def _varies(truth: np.ndarray, axis: int) -> bool:
    """Return whether rows along an axis differ; NaN equals NaN."""
    first = truth.take([0], axis)
    return bool(np.any((truth != first) & ((truth == truth) | (first == first))))


def _tells_rows(truth: np.ndarray, value: np.ndarray) -> bool:
    """Return False for one number throughout, of which `value` may have any of the rows."""
    return truth.shape == value.shape or bool(np.any(truth != truth.ravel()[:1]))


def _is_close(truth: np.ndarray, value: np.ndarray) -> bool:
    """Return True where each element is within the limits by its own magnitude alone."""
    if truth.dtype.kind != "f":
        return np.array_equal(truth, value)
    with np.errstate(invalid="ignore"):  # of infinities the difference is NaN, and not close
        return bool(np.all(np.abs(truth - value) <= EXACT * np.abs(truth)))


def describe_difference(truth: np.ndarray, value: np.ndarray) -> str:
    """Return how far two values are apart, beyond what rounding in float64 explains, or ""."""
    if truth.dtype != value.dtype or truth.ndim != value.ndim or truth.dtype.kind in "OSUT":
        return "they cannot be compared"
    try:
        value = np.broadcast_to(value, truth.shape)
    except ValueError:
        return "they cannot be compared"
    if _is_close(truth, value):  # as most are
        return ""
    distance = measure_distance(Results(truth, value, None, None))
    if distance.problem:
        return distance.problem
    if distance.exact is not None and distance.exact > EXACT * distance.scale:
        return f"they differ by {distance.exact / distance.scale:.1e} of the largest in float64"
    if distance.own is not None and distance.own > OWN:
        return f"elements differ by {distance.own:.1e} of their own magnitude in float64"
    return ""
