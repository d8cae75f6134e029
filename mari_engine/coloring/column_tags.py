"""Tag propagation: which inputs reach a value, column by column, in one forward pass.

A tag is one bit: an input, or a range of columns of a packed input. A value carries one set of tags
for each column along one of its axes' factors, as runs `(count, tags)`, or one set for all of it.
Concat `[N, 3]` of tag 1 with `[N, 2]` of tag 2 gives `((3, 1), (2, 2))`; a product
`[N, 5] x [5, 8]` sums the columns and gives `((1, 3),)`.

What an op does with columns is read off its declared factors (see `axes.factors`): a factor that
passes through keeps columns apart, one that is summed or mixed unites their tags. No op is named.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import onnx_ir as ir

from mari_engine.analysis import Survey
from mari_engine.axes import (
    CANDIDATES,
    Axes,
    Join,
    Pick,
    Spec,
    Unsupported,
    flat,
    match_factors,
    with_extent,
)
from mari_engine.graph import operand_values

Runs = tuple[tuple[int, int], ...]
"""Columns as runs `(count, tags)`."""


@dataclass(frozen=True)
class ColumnTags:
    """The tags that reach a value; apart for each column of one factor, when there is one."""

    runs: Runs
    position: int = -1
    """Of the factor, among all factors of the axes; -1 for none."""

    @property
    def tags(self) -> int:
        """The union of all columns' tags."""
        return _union([tags for _, tags in self.runs])

    @staticmethod
    def united(tags: int) -> ColumnTags:
        """Return one set of tags for all columns."""
        return ColumnTags(((1, tags),))


def merged(columns: Sequence[tuple[int, int]]) -> Runs:
    """Return runs of columns, neighbours with equal tags united."""
    return tuple(
        (sum(count for count, _ in group), tags)
        for tags, group in ((tags, list(run)) for tags, run in groupby(columns, lambda run: run[1]))
    )


def expanded(runs: Runs) -> list[int]:
    """Return the tags of each column."""
    return [tags for count, tags in runs for _ in range(count)]


def propagate(
    graph: ir.Graph,
    survey: Survey,
    first: Callable[[ir.Value, Axes], ColumnTags],
    rows: int,
) -> Mapping[ir.Value, ColumnTags]:
    """Return the tags that reach every value; `first` gives those of an input, from its axes.

    `rows` is the tag of what differs from row to row though no input does: the result of an op
    without a declaration, or of a scan along the candidates.
    """
    reached: dict[ir.Value, ColumnTags] = {}
    for value in graph.inputs:
        fact = survey.values.get(value)
        reached[value] = first(value, fact.axes if fact else ())
    for node in graph:
        for value, found in zip(node.outputs, _results(node, survey, reached, rows), strict=True):
            reached[value] = ColumnTags(()) if survey.is_static(value) else found
    return reached


def _results(
    node: ir.Node, survey: Survey, reached: Mapping[ir.Value, ColumnTags], rows: int
) -> list[ColumnTags]:
    spec = survey.specs.get(node)
    if spec is None:
        tags = _all_tags(node, reached)
        if any(_has_rows(value, survey) for value in (*node.inputs, *node.outputs)):
            tags |= rows
        return [ColumnTags.united(tags)] * len(node.outputs)
    inputs = [
        _operand(value, axes, survey, reached)
        for value, axes in zip(operand_values(node), spec.operands, strict=True)
    ]
    if isinstance(spec, Join):
        return [_concatenated(spec, inputs)]
    if isinstance(spec, Pick):
        return _picked(spec, inputs[0])
    return _labelled(spec, inputs, rows)


def _operand(
    value: ir.Value | None,
    axes: Axes | None,
    survey: Survey,
    reached: Mapping[ir.Value, ColumnTags],
) -> ColumnTags:
    if value is None or value not in reached:
        return ColumnTags(())
    fact = survey.values.get(value)
    return (
        reached[value]
        if fact is None or axes is None
        else _refactored(reached[value], fact.axes, axes)
    )


def _all_tags(node: ir.Node, reached: Mapping[ir.Value, ColumnTags]) -> int:
    """Return the union of the tags that reach a node, also by what its bodies capture."""
    tags = 0
    for value in node.inputs:
        tags |= reached[value].tags if value is not None and value in reached else 0
    for attribute in node.attributes.values():
        graphs = [attribute.as_graph()] if attribute.type == ir.AttributeType.GRAPH else []
        for body in graphs:
            for inner in body:
                tags |= _all_tags(inner, reached)
            for output in body.outputs:
                tags |= reached[output].tags if output in reached else 0
    return tags


def _has_rows(value: ir.Value | None, survey: Survey) -> bool:
    """Return True for a value that has a row per candidate, or of unknown shape."""
    fact = survey.values.get(value) if value is not None else None
    return value is not None and (fact is None or CANDIDATES in flat(fact.axes))


