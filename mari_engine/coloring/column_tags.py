"""Lets tags flow through a graph, column by column, along the declarations of `factors`.

A tag is a bit that stands for an input, or for a column range of a packed one. The walk knows no
op: a declaration says which columns meet which.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import onnx_ir as ir

from mari_engine.analysis import Survey
from mari_engine.axes import CANDIDATES, Axes, Join, Pick, Spec, flat, match_factors, with_extent

Runs = tuple[tuple[int, int], ...]
"""Columns as runs `(count, tags)`."""


@dataclass(frozen=True)
class Paint:
    """The tags that reach a value; apart for each column of one position, when there is one."""

    runs: Runs
    position: int = -1

    @property
    def tags(self) -> int:
        """All tags together."""
        return _together([tags for _, tags in self.runs])


def merged(columns: Sequence[tuple[int, int]]) -> Runs:
    """Return runs in which neighbours differ."""
    return tuple(
        (sum(count for count, _ in group), tags)
        for tags, group in ((tags, list(run)) for tags, run in groupby(columns, lambda run: run[1]))
    )


def expanded(runs: Runs) -> list[int]:
    """Return the tags of each column."""
    return [tags for count, tags in runs for _ in range(count)]


def paint(
    graph: ir.Graph,
    survey: Survey,
    first: Callable[[ir.Value, Axes], Paint],
    rows: int,
) -> Mapping[ir.Value, Paint]:
    """Return the tags that reach every value, from `first` of the inputs, in one walk in order.

    `rows` is the tag of whatever may differ between rows without an input saying so.
    """
    paints: dict[ir.Value, Paint] = {}
    for value in graph.inputs:
        fact = survey.values.get(value)
        paints[value] = first(value, fact.axes if fact else ())
    for node in graph:
        for value, found in zip(node.outputs, _through(node, survey, paints, rows), strict=True):
            paints[value] = Paint(()) if survey.is_static(value) else found
    return paints


def _through(
    node: ir.Node, survey: Survey, paints: Mapping[ir.Value, Paint], rows: int
) -> list[Paint]:
    spec = survey.specs.get(node)
    if spec is None:
        tags = _all(node, paints)
        if any(_has_rows(value, survey) for value in (*node.inputs, *node.outputs)):
            tags |= rows
        return [Paint(((1, tags),))] * len(node.outputs)
    inputs = [
        _operand(value, axes, survey, paints)
        for value, axes in zip(node.inputs, spec.operands, strict=True)
    ]
    if isinstance(spec, Join):
        return [_joined(spec, inputs)]
    if isinstance(spec, Pick):
        return _picked(spec, inputs[0])
    return _labelled(spec, inputs, rows)


def _operand(
    value: ir.Value | None, axes: Axes | None, survey: Survey, paints: Mapping[ir.Value, Paint]
) -> Paint:
    if value is None or value not in paints:
        return Paint(())
    fact = survey.values.get(value)
    return paints[value] if fact is None or axes is None else _recut(paints[value], fact.axes, axes)


def _all(node: ir.Node, paints: Mapping[ir.Value, Paint]) -> int:
    """Return all tags that reach a node, through its bodies' captured values too."""
    tags = 0
    for value in node.inputs:
        tags |= paints[value].tags if value is not None and value in paints else 0
    for attribute in node.attributes.values():
        graphs = [attribute.as_graph()] if attribute.type == ir.AttributeType.GRAPH else []
        for body in graphs:
            for inner in body:
                tags |= _all(inner, paints)
            for output in body.outputs:
                tags |= paints[output].tags if output in paints else 0
    return tags


def _has_rows(value: ir.Value | None, survey: Survey) -> bool:
    fact = survey.values.get(value) if value is not None else None
    return value is not None and (fact is None or CANDIDATES in flat(fact.axes))


def _recut(found: Paint, old: Axes, new: Axes) -> Paint:
    """Return the paint of an operand whose factors the declaration cuts or merges.

    Columns stay apart where they still lie together, and are mixed where they do not.
    """
    before, after = flat(old), flat(new)
    if found.position < 0 or before == after:
        return found
    olds, news = next(run for run in match_factors(before, after) if found.position in run[0])
    columns = expanded(found.runs)
    if not news or olds[0] != found.position or len(columns) != before[found.position]:
        return Paint(((1, found.tags),))
    if len(news) == 1:
        inner = math.prod(int(before[at]) for at in olds[1:])
        return Paint(tuple((count * inner, tags) for count, tags in found.runs), news[0])
    inner = math.prod(int(after[at]) for at in news[1:])
    groups = [columns[at : at + inner] for at in range(0, len(columns), inner)]
    if len(olds) > 1 or any(len(set(group)) > 1 for group in groups):
        return Paint(((1, found.tags),))
    return Paint(merged([(1, group[0]) for group in groups]), news[0])


def _joined(spec: Join, inputs: Sequence[Paint]) -> Paint:
    around = {found.position for found in inputs if len(found.runs) > 1}
    if len(around) == 1 and spec.position not in around and all(len(f.runs) > 1 for f in inputs):
        columns = zip(*(expanded(found.runs) for found in inputs), strict=True)
        return Paint(merged([(1, _together(tags)) for tags in columns]), around.pop())
    runs: list[tuple[int, int]] = []
    for at, found in enumerate(inputs):
        width = int(flat(spec.axes(at))[spec.position])
        apart = found.position == spec.position and sum(c for c, _ in found.runs) == width
        runs += found.runs if apart else [(width, found.tags)]
    return Paint(merged(runs), spec.position)


def _together(tags: Sequence[int]) -> int:
    out = 0
    for each in tags:
        out |= each
    return out


def _picked(spec: Pick, found: Paint) -> list[Paint]:
    width = int(flat(spec.axes(0))[spec.position])
    if found.position != spec.position:
        return [
            _recut(found, with_extent(spec.axes(0), spec.position, len(index)), axes)
            for index, axes in zip(spec.indices, spec.results, strict=True)
        ]
    if sum(count for count, _ in found.runs) != width:
        return [Paint(((1, found.tags),))] * len(spec.indices)
    columns = expanded(found.runs)
    out = []
    for index in spec.indices:
        runs = merged([(1, columns[at]) for at in index.tolist()])
        out.append(Paint(runs, spec.position if len(runs) > 1 else -1))
    return out


def _labelled(spec: Spec, inputs: Sequence[Paint], rows: int) -> list[Paint]:
    terms, outputs = spec.labels()
    mixing = spec.mixing()
    tags, divided = 0, list[tuple[int, Paint]]()
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


def _spread(tags: int, divided: Sequence[tuple[int, Paint]], labels: Sequence[int]) -> Paint:
    """Return a result's paint: columns stay apart along one label, everything else is mixed in."""
    kept = [(label, found) for label, found in divided if label in labels]
    if not kept:
        for _, found in divided:
            tags |= found.tags
        return Paint(((1, tags),))
    label = kept[0][0]
    columns = expanded(kept[0][1].runs)
    for other, found in [pair for pair in divided if pair is not kept[0]]:
        theirs = expanded(found.runs)
        if other == label and len(theirs) == len(columns):
            columns = [a | b for a, b in zip(columns, theirs, strict=True)]
        else:
            tags |= found.tags
    return Paint(merged([(1, column | tags) for column in columns]), list(labels).index(label))
