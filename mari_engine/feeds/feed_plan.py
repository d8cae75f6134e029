"""Random requests that are valid for a model: shapes, dtypes, id ranges, and equal rows.

In an input `[N, K]` a per-request feature is drawn as one row `[1, K]` and repeated N times.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import onnx_ir as ir

from mari_engine.analysis import fixed_axes, survey_by_labels
from mari_engine.errors import FeedError
from mari_engine.feeds.aimed_features import aim_feature
from mari_engine.feeds.planned_inputs import (
    Extent,
    PlannedInput,
    also_empty,
    plan_input,
    rows_of,
    without_empty,
)
from mari_engine.feeds.random_features import (
    Feature,
    Values,
    draw_feature,
    without_empty_rows,
)
from mari_engine.feeds.unbounded_numbers import find_unbounded, let_any
from mari_engine.graph import Model
from mari_engine.inputs import find_words, infer_ranges
from mari_engine.ops import Trait, has_trait
from mari_engine.types import FROM_GRAPH, Feeds, Labels

_LONGEST_SEQUENCE = 6
_SYMBOL = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True)
class FeedPlan:
    """How requests for one model are drawn; made by `plan_feeds`."""

    inputs: tuple[PlannedInput, ...]
    candidate_symbols: frozenset[str]
    """The symbols that stand for the number of candidates."""
    drawn_alike: frozenset[str]
    """Leading symbols of request-side inputs, which may or may not mean the candidates too. Such an
    input is drawn with as many equal rows as there are candidates, which is valid either way."""
    fixed_batch: int | None
    """The number of candidates when the model allows only one, else None."""
    may_be_empty: bool = True
    """False where onnxruntime cannot be asked about histories of length 0: it would crash. Then
    none is drawn that is padding alone, either: the graph may count its length."""

    def draw(
        self,
        *,
        batch: int,
        seed: int,
        length: int | None = None,
        apart: bool = False,
        values: Values = Values.TYPICAL,
        aims: Mapping[str, Sequence[float]] | None = None,
    ) -> Feeds:
        """Return a request of `batch` candidates; the same arguments give the same arrays.

        Symbols other than the candidates' get this length, or one of 2 to 6 each, the same wherever
        they stand. With `apart` none of them is as long as there are candidates, `drawn_alike`
        included, so that an axis that was mistaken for the candidates' is seen; for the same reason
        a request-side input of a fixed `[50, K]` has unlike rows, unless the labels state its axis.
        The inputs in `aims` get these numbers and some beside them. Raises FeedError when the model
        allows only another number of candidates.
        """
        if self.fixed_batch not in (None, batch):
            raise FeedError(
                f"the model's inputs are fixed at {self.fixed_batch} candidates, not {batch}; ask "
                f"for {self.fixed_batch} or export with a dynamic batch"
            )
        rng = np.random.default_rng([seed, batch])
        extents = self._extents(batch, rng, length, apart)
        shapes = {
            item.name: tuple(_resolve(extent, extents, item.name) for extent in item.extents)
            for item in self.inputs
        }
        longest = self._longest(extents, shapes)
        draw = partial(draw_feature, rng=rng, longest=longest, values=values)
        aim = {
            name: partial(aim_feature, rng=rng, longest=longest, numbers=numbers)
            for name, numbers in (aims or {}).items()
        }

        def of(item: PlannedInput, feature: Feature, shape: tuple[int, ...]) -> np.ndarray:
            array = aim.get(item.name, draw)(feature, shape)
            return array if self.may_be_empty else without_empty_rows(array, feature, longest)

        return {
            item.name: _draw_input(
                item, shapes[item.name], self._repeated(item, apart), partial(of, item)
            )
            for item in self.inputs
        }

    def _longest(self, extents: Mapping[str, int], shapes: Mapping[str, tuple[int, ...]]) -> int:
        """Return the length that no sequence of a request exceeds."""
        lengths = (value for symbol, value in extents.items() if symbol not in self._sized_by_batch)
        widths = (shape[1] for shape in shapes.values() if len(shape) > 1)
        return min(lengths, default=min(widths, default=1))

    @property
    def has_lengths(self) -> bool:
        """True where an input has a free extent that is not the number of candidates."""
        extents = {extent for item in self.inputs for extent in item.extents}
        return any(isinstance(extent, str) for extent in extents - self._sized_by_batch)

    @property
    def has_ids(self) -> bool:
        """True where an input holds whole numbers."""
        return any(each.whole or each.dtype.kind in "iu" for each in self._features)

    @property
    def has_words(self) -> bool:
        """True where an input holds texts of which the model lists some."""
        return any(feature.words for feature in self._features)

    @property
    def has_unbounded(self) -> bool:
        """True where an input holds whole numbers that nothing bounds."""
        return any(feature.unbounded for feature in self._features)

    @property
    def _features(self) -> list[Feature]:
        return [part.feature for item in self.inputs for part in item.parts]

    @property
    def lengths(self) -> tuple[tuple[str, int], ...]:
        """An input, and its axis, for each free extent that is not the number of candidates."""
        found: dict[str, tuple[str, int]] = {}
        for item in self.inputs:
            for axis, extent in enumerate(item.extents):
                if isinstance(extent, str) and extent not in self._sized_by_batch:
                    found.setdefault(extent, (item.name, axis))
        return tuple(place for name, place in found.items() if not _is_worked_out(name, found))

    def candidate_axes(self, item: PlannedInput) -> tuple[int, ...]:
        """Return the axes of an input along which candidates lie."""
        fixed = self.fixed_batch is not None and rows_of(item) == self.fixed_batch
        return tuple(
            axis
            for axis, extent in enumerate(item.extents)
            if extent in self.candidate_symbols or (fixed and axis == item.axis)
        )

    def batch_of(self, feeds: Feeds) -> int:
        """Return the number of candidates in a request that fits the model."""
        return max(
            (
                feeds[item.name].shape[axis]
                for item in self.inputs
                for axis in self.candidate_axes(item)
            ),
            default=1,
        )

    def _repeated(self, item: PlannedInput, apart: bool) -> tuple[int, ...]:
        """Return the axes along which what is per request is repeated."""
        axes = self.candidate_axes(item)
        if not apart or item.stated or not item.per_request:
            return axes
        return tuple(axis for axis in axes if item.extents[axis] in self.candidate_symbols)

    @property
    def _sized_by_batch(self) -> frozenset[str]:
        return self.candidate_symbols | self.drawn_alike

    def _extents(
        self, batch: int, rng: np.random.Generator, length: int | None, apart: bool
    ) -> dict[str, int]:
        names = dict.fromkeys(
            extent for item in self.inputs for extent in item.extents if isinstance(extent, str)
        )
        sized = self.candidate_symbols if apart else self._sized_by_batch
        usual = [at for at in range(2, _LONGEST_SEQUENCE + 2) if not (apart and at == batch)]

        def drawn() -> int:
            return usual[int(rng.integers(0, _LONGEST_SEQUENCE - 1))] if length is None else length

        return {
            name: batch if name in sized else drawn()
            for name in names
            if not _is_worked_out(name, names)
        }


def plan_feeds(model: Model, labels: Labels) -> FeedPlan:
    """Return how to draw valid requests for this model.

    Raises LabelError for an input without a label, FeedError for one without a rank.
    """
    ranges, words = infer_ranges(model.ir), find_words(model.ir)
    axes = fixed_axes(model, labels)
    inputs = tuple(
        replace(
            plan_input(value, labels, ranges, words.get(value.name or "", ())),
            axis=axes.get(value.name or "", 0),
            stated=_is_stated(value.name or "", labels),
        )
        for value in model.ir.graph.inputs
    )
    survey = survey_by_labels(model, labels, several_users=True)
    binding = infer_ranges(model.ir, binding=True)
    free = find_unbounded(model.ir, survey)
    inputs = tuple(let_any(item, ranges, binding) if item.name in free else item for item in inputs)
    fragile = any(has_trait(node, Trait.NEVER_EMPTY) for node in model.ir.graph.all_nodes())
    if fragile:
        inputs = tuple(without_empty(item) for item in inputs)
    elif any(low == 1 for low, _ in ranges.values()):
        inputs = tuple(also_empty(item, binding) for item in inputs)
    inner = {extent for item in inputs for extent in item.extents[1:]}
    leading = {item.extents[0] for item in inputs if item.extents}
    symbols = survey.symbols
    of_candidates = {
        next((extent for extent in item.extents if extent in symbols), rows_of(item))
        for item in inputs
        if item.extents and not item.per_request
    } - {None}
    alike = {extent for extent in leading - inner - symbols if isinstance(extent, str)}
    fixed = [extent for extent in of_candidates if isinstance(extent, int)]
    only = fixed[0] if len(of_candidates) == len(fixed) == 1 else None
    return FeedPlan(inputs, symbols, frozenset(alike), only, not fragile)


def _is_stated(name: str, labels: Labels) -> bool:
    return name in labels.inputs and labels.inputs[name].stated_axis != FROM_GRAPH


def make_feeds(model: Model, labels: Labels, *, batch: int, seed: int) -> Feeds:
    """Return a random valid request for the original model (see `FeedPlan.draw`)."""
    return plan_feeds(model, labels).draw(batch=batch, seed=seed)


def _is_worked_out(extent: str, names: Collection[str]) -> bool:
    """Return whether an extent is an expression ("2*L") of others."""
    inside = _SYMBOL.findall(extent)
    return bool(inside) and extent not in inside and all(name in names for name in inside)


def _resolve(extent: Extent, extents: Mapping[str, int], name: str) -> int:
    """Return an extent's number; "2*L" and the like are worked out from L."""
    if isinstance(extent, int) or extent in extents:
        return extent if isinstance(extent, int) else extents[extent]
    try:
        found = ir.SymbolicDim(extent).evaluate(extents)
    except RecursionError:  # thousands of parentheses
        found = None
    if not isinstance(found, int):
        shown = extent if len(extent) < 80 else f"{extent[:80]}..."
        raise FeedError(f"input {name!r}: extent {shown!r} cannot be worked out; give a .npz file")
    return found


def _draw_input(
    item: PlannedInput,
    shape: tuple[int, ...],
    repeated_along: tuple[int, ...],
    draw: Callable[[Feature, tuple[int, ...]], np.ndarray],
) -> np.ndarray:
    """Draw every part; a per-request part is one row, repeated."""
    drawn = []
    for part in item.parts:
        wanted = shape if part.stop is None else (*shape[:-1], part.stop - part.start)
        repeated = repeated_along if part.per_request else ()
        drawn_shape = tuple(1 if at in repeated else n for at, n in enumerate(wanted))
        array = draw(part.feature, drawn_shape)
        drawn.append(np.broadcast_to(array, wanted))
    return np.array(np.concatenate(drawn, axis=-1) if len(drawn) > 1 else drawn[0], order="C")