def _refactored(found: ColumnTags, old: Axes, new: Axes) -> ColumnTags:
    """Return an operand's tags by the declaration's factors, which may cut or merge its own.

    A factor of 6 columns cut in 2 x 3 leaves the 2 apart where each three have equal tags. Factors
    2 x 3 merged to 6 leave each tag of the 2 on three columns. Otherwise all are united.
    """
    before, after = flat(old), flat(new)
    if found.position < 0 or before == after or _renamed(old, new):
        return found
    try:
        runs = match_factors(before, after)
    except Unsupported:  # a symbol of another name beside factors that are merged
        return ColumnTags.united(found.tags)
    olds, news = next(run for run in runs if found.position in run[0])
    columns = expanded(found.runs)
    if not news or olds[0] != found.position or len(columns) != before[found.position]:
        return ColumnTags.united(found.tags)
    if len(news) == 1:
        inner = math.prod(int(before[at]) for at in olds[1:])
        return ColumnTags(tuple((count * inner, tags) for count, tags in found.runs), news[0])
    inner = math.prod(int(after[at]) for at in news[1:])
    groups = [columns[at : at + inner] for at in range(0, len(columns), inner)]
    if len(olds) > 1 or any(len(set(group)) > 1 for group in groups):
        return ColumnTags.united(found.tags)
    return ColumnTags(merged([(1, group[0]) for group in groups]), news[0])


def _renamed(old: Axes, new: Axes) -> bool:
    """Return True for the same factors, of which symbols are named otherwise: ("unk",) as ("N",).

    A declaration names the extents that it shows to be equal by one name.
    """
    alike = [len(axis) for axis in old] == [len(axis) for axis in new]
    pairs = zip(flat(old), flat(new), strict=False)
    return alike and all(a == b or isinstance(a, str) for a, b in pairs)


def _concatenated(spec: Join, inputs: Sequence[ColumnTags]) -> ColumnTags:
    """Return the tags of a Concat: side by side along its factor, or united along another."""
    around = {found.position for found in inputs if len(found.runs) > 1}
    if len(around) == 1 and spec.position not in around and all(len(f.runs) > 1 for f in inputs):
        columns = zip(*(expanded(found.runs) for found in inputs), strict=True)
        return ColumnTags(merged([(1, _union(tags)) for tags in columns]), around.pop())
    runs: list[tuple[int, int]] = []
    for at, found in enumerate(inputs):
        width = int(flat(spec.axes(at))[spec.position])
        apart = found.position == spec.position and sum(c for c, _ in found.runs) == width
        runs += found.runs if apart else [(width, found.tags)]
    return ColumnTags(merged(runs), spec.position)


def _union(tags: Sequence[int]) -> int:
    out = 0
    for each in tags:
        out |= each
    return out


def _picked(spec: Pick, found: ColumnTags) -> list[ColumnTags]:
    """Return the tags of what a Slice, Split or Gather picks: those of its columns."""
    width = int(flat(spec.axes(0))[spec.position])
    if found.position != spec.position:
        return [
            _refactored(found, with_extent(spec.axes(0), spec.position, len(index)), axes)
            for index, axes in zip(spec.indices, spec.results, strict=True)
        ]
    if sum(count for count, _ in found.runs) != width:
        return [ColumnTags.united(found.tags)] * len(spec.indices)
    columns = expanded(found.runs)
    out = []
    for index in spec.indices:
        runs = merged([(1, columns[at]) for at in index.tolist()])
        out.append(ColumnTags(runs, spec.position if len(runs) > 1 else -1))
    return out


def _labelled(spec: Spec, inputs: Sequence[ColumnTags], rows: int) -> list[ColumnTags]:
    """Return the tags of results whose factors carry the labels of the operands' factors."""
    terms, outputs = spec.labels()
    mixing = spec.mixing()
    tags, divided = 0, list[tuple[int, ColumnTags]]()
    for axes, labels, found in zip(spec.operands, terms, inputs, strict=False):
        dims = flat(axes or ())
        mixed = [dims[at] for at, label in enumerate(labels or ()) if label in spec.changing()]
        tags |= rows if CANDIDATES in mixed and found.tags else 0
        at = found.position
        if labels is None or at < 0 or at >= len(labels) or labels[at] in mixing:
            tags |= found.tags
        elif labels[at] >= 0:
            divided.append((labels[at], found))
    return [_spread(tags, divided, labels) for labels in outputs]


def _spread(
    tags: int, divided: Sequence[tuple[int, ColumnTags]], labels: Sequence[int]
) -> ColumnTags:
    """Return a result's tags: columns stay apart along one label, all else is united into them."""
    kept = [(label, found) for label, found in divided if label in labels]
    if not kept:
        for _, found in divided:
            tags |= found.tags
        return ColumnTags.united(tags)
    label = kept[0][0]
    columns = expanded(kept[0][1].runs)
    for other, found in [pair for pair in divided if pair is not kept[0]]:
        theirs = expanded(found.runs)
        if other == label and len(theirs) == len(columns):
            columns = [a | b for a, b in zip(columns, theirs, strict=True)]
        else:
            tags |= found.tags
    return ColumnTags(merged([(1, column | tags) for column in columns]), list(labels).index(label))
