"""Role proposal: user, context, item or cross for each input and column, with the evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import onnx_ir as ir

from mari_engine.analysis import propose_axes, symbol_of
from mari_engine.graph import Model
from mari_engine.inputs import (
    WHOLE,
    Piece,
    Unit,
    cut_inputs,
    find_repetitions,
    infer_ranges,
    packed_width,
    trace_columns,
)
from mari_engine.labeling.clues import FAINT, MILD, STRONG, SURE, Clue, Verdict, read_name, weigh
from mari_engine.labeling.graph_clues import add_repetitions, row_clues
from mari_engine.labeling.logged_requests import (
    Observed,
    axes_to_observe,
    observe_requests,
)
from mari_engine.labeling.volatility import keep_volatile
from mari_engine.types import FROM_GRAPH, Column, Feeds, InputLabel, Labels, Role


def propose_labels(
    model: Model, requests: Sequence[Feeds] = (), *, stated: Labels | None = None
) -> Labels:
    """Return a role for every input, or for every column range of a packed one.

    Each carries its confidence, 1 only when two independent clues agree or one is unmistakable,
    the clues in plain words, and what vouches for it (graph, request or name); ids and lengths
    also the range that the graph implies. `requests` are logged requests of one user each:
    columns that differ among the candidates of one are per candidate beyond doubt. The candidates
    lie along the axes that `stated` labels of this model state, else along those that can be read
    off the graph; of an input whose axis stays open requests teach nothing, and it is asked. Each
    input has the axis along which candidates lie, with its evidence, or FROM_GRAPH where it has
    to be asked (see `propose_axes`). What is stated to be volatile stays so.
    """
    given = stated.inputs if stated is not None else {}
    seen = Observed()
    roles = _propose_roles(model, seen)
    if requests:
        known = Labels({name: given.get(name, label) for name, label in roles.inputs.items()})
        seen = observe_requests(model, requests, axes_to_observe(model, known))
        roles = _propose_roles(model, seen)
    axes = {name: given[name].stated_axis for name in roles.inputs if name in given}
    found = propose_axes(
        model,
        Labels(
            {
                name: replace(label, axis=axes.get(name, FROM_GRAPH))
                for name, label in roles.inputs.items()
            }
        ),
    )
    asked = _ask(model, found, seen)
    return asked if stated is None else keep_volatile(asked, stated)


_UNUSED = Clue("use", Role.ITEM, SURE, "nothing reads it, so that its role has no effect")
"""Of a piece of which nothing sure tells a role: whichever it is, it must not be asked."""


def _ask(model: Model, labels: Labels, seen: Observed) -> Labels:
    """Return the labels with the axis left open of inputs of which requests could teach nothing."""
    inputs = dict(labels.inputs)
    for number, why in seen.unclear.items():
        name = model.ir.graph.inputs[number].name or ""
        inputs[name] = replace(inputs[name], axis=FROM_GRAPH, axis_evidence=(why,))
    return Labels(inputs)


def _propose_roles(model: Model, seen: Observed) -> Labels:
    graph = model.ir.graph
    traces, ranges = trace_columns(model.ir), infer_ranges(model.ir)
    pieces = {
        number: tuple(part for piece in cut for part in seen.cut(number, piece))
        for number, cut in enumerate(cut_inputs(model.ir, traces, ranges))
    }
    structure = row_clues(model)
    add_repetitions(structure, model.ir, find_repetitions(model.ir, traces))
    readers = Counter(table for cut in pieces.values() for piece in cut for table in piece.tables)
    shared = frozenset(table for table, count in readers.items() if count > 1)
    return Labels(
        {
            value.name or "": _propose(value, number, pieces[number], structure, shared, seen)
            for number, value in enumerate(graph.inputs)
        }
    )


def role_at(label: InputLabel, column: int) -> Role | None:
    """Return the role of a column; of the whole input where it has no columns."""
    found = [part.role for part in label.columns if part.start <= column < part.stop]
    return found[0] if found else label.role


def _propose(
    value: ir.Value,
    number: int,
    pieces: tuple[Piece, ...],
    structure: Mapping[Unit, list[Clue]],
    shared: frozenset[str],
    seen: Observed,
) -> InputLabel:
    name = value.name or ""
    named = read_name(name, kind="name", where="the input's name")
    columns = []
    for piece in pieces:
        clues = [*seen.clues(number, piece), *_structural(value, number, piece, structure)]
        if piece.used:
            clues += _named(value, piece, shared)
            if named is not None and not (len(pieces) > 1 and named.role == Role.CROSS):
                clues.append(named)
        else:
            clues = [clue for clue in clues if clue.strength >= SURE] or [_UNUSED]
        verdict, unlearnt = weigh(clues), seen.too_little(number)
        if unlearnt and verdict.confidence < 1:
            verdict = replace(verdict, evidence=(*verdict.evidence, unlearnt))
        columns.append(_to_column(name, value, piece, verdict))
    if len(columns) == 1 or _all_alike(columns):
        return _to_label(columns)
    return InputLabel(columns=tuple(_with_own_names(columns)))


def _structural(
    value: ir.Value, number: int, piece: Piece, structure: Mapping[Unit, list[Clue]]
) -> list[Clue]:
    """Return the clues in the graph around a piece."""
    clues = list(structure.get((number, WHOLE), ()))
    if packed_width(value) is not None:
        own = [structure.get((number, at), []) for at in range(piece.start, piece.stop)]
        clues += [clue for clue in own[0] if all(clue in others for others in own)]
    return clues


def _named(value: ir.Value, piece: Piece, shared: frozenset[str]) -> list[Clue]:
    """Return the clues in the names around a piece.

    The name of a table that several features read is a clue to whose ids it holds, not to whose
    feature reads it: a list of item ids is the user's history, and a friend is in the users' table.
    """
    free = len(value.shape or ()) > 1 and symbol_of(value, -1) is not None
    is_list = (free or piece.stop - piece.start > 1) and piece.range is not None
    if is_list and any(table in shared for table in piece.tables):
        text = f"several ids of the table {piece.tables[0]!r}, which others read: like a history"
        return [Clue("sequence", Role.USER, MILD, text)]
    read = [read_name(name, kind="table", where="the table") for name in piece.tables]
    values = [read_name(name, kind="table", where="the value") for name in piece.others]
    read += [clue for clue in values if clue is not None and clue.strength >= STRONG]
    clues = [clue for clue in read if clue is not None][:1]
    if any(table in shared for table in piece.tables):
        clues = [replace(clue, strength=min(clue.strength, MILD)) for clue in clues]
    if is_list:
        clues.append(Clue("sequence", Role.USER, FAINT, "several ids in a row: like a history"))
    return clues


def _to_column(name: str, value: ir.Value, piece: Piece, verdict: Verdict) -> Column:
    width = piece.stop - piece.start
    shown = f"{name}[{piece.start}]" if width == 1 else f"{name}[{piece.start}:{piece.stop}]"
    return Column(
        start=piece.start,
        stop=piece.stop,
        role=verdict.role,
        name=piece.name or shown,
        range=piece.range,
        integer=piece.range is not None and not _is_integer(value),
        confidence=verdict.confidence,
        evidence=verdict.evidence,
        vouched=verdict.vouched,
    )


def _is_integer(value: ir.Value) -> bool:
    return value.dtype is not None and value.dtype.is_integer()


def _all_alike(columns: list[Column]) -> bool:
    """Return True when the columns would all have one label."""
    labels = {
        (item.role, item.range, item.integer, item.confidence, item.evidence) for item in columns
    }
    return len(labels) == 1


def _to_label(columns: list[Column]) -> InputLabel:
    first = columns[0]
    return InputLabel(
        role=first.role,
        range=first.range,
        integer=first.integer,
        confidence=first.confidence,
        evidence=first.evidence,
        vouched=first.vouched,
    )


def _with_own_names(columns: list[Column]) -> Iterator[Column]:
    taken: set[str] = set()
    for column in columns:
        name = column.name if column.name not in taken else f"{column.name}[{column.start}]"
        taken.add(name)
        yield replace(column, name=name)
