"""The paper's graph coloring: which inputs reach a value, and so on which side it lies.

Every input column is a tag (a bit); tags flow along the declarations of `factors`, column by
column where an op keeps columns apart. A value is request side (yellow) when only user and
context tags reach it, blue otherwise (MaRI, section 3.2). The walk knows no op.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import onnx_ir as ir

from mari_engine.describing import name_dtype
from mari_engine.facts import Survey, candidate_symbols, survey
from mari_engine.factors import Join, Pick, Spec
from mari_engine.labels import Labels, Role
from mari_engine.loading import Model
from mari_engine.sizes import CANDIDATES, Axes, flat, show
from mari_engine.types import Coloring, Segment, Side, ValueColor

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
        out = 0
        for _, tags in self.runs:
            out |= tags
        return out


def merged(columns: Sequence[tuple[int, int]]) -> Runs:
    """Return runs in which neighbours differ."""
    return tuple(
        (sum(count for count, _ in group), tags)
        for tags, group in ((tags, list(run)) for tags, run in groupby(columns, lambda run: run[1]))
    )


def expanded(runs: Runs) -> list[int]:
    """Return the tags of each column."""
    return [tags for count, tags in runs for _ in range(count)]


class Tagger:
    """Hands out one bit for each input, or each column range of a packed input."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.roles: list[Role | None] = []

    def tag(self, name: str, role: Role | None) -> int:
        """Return a new tag."""
        self.names.append(name)
        self.roles.append(role)
        return 1 << (len(self.names) - 1)

    def of(self, tags: int) -> frozenset[Role]:
        """Return the roles behind tags; what varies along the rows without a role is cross."""
        return frozenset(
            role or Role.CROSS for at, role in enumerate(self.roles) if tags >> at & 1
        )


def color(model: Model, labels: Labels) -> Coloring:
    """Return the side, roles and candidate axis of every value of the original graph."""
    known = survey(model, candidate_symbols(model, labels))
    return color_surveyed(model.ir.graph, labels, known)


def color_surveyed(graph: ir.Graph, labels: Labels, known: Survey) -> Coloring:
    """Return `color` of a graph that has been surveyed already."""
    tagger = Tagger()
    paints = paint(graph, known, lambda value, axes: _input(value, axes, labels, tagger), tagger)
    sides = _cached(lambda tags: side_of(tagger.of(tags)))
    values = {
        value.name or "": _color(value, found, known, tagger, sides)
        for value, found in paints.items()
    }
    return Coloring(values, _segments(graph, known, paints, sides), _unknown(known))


def _cached(compute: Callable[[int], Side]) -> Callable[[int], Side]:
    seen: dict[int, Side] = {}

    def look_up(tags: int) -> Side:
        if tags not in seen:
            seen[tags] = compute(tags)
        return seen[tags]

    return look_up


def side_of(roles: frozenset[Role]) -> Side:
    """Return the side of a value that these roles reach."""
    if not roles:
        return Side.CONSTANT
    if all(role.per_request for role in roles):
        return Side.REQUEST
    return Side.ITEM if roles == {Role.ITEM} else Side.CANDIDATE


def _input(value: ir.Value, axes: Axes, labels: Labels, tagger: Tagger) -> Paint:
    label = labels.inputs.get(value.name or "")
    if label is None or not label.columns or not axes or len(axes[-1]) > 1:
        return Paint(((1, tagger.tag(value.name or "", label.role if label else None)),))
    runs = [
        (column.stop - column.start, tagger.tag(f"{value.name}[{column.start}]", column.role))
        for column in sorted(label.columns, key=lambda column: column.start)
    ]
    if len(runs) == 1:
        return Paint(((1, runs[0][1]),))
    return Paint(tuple(runs), len(flat(axes)) - 1)


def paint(
    graph: ir.Graph,
    known: Survey,
    first: Callable[[ir.Value, Axes], Paint],
    tagger: Tagger,
) -> Mapping[ir.Value, Paint]:
    """Let tags flow from the inputs through the graph, in one walk in order."""
    paints: dict[ir.Value, Paint] = {}
    rows = tagger.tag("(rows)", None)
    for value in graph.inputs:
        fact = known.values.get(value)
        paints[value] = first(value, fact.axes if fact else ())
    for node in graph:
        for value, found in zip(node.outputs, _through(node, known, paints, rows), strict=True):
            paints[value] = Paint(()) if known.settled(value) else found
    return paints


def _through(
    node: ir.Node, known: Survey, paints: Mapping[ir.Value, Paint], rows: int
) -> list[Paint]:
    spec = known.specs.get(node)
    inputs = [paints.get(v, Paint(())) if v is not None else Paint(()) for v in node.inputs]
    if spec is None:
        tags = _all(node, paints)
        if any(_has_rows(value, known) for value in node.inputs):
            tags |= rows
        return [Paint(((1, tags),))] * len(node.outputs)
    if isinstance(spec, Join):
        return [_joined(spec, inputs)]
    if isinstance(spec, Pick):
        return _picked(spec, inputs[0])
    return _labelled(spec, inputs, rows)


