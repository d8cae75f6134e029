"""Whole random ranking graphs, of both export styles, with labels and requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

import numpy as np

from mari_engine.fuzzing.graphs.body_blocks import bagged
from mari_engine.fuzzing.graphs.dialect_steps import add_step_of_dialect
from mari_engine.fuzzing.graphs.dialects import Dialect
from mari_engine.fuzzing.graphs.field_blocks import (
    FIELD_BLOCKS,
    PAIR_BLOCKS,
    crossed,
    fields_of,
    lookup,
    numbered,
)
from mari_engine.fuzzing.graphs.graph_writer import Extent, Value, Writer
from mari_engine.fuzzing.graphs.history_blocks import attended, encoded, interest, recalled
from mari_engine.fuzzing.graphs.packed_blocks import packed_fields
from mari_engine.fuzzing.graphs.place_blocks import row_of_places
from mari_engine.fuzzing.graphs.requests import VOCABULARY, GraphInput, RequestDraw
from mari_engine.fuzzing.graphs.row_blocks import ROW_BLOCKS, activate, dense, linear
from mari_engine.fuzzing.graphs.tile_faces import tiled
from mari_engine.types import FROM_GRAPH, Column, InputLabel, Labels, Role

LENGTH = 3


@dataclass(frozen=True, eq=False)
class Graph:
    """A model, its labels, and how to draw requests for it."""

    data: bytes
    labels: Labels
    draw: RequestDraw


@dataclass(eq=False)
class _Builder:
    w: Writer
    one_shot: bool
    length: Extent
    inputs: list[GraphInput] = field(default_factory=list)
    labels: dict[str, InputLabel] = field(default_factory=dict)
    rows: list[Value] = field(default_factory=list)
    histories: list[Value] = field(default_factory=list)
    outputs: list[Value] = field(default_factory=list)
    dialect: Dialect = field(default_factory=Dialect)

    # --- inputs

    def input(self, role: Role, shape: tuple[Extent, ...], *, ids: bool) -> Value:
        dtype = np.dtype(self.w.pick(np.int64, np.int32)) if ids else self.w.dtype
        value = Value(self.w.name(f"{role}_in"), shape)
        self.inputs.append(GraphInput(value, (role.per_request,), (ids,), dtype))
        repeated = role.per_request and shape[:1] == ("N",)  # whatever is done with its rows
        self.labels[value.name] = InputLabel(role=role, axis=0 if repeated else FROM_GRAPH)
        for axis, extent in enumerate(shape):
            if extent == "N" and role.per_request and self.w.chance(0.5):
                continue
            if isinstance(extent, str):
                self.w.measures.setdefault(extent, (value, axis))
        return value

    def leading(self, role: Role) -> Extent:
        return 1 if self.one_shot and role.per_request else "N"

    def feature(self, role: Role) -> None:
        """Add one input, and the rows that it becomes."""
        w, first, face = self.w, self.leading(role), self.w.below(4)
        if face == 0:
            ids = self.input(role, (first,), ids=True)
            self.rows.append(lookup(w, ids, w.below(4, 2), VOCABULARY))
        elif face == 1:
            ids = self.input(role, (first, w.below(4, 1)), ids=True)
            found = lookup(w, ids, 2, VOCABULARY)
            self.rows.append(w.reshape(found, [first, 2 * ids.width]))
        elif face == 2 and self.dialect.looping:
            ids = self.input(role, (first, w.below(4, 1)), ids=True)
            self.rows.append(bagged(w, ids, VOCABULARY))
        elif self.dialect.across and first == "N":
            across = self.input(role, (w.below(6, 1), "N"), ids=False)
            self.labels[across.name] = InputLabel(role=role, axis=1)
            self.rows.append(w.transpose(across, 1, 0))
        else:
            self.rows.append(self.input(role, (first, w.below(6, 1)), ids=False))

    def history(self, role: Role) -> None:
        """Add a sequence of ids, looked up."""
        ids = self.input(role, (self.leading(role), self.length), ids=True)
        self.histories.append(lookup(self.w, ids, self.w.below(4, 2), VOCABULARY))

    def packed(self) -> None:
        """Add one input with columns of both sides, some of them ids, cut apart again."""
        w, many = self.w, self.dialect.packed
        width = w.below(30, 14) if many else w.below(9, 3)
        request = [w.chance(0.5) for _ in range(width)]
        request[:2] = [True, False]
        ids = [w.chance(0.8 if many else 0.4) for _ in range(width)]
        value = Value(w.name("packed_in"), ("N", width))
        self.inputs.append(GraphInput(value, tuple(request), tuple(ids), w.dtype, many))
        w.measures.setdefault("N", (value, 0))
        columns = [
            Column(start=at, stop=at + 1, role=Role.USER if own else Role.ITEM)
            for at, own in enumerate(request)
        ]
        self.labels[value.name] = InputLabel(columns=tuple(columns))
        if many:
            places = [at for at, known in enumerate(ids) if known]
            self.rows += packed_fields(w, value, places, VOCABULARY) if places else []
            return
        found = []
        for at, known in enumerate(ids):
            bounds = [w.ints(at), w.ints(at + 1), w.ints(w.pick(1, -1))]
            column = w.op("Slice", [value, *bounds], ["N", 1])
            if known:
                found.append(lookup(w, w.cast(column, np.int64), 2, VOCABULARY))
            else:
                self.rows.append(column)
        if found:
            joined = w.concat(found, w.pick(1, 2))
            self.rows.append(w.reshape(joined, ["N", 2 * len(found)]))
        if w.chance(0.5):
            self.rows.append(value)

    def shared_table(self) -> None:
        """Add ids of both sides that are joined before one lookup, as fields."""
        parts = [self.input(role, ("N", 1), ids=True) for role in (Role.USER, Role.ITEM)]
        joined = [self.w.cast(part, np.int64) for part in parts]
        fields = numbered(self.w, joined, VOCABULARY, 2)
        self.rows.append(self.fields_to_row(fields))

    # --- the body

    def some_rows(self, count: int) -> list[Value]:
        return [self.w.pick(*self.rows) for _ in range(count)]

    def fused(self, count: int) -> Value:
        """Return rows side by side, some of them joined before."""
        parts = self.some_rows(count)
        if any(part.rows == "N" for part in parts):
            parts = [tiled(self.w, part) for part in parts]
        if len(parts) > 3 and self.w.chance(0.5):
            parts = [self.w.concat(parts[:2], 1), *parts[2:]]
        joined = self.w.concat(parts, 1)
        if self.w.chance(0.15):
            self.outputs.append(joined)
        return joined

    def fields(self) -> Value:
        w = self.w
        width = w.below(4, 2)
        parts = [linear(w, part, width) for part in self.some_rows(w.below(5, 2))]
        if any(part.rows == "N" for part in parts):
            parts = [tiled(self.w, part) for part in parts]
        return fields_of(w, parts)

    def fields_to_row(self, fields: Value) -> Value:
        for _ in range(3):
            if len(fields.shape) == 3:
                fields = self.w.pick(*FIELD_BLOCKS)(self.w, fields)
        if len(fields.shape) == 3:
            fields = self.w.reshape(fields, [fields.rows, int(fields.shape[1]) * fields.width])
        return fields

    def step(self) -> None:
        """Add one block."""
        if not add_step_of_dialect(self, self.dialect):
            self.step_of_all()
        if self.rows[-1].width > 16:
            self.rows[-1] = linear(self.w, self.rows[-1], 4)

    def step_of_all(self) -> None:
        """Add a block that all dialects have."""
        w, face = self.w, self.w.below(10)
        if face in (0, 1) and self.histories:
            self.sequence(face)
        elif face == 2:
            self.rows.append(self.fields_to_row(self.fields()))
        elif face == 3:
            self.rows.append(w.pick(*PAIR_BLOCKS)(w, *self.some_rows(2)))
        elif face == 4:
            self.rows.append(crossed(w, self.fused(w.below(4, 2))))
        elif face in (5, 6):
            joined = self.fused(w.below(6, 2))
            self.rows += [dense(w, joined) for _ in range(w.below(3, 1))]
            if w.chance(0.3):
                self.rows.append(joined)
        else:
            blocks = [block for block, share in ROW_BLOCKS for _ in range(share)]
            self.rows.append(w.pick(*blocks)(w, w.pick(*self.rows)))

    def sequence(self, face: int) -> None:
        """Add a block over a history: of a target, or of itself."""
        w = self.w
        if face == 0:
            target, history = w.pick(*self.rows), w.pick(*self.histories)
            self.rows.append(w.pick(interest, attended, recalled)(w, target, history))
        else:
            self.histories.append(encoded(w, w.pick(*self.histories)))

    def finish(self) -> None:
        w = self.w
        parts = [tiled(w, part) for part in [self.rows[-1], *self.some_rows(3)]]
        hidden = activate(w, linear(w, w.concat(parts, 1), 4))
        self.outputs.append(linear(w, hidden, w.below(3, 1)))
        if w.chance(0.3):
            self.outputs.append(w.pick(*[row for row in self.rows if row.name not in self.labels]))
        unique = {value.name: value for value in self.outputs}
        self.outputs = list(unique.values())


def random_graph(seed: int, dialect: Dialect) -> Graph:
    """Return the graph of a seed in a dialect; the same seed gives the same bytes."""
    rng = np.random.default_rng(seed)
    opset = int(rng.choice(dialect.opsets))
    w = Writer(rng, dtype=dialect.dtype, opset=opset, whole=dialect.whole)
    length: Extent = "L" if w.chance(0.4) else LENGTH
    b = _Builder(w, w.chance(0.5), length, dialect=dialect)
    b.feature(Role.ITEM)
    b.feature(Role.USER)
    for _ in range(w.below(5)):
        b.feature(w.pick(Role.USER, Role.CONTEXT, Role.ITEM, Role.CROSS))
    if dialect.attending or w.chance(0.5):
        b.history(w.pick(Role.USER, Role.USER, Role.USER, Role.ITEM))
    if dialect.packed or w.chance(0.3):
        b.packed()
    if w.chance(0.2) and not b.one_shot:
        b.shared_table()
    if dialect.places:
        b.rows.append(row_of_places(w, partial(b.input, ids=False), b.leading(Role.USER)))
    for _ in range(w.below(*((4,) if dialect.places else (9, 3)))):
        b.step()
    b.finish()
    return Graph(
        w.model(b.inputs, b.outputs), Labels(b.labels), RequestDraw(b.inputs, dialect.whole)
    )
