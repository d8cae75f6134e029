"""Labels changed in bulk: by pattern, by selection, by ranges of columns."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

from app.session import answer
from app.views.labels.doubts import Part, explain_lack_of_candidates, lacks_candidates
from app.views.palette import name_role
from app.views.text import count
from mari_engine import Column, GraphInfo, InputLabel, LabelError, Labels, Role

Row = dict[str, object]
Change = Callable[[Any], Any]
"""Makes another label of a label: of a whole input's, or of a column's."""


def glob(pattern: str) -> Callable[[str], bool]:
    """Return whether a name matches a pattern such as `user_*`; case does not matter."""
    wanted = pattern.strip().casefold()
    return lambda name: fnmatchcase(name.casefold(), wanted)


def list_names(parts: Iterable[Part]) -> list[str]:
    """Return every name by which a part can be found, each once: with its input's, and alone."""
    names = [name for part in parts for name in _names(part)]
    return list(dict.fromkeys(names))


def match(parts: Iterable[Part], fits: Callable[[str], bool]) -> list[Part]:
    """Return the parts of which one name fits."""
    return [part for part in parts if any(map(fits, _names(part)))]


def _names(part: Part) -> tuple[str, ...]:
    own = part.label.name if isinstance(part.label, Column) else ""
    return tuple(dict.fromkeys(name for name in (part.name, part.input, own) if name))


def preview_rows(parts: Collection[Part], role: Role) -> list[Row]:
    """Return one row a part: its role now and then."""
    return [
        {
            "feature": part.name,
            "now": name_role(part.role),
            "then": name_role(role) if part.role != role else _same(part),
        }
        for part in parts
    ]


def _same(part: Part) -> str:
    return "the same, answered" if part.open else "the same"


def set_role(labels: Labels, parts: Collection[Part], role: Role) -> Labels:
    """Return labels in which a person says that these parts have this role.

    What has it already and is not open keeps who vouches for it, unless nothing would be left per
    candidate: only people say that.
    """
    made = _answered(labels, [(part, role) for part in parts if part.open or part.role != role])
    if explain_lack_of_candidates(made):
        return _answered(made, [(part, role) for part in parts])
    return made


def keep_roles(labels: Labels, parts: Collection[Part]) -> Labels:
    """Return labels in which a person says that these parts are right as they stand.

    What is not open keeps who vouches for it, unless nothing would be left per candidate: only
    people say that. What a request refutes stays open.
    """
    every = lacks_candidates(labels)
    return _answered(labels, [(part, part.role) for part in parts if part.open or every])


def _answered(labels: Labels, answers: Iterable[tuple[Part, Role]]) -> Labels:
    return change_parts(
        labels,
        [
            (part, partial(answer, role=role))
            for part, role in answers
            if not (part.refuted and role.per_request)
        ],
    )


def change_part(labels: Labels, part: Part, **fields: Any) -> Labels:
    """Return labels in which a part has other fields than its role; nothing is answered by that."""
    return change_parts(labels, [(part, partial(replace, **fields))])


def change_parts(labels: Labels, changes: Iterable[tuple[Part, Change]]) -> Labels:
    """Return labels in which these parts, each a whole input or some columns, are changed."""
    inputs = dict(labels.inputs)
    for part, change in changes:
        label = inputs[part.input]
        if part.at is None:
            inputs[part.input] = change(label)
        else:
            columns = list(label.columns)
            columns[part.at] = change(columns[part.at])
            inputs[part.input] = replace(label, columns=tuple(columns))
    return Labels(inputs)


def read_range(low: float | None, high: float | None) -> tuple[float, float] | None:
    """Return the range that two ends give, None for none; LabelError where it is not finished."""
    if low is None and high is None:
        return None
    if low is None or high is None:
        raise LabelError("the range has one end only; give both or none")
    if not low < high:
        raise LabelError("the range must go from low to a higher end")
    return _whole(low), _whole(high)


def _whole(number: float) -> float:
    return int(number) if float(number).is_integer() else float(number)


def find_inputs(info: GraphInfo, selected: str) -> set[str]:
    """Return the graph's inputs that reach a node, a value or an input of this name."""
    makers = {value: node for node in info.nodes for value in node.outputs}
    starts = [node for node in info.nodes if node.name == selected]
    values = [selected] if not starts else [name for node in starts for name in node.inputs]
    seen: set[str] = set()
    while values:
        value = values.pop()
        if value in seen:
            continue
        seen.add(value)
        if value in makers:
            values.extend(makers[value].inputs)
    return seen & {tensor.name for tensor in info.inputs}


def packable(info: GraphInfo) -> dict[str, int]:
    """Return the inputs whose last axis may hold several features, with its extent."""
    return {
        tensor.name: tensor.shape[-1]
        for tensor in info.inputs
        if tensor.shape and isinstance(tensor.shape[-1], int) and tensor.shape[-1] > 1
    }


def columns_of(labels: Labels, name: str, *, width: int) -> tuple[Column, ...]:
    """Return an input's columns; one range over all of them where it is labelled as a whole."""
    label = labels.inputs[name]
    return label.columns or (
        Column(
            start=0, stop=width, role=label.role or Role.ITEM, name=name, range=label.range,
            integer=label.integer, confidence=label.confidence, evidence=label.evidence,
            vouched=label.vouched, volatile=label.volatile,
        ),
    )  # fmt: skip


def set_columns(labels: Labels, name: str, column: Column, *, width: int) -> Labels:
    """Return labels in which these columns of an input are one range of their own.

    Ranges that it overlaps are cut, or swallowed; the input's columns stay covered without gap or
    overlap. Raises LabelError when the range leaves the input.
    """
    if not 0 <= column.start < column.stop <= width:
        raise LabelError(
            f"input {name!r}: columns {column.start} to {column.stop - 1} are not within its"
            f" {count(width, 'column')}; give a start below the end"
        )
    rest = [piece for part in columns_of(labels, name, width=width) for piece in _cut(part, column)]
    columns = sorted([*rest, column], key=lambda part: part.start)
    packed = InputLabel(columns=tuple(columns), axis=labels.inputs[name].stated_axis)
    return Labels({**labels.inputs, name: packed})


def join_columns(labels: Labels, name: str, *, width: int) -> Labels:
    """Return labels in which neighboring columns of one role, range, kind and voucher are one."""
    joined: list[Column] = []
    for column in columns_of(labels, name, width=width):
        last = joined[-1] if joined else None
        if last is not None and _alike(last, column):
            joined[-1] = replace(
                last, stop=column.stop, name=_shared(last.name, column.name),
                confidence=min(last.confidence, column.confidence),
            )  # fmt: skip
        else:
            joined.append(column)
    packed = InputLabel(columns=tuple(joined), axis=labels.inputs[name].stated_axis)
    return Labels({**labels.inputs, name: packed})


def _alike(one: Column, other: Column) -> bool:
    fields = ("role", "range", "integer", "vouched", "volatile")
    return all(getattr(one, field) == getattr(other, field) for field in fields)


def _shared(one: str, other: str) -> str:
    return one if one == other else f"{one.partition(' … ')[0]} … {other}"


def _cut(part: Column, hole: Column) -> list[Column]:
    pieces = [
        (part.start, min(part.stop, hole.start)),
        (max(part.start, hole.stop), part.stop),
    ]
    return [replace(part, start=a, stop=b) for a, b in pieces if a < b]
