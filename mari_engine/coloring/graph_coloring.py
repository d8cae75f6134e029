"""Graph coloring: on which side each value of a graph lies (MaRI, section 3.2).

The paper is https://arxiv.org/abs/2602.23105.

Each input, or range of columns of a packed one, is a tag that is propagated forward (see
`column_tags`). A value is on the request side (yellow) when only user and context tags reach it,
and is then the same for all candidates of a request; on the candidate side (blue) otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache

import onnx_ir as ir

from mari_engine.analysis import Survey, survey_by_labels
from mari_engine.axes import CANDIDATES, REQUESTS, Axes, Axis, Join, flat, show
from mari_engine.coloring.column_tags import ColumnTags, propagate
from mari_engine.graph import Model, name_dtype
from mari_engine.passes import Canonical, run_passes
from mari_engine.types import Coloring, Labels, Role, Segment, Side, ValueColor


class Tagger:
    """Hands out one bit for each input, or each column range of a packed input."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.roles: list[Role | None] = []
        self._roles_of: dict[int, frozenset[Role]] = {}

    def tag(self, name: str, role: Role | None) -> int:
        """Return a new tag for an input or a column range."""
        self.names.append(name)
        self.roles.append(role)
        return 1 << (len(self.names) - 1)

    def of(self, tags: int) -> frozenset[Role]:
        """Return the roles behind tags; a tag without a role, as that of the rows, is cross."""
        if tags not in self._roles_of:  # many values, few different sets of tags
            self._roles_of[tags] = frozenset(
                role or Role.CROSS for at, role in enumerate(self.roles) if tags >> at & 1
            )
        return self._roles_of[tags]


def color(model: Model, labels: Labels) -> Coloring:
    """Return the side, roles and candidate axis of every value of the original graph."""
    survey = survey_by_labels(model, labels)
    return color_by_form(model, survey, run_passes(model, survey), labels)


def color_by_form(model: Model, survey: Survey, form: Canonical, labels: Labels) -> Coloring:
    """Return the coloring of a model by its canonical form, which tells more sides apart.

    Values inside what passes replaced are not in that form: they have the side that they have in
    the model as it came.
    """
    found = color_surveyed(form.model.ir.graph, labels, form.survey)
    if form.model is model:
        return found
    before = color_surveyed(model.ir.graph, labels, survey).values
    return replace(found, values={**before, **found.values})


def color_surveyed(graph: ir.Graph, labels: Labels, survey: Survey) -> Coloring:
    """Return the coloring of a graph that has been surveyed already."""
    tagger = Tagger()
    reached = propagate(
        graph,
        survey,
        lambda value, axes: _input(value, axes, labels, tagger),
        tagger.tag("(rows)", None),
    )
    sides = cache(lambda tags: side_of(tagger.of(tags)))
    values = {
        value.name or "": _color(value, found, survey, tagger, sides)
        for value, found in reached.items()
    }
    return Coloring(values, _segments(graph, survey, reached, sides), _unknown(survey))


class _Sides:
    """Hands out two tags only: 1 for what is the request's, 2 for all else."""

    def tag(self, name: str, role: Role | None) -> int:
        """Return the tag of the side on which a role lies."""
        return 1 if role is not None and role.per_request else 2


def propagate_sides(
    graph: ir.Graph, labels: Labels, survey: Survey
) -> Mapping[ir.Value, ColumnTags]:
    """Return which sides reach each column of every value: tag 1 the request, 2 the candidates."""
    sides = _Sides()
    return propagate(graph, survey, lambda value, axes: _input(value, axes, labels, sides), 2)


def side_of(roles: frozenset[Role]) -> Side:
    """Return the side of a value that these roles reach."""
    if not roles:
        return Side.CONSTANT
    if all(role.per_request for role in roles):
        return Side.REQUEST
    return Side.ITEM if roles == {Role.ITEM} else Side.CANDIDATE


def _input(value: ir.Value, axes: Axes, labels: Labels, tagger: Tagger | _Sides) -> ColumnTags:
    label = labels.inputs.get(value.name or "")
    if label is None or not label.columns or not axes or len(axes[-1]) > 1:
        return ColumnTags.united(tagger.tag(value.name or "", label.role if label else None))
    runs = [
        (column.stop - column.start, tagger.tag(f"{value.name}[{column.start}]", column.role))
        for column in sorted(label.columns, key=lambda column: column.start)
    ]
    if len(runs) == 1:
        return ColumnTags.united(runs[0][1])
    return ColumnTags(tuple(runs), len(flat(axes)) - 1)


# --- colors, segments and refusals, by name


def _color(
    value: ir.Value, found: ColumnTags, survey: Survey, tagger: Tagger, sides: Callable[[int], Side]
) -> ValueColor:
    fact = survey.values.get(value)
    side = sides(found.tags)
    shape, axis = None, None
    if fact is not None:
        shape = tuple(map(_show, fact.axes))
        if side in (Side.ITEM, Side.CANDIDATE):
            axis = next((at for at, ext in enumerate(fact.axes) if CANDIDATES in ext), None)
    dtype = fact.dtype if fact is not None else value.dtype
    return ValueColor(side, tagger.of(found.tags), shape, name_dtype(dtype), axis)


def _show(extent: Axis) -> int | str:
    """Return an extent as it is told: N are all candidates, those of several requests too."""
    dims = tuple(dim for dim in extent if dim != REQUESTS or CANDIDATES not in extent)
    text = show(dims)
    return int(text) if text.isdigit() else text


def _segments(
    graph: ir.Graph,
    survey: Survey,
    reached: Mapping[ir.Value, ColumnTags],
    sides: Callable[[int], Side],
) -> Mapping[str, tuple[Segment, ...]]:
    out: dict[str, tuple[Segment, ...]] = {}
    for node in graph:
        spec = survey.specs.get(node)
        if not isinstance(spec, Join):
            continue
        segments, at = list[Segment](), 0
        for index, value in enumerate(node.inputs):
            if value is None:
                continue
            width = int(flat(spec.axes(index))[spec.position])
            found = reached.get(value, ColumnTags(()))
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


def _unknown(survey: Survey) -> Mapping[str, str]:
    return {
        node.name or "": reason
        for node, reason in survey.unknown.items()
        if not all(survey.is_static(value) for value in node.outputs)
    }
