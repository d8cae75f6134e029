"""Writes each group of lookups as one lookup on stacked tables, in place.

For the ids `[n, F]` of tables with V_1, ..., V_F rows, each behind `start` others in the stack:

    row = id + start           where 0 <= id < V
          id + start + V       where -V <= id < 0: it counts from the end of its own table
          no row of the stack  elsewhere: the lookup fails, as the one in its own table does
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import onnx_ir as ir

from mari_engine.graph import SOURCE
from mari_engine.ops import spelling
from mari_engine.rewriting.emission import Constant, NodeWriter
from mari_engine.rewriting.stacked_tables.packed_lookups import PackedLookup
from mari_engine.rewriting.stacked_tables.stacks import Group, Run

NO_ROW = 2**31 - 1
"""An index beyond the rows of every stack."""


def write_groups(
    graph: ir.Graph, groups: Sequence[Group], opset: int, reserved: Collection[str]
) -> None:
    """Put one lookup in the place of each group's; the graph is changed.

    A node joins the tables of a stack, which runtimes run when they load a model: the file holds
    each table once, under its name. `reserved` are names that new values must not take.
    """
    places = {node: at for at, node in enumerate(graph)}
    ordered = sorted(groups, key=lambda group: min(places[m.node] for m in group.members))
    stacks = dict[tuple[object, ...], dict[ir.Value, int]]()
    for group in ordered:
        rows = stacks.setdefault(group.stack_key, {})
        rows.update({lookup.table: lookup.rows for lookup in group.members})
    writing = _Writing(graph, NodeWriter(opset=opset, reserved=reserved))
    writing.writer.avoid(graph)
    for group in ordered:
        writing.write(group, stacks[group.stack_key])
        first = min((lookup.node for lookup in group.members), key=places.__getitem__)
        graph.insert_before(first, writing.new_nodes())
    writing.rewire(ordered)
    for value in writing.writer.initializers.values():
        graph.register_initializer(value)


@dataclass(eq=False)
class _Writing:
    graph: ir.Graph
    writer: NodeWriter
    found: dict[Group, ir.Value] = field(default_factory=dict)
    """The rows `[n, W, E]` of each group."""
    pieces: dict[tuple[Group, object], ir.Value] = field(default_factory=dict)
    """By runs and single members, as their readers want them."""
    made: dict[object, ir.Value] = field(default_factory=dict)
    """Stacks, and ids, which several groups may read."""

    def new_nodes(self) -> list[ir.Node]:
        """Return the nodes that were written since this was asked last."""
        nodes, self.writer.nodes = self.writer.nodes, []
        return nodes

    def write(self, group: Group, rows: Mapping[ir.Value, int]) -> None:
        """Write a group's lookup, and the pieces of its rows that are read."""
        with self.on_behalf([lookup.node for lookup in group.members]):
            stack = self.stack(tuple(rows))
        place = self.places(group, rows)
        with self.on_behalf([lookup.node for lookup in group.members]):
            self.found[group] = self.writer.emit(spelling.gather(0), [stack, place])
            parts = dict[tuple[int, int], ir.Value]()
            for run in group.runs:
                self.pieces[group, run] = self.piece(group, (run.start, run.stop), run, parts)
            for at in group.alone:
                self.pieces[group, at] = self.piece(group, (at, at + 1), None, parts)

    @contextmanager
    def on_behalf(self, replaced: Sequence[ir.Node]) -> Iterator[None]:
        """Credit the nodes that are written meanwhile to those that these were credited to."""
        begun = len(self.writer.nodes)
        names = (node.metadata_props.get(SOURCE, "").split("\n") for node in replaced)
        sources = dict.fromkeys(name for each in names for name in each if name)
        with self.writer.on_behalf(replaced[:1]):
            yield
        for node in self.writer.nodes[begun:]:
            node.metadata_props[SOURCE] = "\n".join(sources)

    def stack(self, tables: tuple[ir.Value, ...]) -> ir.Value:
        """Return the rows of all tables, one table behind the other."""
        if len(tables) == 1:
            return tables[0]
        if tables not in self.made:
            self.made[tables] = self.writer.emit(spelling.concat(0), tables)
        return self.made[tables]

    def places(self, group: Group, rows: Mapping[ir.Value, int]) -> ir.Value:
        """Return the places `[n, W]` of a group's rows in its stack."""
        ends = dict(zip(rows, np.cumsum(list(rows.values())).tolist(), strict=True))
        spans = tuple(
            (column, ends[lookup.table] - lookup.rows, lookup.rows)
            for lookup in group.members
            for column in lookup.ids.columns
        )
        key = (group.ids_key, len(rows) == 1, spans)
        if key not in self.made:
            makers = [node for lookup in group.members for node in lookup.ids.nodes]
            turned = group.members[0].per_candidate and len(rows) > 1
            with self.on_behalf(makers):
                ids = self.ids(group.members[0], [column for column, _, _ in spans], turned=turned)
            with self.on_behalf([lookup.node for lookup in group.members]):
                if len(rows) > 1:
                    ids = self.moved(ids, spans, group.members[0].dtype, turned=turned)
                if turned:
                    ids = self.writer.emit(spelling.transpose((1, 0)), [ids])
            self.made[key] = ids
        return self.made[key]

    def ids(self, like: PackedLookup, columns: Sequence[int], *, turned: bool) -> ir.Value:
        """Return columns of a packed tensor as ids `[n, W]`, or `[W, n]`.

        Of many rows columns are picked as rows: whole ones are copied at once.
        """
        block, axis = like.ids.source, 1
        if turned:
            block, axis = self.writer.emit(spelling.transpose((1, 0)), [block]), 0
        start = columns[0]
        if list(columns) == list(range(start, start + len(columns))):
            block = self.writer.emit(spelling.cut(start, start + len(columns), axis), [block])
        else:
            index = self.writer.integers(columns)
            block = self.writer.emit(spelling.gather(axis), [block, index])
        for node in like.ids.casts:
            block = self.writer.copy(node, [block]).outputs[0]
        return block

    def moved(
        self, ids: ir.Value, spans: Sequence[tuple[int, int, int]], dtype: ir.DataType, *,
        turned: bool,
    ) -> ir.Value:  # fmt: skip
        """Return the places in a stack of ids of its tables; NO_ROW of those that are of none."""
        numbers = np.array([span[1:] for span in spans], dtype.numpy())
        starts, sizes = (part[:, None] if turned else part for part in numbers.T)

        def constant(array: np.ndarray) -> Constant:
            return Constant(lambda: array, dtype)

        emit, zero = self.writer.emit, self.writer.scalar(0, dtype)
        below = emit(spelling.less(), [ids, zero])
        ends, begins = constant(starts + sizes), constant(starts)
        shift = emit(spelling.where(dtype), [below, ends, begins])
        place = emit(spelling.add(), [ids, shift])
        low, high = constant(-sizes - 1), constant(sizes)
        above, under = emit(spelling.less(), [low, ids]), emit(spelling.less(), [ids, high])
        inside = emit(spelling.both(), [above, under])
        return emit(spelling.where(dtype), [inside, place, self.writer.scalar(NO_ROW, dtype)])

    def piece(
        self, group: Group, members: tuple[int, int], run: Run | None,
        parts: dict[tuple[int, int], ir.Value],
    ) -> ir.Value:  # fmt: skip
        """Return the rows of members `start .. stop`, as a join or another reader wants them."""
        widths = [lookup.columns for lookup in group.members]
        first = group.members[members[0]]  # of one join all have as many axes as each other
        start, stop = (sum(widths[:at]) for at in members)
        if members not in parts:
            part = self.found[group]
            if stop - start < sum(widths):
                part = self.writer.emit(spelling.cut(start, stop, 1), [part])
            parts[members] = part
        if first.axes == 3 and (run is None or run.axis == 1):
            return parts[members]
        ones = (1,) * (first.axes - 2)
        shape = (0, *ones, (stop - start) * first.width)
        return self.writer.emit(spelling.reshape(shape), [parts[members]])

    def rewire(self, groups: Sequence[Group]) -> None:
        """Give the readers of the groups' rows the pieces, and remove what nobody reads then."""
        by_join = dict[ir.Node, dict[int, tuple[Run, ir.Value]]]()
        for group in groups:
            for run in group.runs:
                by_join.setdefault(run.reader, {})[run.first] = run, self.pieces[group, run]
        for join, pieces in by_join.items():
            self.rejoin(join, pieces)
        for group in groups:
            for at in group.alone:
                group.members[at].found.replace_all_uses_with(self.pieces[group, at])
            for lookup in group.members:
                self.remove_unread((lookup.node, *lookup.ids.nodes))

    def rejoin(self, join: ir.Node, pieces: Mapping[int, tuple[Run, ir.Value]]) -> None:
        """Give a join pieces in the place of runs, by their first operand; one is no join."""
        inputs, at = list[ir.Value | None](), 0
        while at < len(join.inputs):
            run, piece = pieces.get(at, (None, join.inputs[at]))
            inputs.append(piece)
            at += 1 if run is None else run.stop - run.start
        result = join.outputs[0]
        if len(inputs) == 1 and inputs[0] is not None and not result.is_graph_output():
            result.replace_all_uses_with(inputs[0])
            self.remove_unread((join,))
            return
        join.resize_inputs(len(inputs))
        for at, value in enumerate(inputs):
            join.replace_input_with(at, value)

    def remove_unread(self, nodes: Sequence[ir.Node]) -> None:
        """Remove nodes whose results nothing reads, and the constants that they alone read."""
        for node in nodes:
            unread = not any(v.uses() or v.is_graph_output() for v in node.outputs)
            if unread and node.graph is not None:
                read = [value for value in node.inputs if value is not None]
                self.graph.remove(node, safe=True)
                for value in read:
                    if value.is_initializer() and not value.uses():
                        self.graph.initializers.pop(value.name or "", None)