def _all(node: ir.Node, paints: Mapping[ir.Value, Paint]) -> int:
    """Return all tags that reach a node, through its bodies' captured values too."""
    tags = 0
    for value in node.inputs:
        tags |= paints[value].tags if value in paints else 0
    for attribute in node.attributes.values():
        graphs = [attribute.as_graph()] if attribute.type == ir.AttributeType.GRAPH else []
        for body in graphs:
            for inner in body:
                tags |= _all(inner, paints)
            for output in body.outputs:
                tags |= paints[output].tags if output in paints else 0
    return tags


def _has_rows(value: ir.Value | None, known: Survey) -> bool:
    fact = known.values.get(value) if value is not None else None
    return value is not None and (fact is None or CANDIDATES in flat(fact.axes))


def _at(found: Paint, old: Axes, new: Axes) -> Paint:
    """Return the paint of a value whose factors were cut or merged by the declaration."""
    if found.position < 0:
        return found
    before, after = flat(old), flat(new)
    if before == after:
        return found
    return _recut(found, before, after)


def _recut(found: Paint, before: tuple[int | str, ...], after: tuple[int | str, ...]) -> Paint:
    """Follow the columns through a cut or a merge where they stay together, else mix them."""
    same = 0
    while same < min(found.position, len(after)) and before[same] == after[same]:
        same += 1
    columns = expanded(found.runs)
    if same < found.position or same >= len(after):
        return Paint(((1, found.tags),))
    extent = after[same]
    if extent == len(columns):
        return replace(found, position=same)
    if isinstance(extent, int) and extent % len(columns) == 0:
        inner = extent // len(columns)
        return Paint(tuple((count * inner, tags) for count, tags in found.runs), same)
    if isinstance(extent, int) and len(columns) % extent == 0:
        inner = len(columns) // extent
        groups = [columns[at : at + inner] for at in range(0, len(columns), inner)]
        if all(len(set(group)) == 1 for group in groups):
            return Paint(merged([(1, group[0]) for group in groups]), same)
    return Paint(((1, found.tags),))


def _old(spec: Spec, index: int) -> Axes:
    return spec.operands[index] or ()


def _joined(spec: Join, inputs: Sequence[Paint]) -> Paint:
    runs: list[tuple[int, int]] = []
    for at, found in enumerate(inputs):
        width = int(flat(_old(spec, at))[spec.position])
        apart = found.position == spec.position and sum(c for c, _ in found.runs) == width
        runs += found.runs if apart else [(width, found.tags)]
    return Paint(merged(runs), spec.position)


def _picked(spec: Pick, found: Paint) -> list[Paint]:
    width = int(flat(_old(spec, 0))[spec.position])
    if found.position != spec.position or sum(count for count, _ in found.runs) != width:
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
        mixed = [dims[at] for at, label in enumerate(labels or ()) if label in mixing]
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


# --- what is told of it


def _color(
    value: ir.Value, found: Paint, known: Survey, tagger: Tagger, sides: Callable[[int], Side]
) -> ValueColor:
    fact = known.values.get(value)
    side = sides(found.tags)
    shape, axis = None, None
    if fact is not None:
        shape = tuple(
            int(text) if (text := show(extent)).isdigit() else text for extent in fact.axes
        )
        if side in (Side.ITEM, Side.CANDIDATE):
            axis = next((at for at, ext in enumerate(fact.axes) if CANDIDATES in ext), None)
    dtype = fact.dtype if fact is not None else value.dtype
    return ValueColor(side, tagger.of(found.tags), shape, name_dtype(dtype), axis)


def _segments(
    graph: ir.Graph,
    known: Survey,
    paints: Mapping[ir.Value, Paint],
    sides: Callable[[int], Side],
) -> Mapping[str, tuple[Segment, ...]]:
    out: dict[str, tuple[Segment, ...]] = {}
    for node in graph:
        spec = known.specs.get(node)
        if not isinstance(spec, Join):
            continue
        segments, at = list[Segment](), 0
        for index, value in enumerate(node.inputs):
            if value is None:
                continue
            width = int(flat(_old(spec, index))[spec.position])
            found = paints.get(value, Paint(()))
            apart = found.position == spec.position and len(found.runs) > 1
            start = 0
            for count, tags in found.runs if apart else ((width, found.tags),):
                segments.append(
                    Segment(at + start, at + start + count, sides(tags), value.name or "", start)
                )
                start += count
            at += width
        if len({segment.side for segment in segments}) > 1:
            out[node.name or ""] = tuple(segments)
    return out


def _unknown(known: Survey) -> Mapping[str, str]:
    return {
        node.name or "": reason
        for node, reason in known.unknown.items()
        if not all(known.settled(value) for value in node.outputs)
    }


