"""Which lookups are worth one lookup on stacked tables, and where their rows are read.

    table_1[id_1], ..., table_F[id_F]  =  [table_1; ...; table_F][id + offset]

A stack has the tables of one width, of whichever side; a group of lookups reads it at the columns
of one packed tensor. Tables that anything else reads stay as they are, so that none is held twice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import onnx_ir as ir

from mari_engine.analysis import Survey
from mari_engine.axes import Join, flat
from mari_engine.graph import SOURCE, element_bytes
from mari_engine.rewriting.context import Options
from mari_engine.rewriting.cost import Prices
from mari_engine.rewriting.stacked_tables.packed_lookups import PackedLookup, find_lookups

_FEWEST = 4
"""Lookups that are worth the look."""
_GUARDS = 7
"""Nodes that add offsets to ids, and keep those that are in no table from another's rows."""
_MOST_BYTES = 1 << 27
"""Of stacked tables: runtimes hold them twice while they load a model."""


@dataclass(frozen=True)
class Run:
    """Members `start .. stop` of a group, which lie so in a join of rows."""

    reader: ir.Node
    axis: int
    first: int
    """Which of the join's operands is the first of them."""
    start: int
    stop: int


@dataclass(frozen=True, eq=False)
class Group:
    """Lookups `[n, w, E]` at columns of one packed tensor, in the order of their rows."""

    members: tuple[PackedLookup, ...]
    runs: tuple[Run, ...]
    alone: tuple[int, ...]
    """The members whose rows something else reads."""

    @property
    def ids_key(self) -> tuple[object, ...]:
        """What is equal for groups at columns of one block."""
        return self.members[0].ids.key

    @property
    def stack_key(self) -> tuple[object, ...]:
        """What is equal for groups that read one stack."""
        first = self.members[0]
        return first.width, first.table.dtype


def choose_groups(graph: ir.Graph, survey: Survey, options: Options) -> list[Group]:
    """Return the groups of lookups that take less time as one lookup each."""
    rate = _Rates(options.prices, options.candidates)
    left = [each for each in find_lookups(graph, survey) if _may_change(each, options.keep)]
    while len(left) >= _FEWEST:
        left, before = _with_tables_of_their_own(left), len(left)
        groups = [_grouped(members, survey) for members in _by_key(left)]
        groups = list(_worth(groups, rate))
        left = [lookup for group in groups for lookup in group.members]
        if len(left) == before:
            return groups
    return []


def _may_change(lookup: PackedLookup, keep: Collection[str]) -> bool:
    """Return True for a lookup that may go: neither kept nor an output.

    Rows at several columns of each candidate would be copied out of the group's rows.
    """
    nodes = (lookup.node, *lookup.ids.nodes)
    sources = {name for node in nodes for name in node.metadata_props.get(SOURCE, "").split("\n")}
    copied = lookup.columns > 1 and lookup.per_candidate
    return not copied and not lookup.found.is_graph_output() and sources.isdisjoint(keep)


def _with_tables_of_their_own(lookups: Sequence[PackedLookup]) -> list[PackedLookup]:
    """Return the lookups whose tables nothing else reads, and that are not too large together."""
    nodes = {lookup.node for lookup in lookups}
    own = [
        lookup
        for lookup in lookups
        if all(user in nodes and at == 0 for user, at in lookup.table.uses())
    ]
    sizes = {lookup.table: _bytes(lookup.table) for lookup in own}
    total, small = 0, set[ir.Value]()
    for table in sorted(sizes, key=lambda table: sizes[table]):
        total += sizes[table]
        small.update([table] if total <= _MOST_BYTES else [])
    return [lookup for lookup in own if lookup.table in small]


def _bytes(table: ir.Value) -> int:
    assert table.const_value is not None
    return int(table.const_value.nbytes)


def _by_key(lookups: Sequence[PackedLookup]) -> Iterator[list[PackedLookup]]:
    found = dict[tuple[object, ...], list[PackedLookup]]()
    for lookup in lookups:
        key = (*lookup.ids.key, lookup.width, lookup.table.dtype)
        found.setdefault(key, []).append(lookup)
    yield from found.values()


def _grouped(members: Sequence[PackedLookup], survey: Survey) -> Group:
    """Return lookups in the order in which most of them are joined, and where they are read."""
    by_value = {lookup.found: lookup for lookup in members}
    readers = dict.fromkeys(node for value in by_value for node, _ in value.uses())
    joins = [node for node in readers if isinstance(survey.specs.get(node), Join)]
    joins.sort(key=lambda node: -len(by_value.keys() & set(node.inputs)))
    joined = (value for node in joins for value in node.inputs)
    order = dict.fromkeys(value for value in joined if value is not None and value in by_value)
    ordered = [by_value[value] for value in {**order, **dict.fromkeys(by_value)}]
    places = {lookup.found: at for at, lookup in enumerate(ordered)}
    runs = [run for node in joins for run in _runs(node, ordered, places, survey)]
    covered = {(run.reader, run.first + k) for run in runs for k in range(run.stop - run.start)}
    alone = (not covered.issuperset(_uses(lookup.found)) for lookup in ordered)
    return Group(tuple(ordered), tuple(runs), tuple(at for at, each in enumerate(alone) if each))


