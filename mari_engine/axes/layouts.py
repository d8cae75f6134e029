"""Physical layouts as groups of labels, one group a dimension: cut, ordered and aligned.

`((0, 1), (2,))` is a matrix whose rows count through the factors 0 and 1.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from mari_engine.axes.factors import AxisLabels

Layout = tuple[AxisLabels, ...]
"""A physical layout: for each dimension the labels that it holds, outermost first."""


def static_shape(groups: Sequence[Sequence[int]], extents: Mapping[int, int | str]) -> list[int]:
    """Return the shape of a layout whose extents are all numbers."""
    return [int(np.prod([int(extents[label]) for label in group] or [1])) for group in groups]


def canonical_layouts(
    have: Layout, want: Layout, extents: Mapping[int, int | str]
) -> tuple[Layout, Layout, tuple[int | str, ...]]:
    """Return two layouts, labels numbered as they appear: equal changes then compare equal."""
    names: dict[int, int] = {}
    for group in (*have, *want):
        for label in group:
            names.setdefault(label, len(names))

    def renamed(groups: Layout) -> Layout:
        return tuple(tuple(names[label] for label in group) for group in groups)

    return renamed(have), renamed(want), tuple(extents[label] for label in names)


def cut_groups(have: Layout, want: Layout) -> Layout:
    """Return the present dimensions, cut where labels must part to reach the wanted order.

    Without a cut the layout is returned as it is, dimensions of extent 1 included.
    """
    order = [label for group in want for label in group]
    place = {label: at for at, label in enumerate(order)}
    pieces: list[tuple[int, ...]] = []
    for group in have:
        piece: list[int] = []
        for label in group:
            if piece and place[label] != place[piece[-1]] + 1:
                pieces.append(tuple(piece))
                piece = []
            piece.append(label)
        if piece:
            pieces.append(tuple(piece))
    whole = tuple(group for group in have if group)
    return have if tuple(pieces) == whole else tuple(pieces)


def dimension_order(have: Layout, want: Layout) -> list[int]:
    """Return the permutation that brings the dimensions into the order of the wanted layout."""
    place = {label: at for at, label in enumerate(lab for group in want for lab in group)}
    full = [at for at, group in enumerate(have) if group]
    ranked = sorted(full, key=lambda at: place[have[at][0]])
    if ranked == full:
        return list(range(len(have)))
    return ranked + [at for at, group in enumerate(have) if not group]


def insert_label(groups: list[tuple[int, ...]], label: int) -> None:
    """Insert a label as a dimension in the order of labels; one of extent 1 there is taken."""
    at = next((i for i, group in enumerate(groups) if group and group[0] > label), len(groups))
    if at and not groups[at - 1]:
        groups[at - 1] = (label,)
    else:
        groups.insert(at, (label,))


def common_layout(layouts: Sequence[Layout]) -> Layout:
    """Return a layout that holds the labels of all, each group wholly present or absent in each.

    It follows the layout with the most labels; labels that it lacks come where their numbers
    put them.
    """
    lead = max(layouts, key=lambda groups: sum(len(group) for group in groups))
    out = list(lead)
    placed = {label for group in lead for label in group}
    for label in sorted({lab for groups in layouts for group in groups for lab in group} - placed):
        insert_label(out, label)
    sets = [{label for group in groups for label in group} for groups in layouts]
    cut: list[tuple[int, ...]] = []
    for group in out:
        piece: list[int] = []
        for label in group:
            if piece and any((label in held) != (piece[-1] in held) for held in sets):
                cut.append(tuple(piece))
                piece = []
            piece.append(label)
        cut.append(tuple(piece))
    return tuple(cut)


def cut_group(group: tuple[int, ...], gone: frozenset[int]) -> list[tuple[int, ...]]:
    """Return the group cut between labels that are summed away and labels that stay."""
    if not group:
        return [group]
    out: list[tuple[int, ...]] = []
    for label in group:
        if out and (out[-1][-1] in gone) == (label in gone):
            out[-1] = (*out[-1], label)
        else:
            out.append((label,))
    return out


def with_ones_behind(places: Collection[int], layout: Layout) -> list[int]:
    """Return dimensions that are reduced, and those of one element that follow each of them.

    Along these a reduction changes nothing, and onnxruntime reduces `[N, K, 1]` along both 60 times
    faster than along the first alone, whose elements it then takes for scattered ones.
    """
    found = list[int]()
    for place, group in enumerate(layout):
        if place in places or (not group and found and found[-1] == place - 1):
            found.append(place)
    return found


def moves_one(order: Sequence[int]) -> bool:
    """Return True for an order in which one position has moved and the others stand as before.

    >>> moves_one([0, 2, 1]), moves_one([0, 3, 1, 2]), moves_one([1, 0, 3, 2])
    (True, True, False)
    """
    rest, count = list(order), len(order)
    return any(
        [at for at in rest if at != moved] == [at for at in range(count) if at != moved]
        for moved in range(count)
    )


def restrict_layout(layout: Layout, held: frozenset[int]) -> Layout:
    """Return the layout for a tensor of fewer labels: extent 1 where it lacks those of a group."""
    return tuple(group if set(group) <= held else () for group in layout)
