"""Parts of blocks grouped by side: `[u1 | i1 | u2 | i2] -> [u1 | u2], [i1 | i2]`.

Parts of one side vary along the same factors and can be one tensor. A part whose computation is
deferred stays a group of its own. A concatenation of a thousand features may be read by hundreds of
experts: its groups are found and joined once, and each reader only adds its own product.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mari_engine.axes import Index, flat, with_extent
from mari_engine.rewriting.emission import Tensor
from mari_engine.rewriting.forms.deferral import (
    is_deferrable,
    is_multiple,
    is_rescaled,
    scaled_operand,
)
from mari_engine.rewriting.forms.lazy_values import Blocks, Whole, as_whole, column_runs
from mari_engine.rewriting.forms.materialization import Materializer
from mari_engine.wording import first_names


@dataclass(frozen=True, eq=False)
class Groups:
    """The parts of blocks by kind: a side, or the part itself where its computation is deferred."""

    kinds: tuple[object, ...]
    """By part."""
    members: Mapping[object, tuple[int, ...]]
    """The parts of each kind, both in order."""
    columns: Mapping[object, int]
    """How many columns are of each kind."""


class Grouping:
    """Groups the parts of each form once, and anew when one of them was computed since."""

    def __init__(self, materializer: Materializer) -> None:
        self.materializer = materializer
        self._groups: dict[Blocks, Groups] = {}
        self._lazy: dict[Blocks, tuple[int, ...]] = {}
        self._divided: dict[Groups, list[tuple[Whole, Index]]] = {}

    def groups(self, blocks: Blocks) -> Groups:
        """Return the parts by side, each deferred part by itself."""
        before = self._lazy.get(blocks)
        suspects = range(len(blocks.parts)) if before is None else before
        scaled = {at: self._scaled(blocks.parts[at]) for at in suspects}
        often = Counter(scaled.values())
        apart = {
            at
            for at, tensor in scaled.items()
            if self._is_deferrable(blocks.parts[at])
            or is_multiple(blocks.parts[at], blocks.position)
            or (tensor is not None and often[tensor] > 1)
        }
        lazy = tuple(sorted(apart | self._rescaled_alone(blocks, set(suspects), apart)))
        if lazy != before:
            self._lazy[blocks] = lazy
            self._groups[blocks] = _grouped(blocks, frozenset(lazy))
        return self._groups[blocks]

    def _rescaled_alone(self, blocks: Blocks, suspects: set[int], apart: set[int]) -> set[int]:
        """Return the suspects scaled by constants that no part of their side is to be joined to."""
        often = Counter(side for at, side in enumerate(blocks.sides) if at not in apart)
        return {
            at
            for at in suspects - apart
            if often[blocks.sides[at]] == 1
            and not self.materializer.is_materialized(blocks.parts[at])
            and is_rescaled(blocks.parts[at])
        }

    def _scaled(self, part: Whole) -> Tensor | None:
        """Return the candidate tensor that the part is a request-side multiple of, if it is one.

        Several multiples of one tensor are deferred: their reader multiplies it once.
        """
        return None if self.materializer.is_materialized(part) else scaled_operand(part)

    def _is_deferrable(self, part: Whole) -> bool:
        return not self.materializer.is_materialized(part) and is_deferrable(part)

    def by_kind(self, blocks: Blocks) -> list[tuple[Whole, Index]]:
        """Return one tensor for each kind, with the logical column behind each of its own."""
        groups = self.groups(blocks)
        if groups not in self._divided:
            self._divided[groups] = [
                self._block(blocks, members) for members in groups.members.values()
            ]
        return self._divided[groups]

    def fragments(self, blocks: Blocks) -> list[tuple[Whole, Index]]:
        """Return each run of columns as it lies, with their logical columns."""
        out, at = list[tuple[Whole, Index]](), 0
        for part, start, stop in column_runs(blocks):
            columns = np.arange(start, stop)
            taken = self.materializer.columns.take(blocks.parts[part], blocks.position, columns)
            out.append((as_whole(taken), np.arange(at, at + len(columns))))
            at += len(columns)
        return out

    def _block(self, blocks: Blocks, members: Sequence[int]) -> tuple[Whole, Index]:
        whole, place = self.side_by_side(blocks, members)
        logical = np.flatnonzero(np.isin(blocks.part, members))
        width = int(flat(whole.axes)[blocks.position])
        if len(place) == width:
            columns = np.empty(width, dtype=np.int64)
            columns[place] = logical
            return whole, columns
        # a column that stands in several places: bring it there
        taken = self.materializer.columns.take(whole, blocks.position, place)
        return as_whole(taken), logical

    def columns_by_kinds(self, blocks: Sequence[Blocks]) -> dict[tuple[object, ...], Index]:
        """Return the columns of each combination of kinds, in order."""
        own = [self.groups(form).kinds for form in blocks]
        found: dict[tuple[object, ...], list[int]] = {}
        for column, parts in enumerate(zip(*(form.part.tolist() for form in blocks), strict=True)):
            key = tuple(kinds[part] for kinds, part in zip(own, parts, strict=True))
            found.setdefault(key, []).append(column)
        return {key: np.array(columns) for key, columns in found.items()}

    def of_one_kind(self, blocks: Blocks, columns: Index) -> Whole:
        """Return columns of one kind, those and no others joined."""
        taken = self.materializer.columns.take(blocks, blocks.position, columns)
        if not isinstance(taken, Blocks):
            return taken
        whole, place = self.side_by_side(taken, range(len(taken.parts)))
        return as_whole(self.materializer.columns.take(whole, blocks.position, place))

    def one_part_per_kind(self, blocks: Blocks) -> Blocks:
        """Return the blocks with the parts of each kind joined into one."""
        groups = self.groups(blocks)
        if len(groups.members) == len(blocks.parts):
            return blocks
        parts, part, column = list[Whole](), blocks.part.copy(), blocks.column.copy()
        names = list[str]()
        for number, members in enumerate(groups.members.values()):
            whole, place = self.side_by_side(blocks, members)
            parts.append(whole)
            names.append(joint_name([blocks.names[at] for at in members]) if blocks.names else "")
            mine = np.isin(blocks.part, members)
            part[mine], column[mine] = number, place
        return replace(blocks, parts=tuple(parts), part=part, column=column, names=tuple(names))

    def side_by_side(self, blocks: Blocks, members: Sequence[int]) -> tuple[Whole, Index]:
        """Return the used columns of some parts as one tensor, and where each logical one is."""
        materializer, pieces = self.materializer, list[Whole]()
        mine = np.flatnonzero(np.isin(blocks.part, members))
        rank = np.searchsorted(members, blocks.part[mine])  # members stand in order
        widths = [int(flat(blocks.parts[at].axes)[blocks.position]) for at in members]
        starts = np.cumsum([0, *widths])
        used, place = np.unique(starts[rank] + blocks.column[mine], return_inverse=True)
        for at, start, stop in zip(members, starts[:-1], starts[1:], strict=True):
            low, high = np.searchsorted(used, (start, stop))
            columns = used[low:high] - start
            pieces.append(
                as_whole(materializer.columns.take(blocks.parts[at], blocks.position, columns))
            )
        if len(pieces) == 1:
            return pieces[0], place
        atoms = [materializer.materialize(piece) for piece in pieces]
        joined = materializer.concatenate(atoms, blocks.position)
        axes = with_extent(blocks.axes, blocks.position, len(used))
        return replace(joined, axes=axes), place


def _grouped(blocks: Blocks, lazy: frozenset[int]) -> Groups:
    kinds = tuple(
        part if at in lazy else side
        for at, (part, side) in enumerate(zip(blocks.parts, blocks.sides, strict=True))
    )
    counts = np.bincount(blocks.part, minlength=len(blocks.parts)).tolist()
    members, columns = dict[object, list[int]](), dict[object, int]()
    for at, (kind, count) in enumerate(zip(kinds, counts, strict=True)):
        members.setdefault(kind, []).append(at)
        columns[kind] = columns.get(kind, 0) + count
    return Groups(kinds, {kind: tuple(ats) for kind, ats in members.items()}, columns)


def joint_name(names: Sequence[str]) -> str:
    """Return a short name for several values that became one: "a, b and 3 more"."""
    return first_names(names, 2)