def _uses(value: ir.Value) -> list[tuple[ir.Node, int]]:
    return [(node, at) for node, at in value.uses()]


def _runs(
    node: ir.Node, members: Sequence[PackedLookup], places: Mapping[ir.Value, int], survey: Survey
) -> Iterator[Run]:
    """Yield the longest runs of a join's operands that are members one after the other."""
    axis, first = _joined_axis(survey.specs[node]), 0
    at = [places.get(value, -1) if value is not None else -1 for value in node.inputs]
    while first < len(at):
        start, stop = at[first], at[first] + 1
        if start < 0 or not _may_lie(members[start], axis):
            first += 1
            continue
        while first + stop - start < len(at) and at[first + stop - start] == stop:
            stop += 1
        yield Run(node, axis, first, start, stop)
        first += stop - start


def _may_lie(lookup: PackedLookup, axis: int) -> bool:
    """Return True for rows that lie in a stack's rows as they do in a join along an axis."""
    return axis == 1 or (axis == 2 and lookup.axes == 3 and lookup.columns == 1)


def _joined_axis(spec: object) -> int:
    """Return the axis that a join is along."""
    assert isinstance(spec, Join)
    axes = spec.results[0]
    return next(
        at for at, axis in enumerate(axes)
        if len(axis) == 1 and len(flat(axes[:at])) == spec.position
    )  # fmt: skip


@dataclass(frozen=True)
class _Rates:
    """The seconds that nodes on rows take, by prices and the number of candidates."""

    prices: Prices
    candidates: int

    def node(self, numbers: float, size: float) -> float:
        """Return the seconds of a node that reads and writes so many numbers of a size."""
        return self.prices.node + 2 * size * numbers / self.prices.bytes_per_second

    def rows(self, group: Group) -> int:
        return self.candidates if group.members[0].per_candidate else 1


def _worth(groups: Sequence[Group], rate: _Rates) -> Iterator[Group]:
    """Yield the groups that save time, those at the columns of one block together."""
    saving = [g for g in groups if len(g.members) > 1 and _saved_by_rows(g, rate) > 0]
    blocks = dict[tuple[object, ...], list[Group]]()
    for group in saving:
        blocks.setdefault(group.ids_key, []).append(group)
    for block in blocks.values():
        saved = sum(_saved_by_rows(group, rate) for group in block) + _saved_by_ids(block, rate)
        if saved > 0:
            yield from block


def _saved_by_rows(group: Group, rate: _Rates) -> float:
    """Return the seconds that one lookup saves, its ids given; below 0 where it takes more."""
    first, rows = group.members[0], rate.rows(group)
    size, width = element_bytes(first.table.dtype), first.width
    columns = [lookup.columns for lookup in group.members]
    saved = (len(columns) - 1) * rate.prices.node
    for run in group.runs:
        whole = run.stop - run.start == len(columns)
        saved += (run.stop - run.start - 1) * rows * rate.prices.piece
        if not whole:
            saved -= rate.node(rows * width * sum(columns[run.start : run.stop]), size)
        if run.axis != 1 or group.members[run.start].axes != 3:
            saved -= rate.prices.node
    return saved - sum(rate.node(rows * width * columns[at], size) for at in group.alone)


def _saved_by_ids(block: Sequence[Group], rate: _Rates) -> float:
    """Return the seconds that one block of ids saves for the groups that read it."""
    lookups = [lookup for group in block for lookup in group.members]
    gone = {lookup.node for lookup in lookups}
    makers = dict.fromkeys(node for lookup in lookups for node in lookup.ids.nodes)
    removed = 0
    for node in makers:  # each reads the one behind it
        if all(user in gone for value in node.outputs for user, _ in value.uses()):
            gone.add(node)
            removed += 1
    rows = rate.rows(block[0])
    saved = removed * rate.node(rows, 8)
    layouts = {tuple((m.ids.columns, m.rows) for m in group.members) for group in block}
    for layout in layouts:
        count = rows * sum(len(columns) for columns, _ in layout)
        turns = 4 if block[0].members[0].per_candidate else 2
        saved -= (_GUARDS + turns) * rate.node(count, 4)
    return saved
