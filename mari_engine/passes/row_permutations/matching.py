"""Row permutations matched: rows that are sorted or picked, worked on, and put back.

    s, o = TopK(lengths)          mask = lengths > 0
    p = Gather(x, o)              p = GatherND(x, NonZero(mask))          rows leave their places
    ...                           ...
    y = Gather(f, inverse of o)   y = ScatterND(base, NonZero(mask), f)   rows return

Recurrent encoders get the histories sorted by length, and without the empty ones (torch's packed
sequences and boolean masks). Which row stands where is then known only at run time, and no value
behind it can be colored. An op that treats each row alone commutes with a permutation of the rows:
it may run on all rows where they are, and what a mask picked is chosen afterwards.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import onnx_ir as ir

from mari_engine.analysis import Survey
from mari_engine.axes import Size, size, static
from mari_engine.passes.contract import STANDARD, Refusal

_SAME = ("Cast", "Identity")
_VIEWS = ("Unsqueeze", "Reshape")
Key = ir.Node | ir.Value
"""A TopK that sorts, or a mask that picks."""


@dataclass(frozen=True, eq=False)
class RowGather:
    """Rows leave their places: `result` holds the rows of `source` sorted, or some of them."""

    result: ir.Value
    source: ir.Value
    key: Key
    axis: int = 0
    """Of the rows."""


@dataclass(frozen=True, eq=False)
class RowScatter:
    """Rows return: `result` holds the rows of `source` in their first places again."""

    result: ir.Value
    source: ir.Value
    key: Key
    axis: int = 0
    """Of the rows."""
    base: ir.Value | None = None
    """What rows that were not picked hold; None where all are back."""
    mask: ir.Value | None = None
    """Which rows were picked, in a shape that broadcasts to the result's where it need not be."""


RowMove = RowGather | RowScatter


@dataclass(frozen=True, eq=False)
class RowPermutations:
    """All moves of rows in a graph; they go together, as one may stand between two of another."""

    gathers: tuple[RowGather, ...]
    scatters: tuple[RowScatter, ...]

    @property
    def moves(self) -> tuple[RowMove, ...]:
        """All moves."""
        return (*self.gathers, *self.scatters)

    @property
    def nodes(self) -> tuple[ir.Node, ...]:
        """The nodes whose results are moved rows."""
        made = (move.result.producer() for move in self.moves)
        return tuple(node for node in made if node is not None)


@dataclass(eq=False)
class _Moves:
    """The moves by one key."""

    gathers: list[RowGather] = field(default_factory=list)
    scatters: list[RowScatter] = field(default_factory=list)


def find_row_permutations(graph: ir.Graph, survey: Survey) -> Iterator[RowPermutations | Refusal]:
    """Yield one match of all sorts and masks that move rows, each of whose uses is understood."""
    found: defaultdict[Key, _Moves] = defaultdict(_Moves)
    refused = set[Key]()
    reader = _Reader(survey, found)
    for node in graph:
        key = reader.key(node) if node.domain in STANDARD else None
        if key is not None and not reader.read(node, key):
            refused.add(key)
            yield Refusal(node.name or "", "a use of the order in which it puts rows is not known")
    whole = [
        own for key, own in found.items() if key not in refused and own.gathers and own.scatters
    ]
    for key, own in found.items():
        if key not in refused and not own.scatters:
            yield Refusal(key.name or "", "the rows that it moves do not return")
    if not whole:
        return
    match = RowPermutations(
        tuple(move for own in whole for move in own.gathers),
        tuple(move for own in whole for move in own.scatters),
    )
    if any(move.result.is_graph_output() for move in match.moves):
        yield Refusal(match.nodes[-1].name or "", "the graph returns rows out of their places")
    else:
        yield match


@dataclass(eq=False)
class _Reader:
    survey: Survey
    found: defaultdict[Key, _Moves]

    def key(self, node: ir.Node) -> Key | None:
        """Return what a node moves rows by: itself for a sort, the mask whose places it lists."""
        if node.op_type == "TopK" and self.sorts(node):
            return node
        if node.op_type == "NonZero" and node.inputs[0] is not None:
            return self.mask_of(node.inputs[0])
        return None

    def read(self, node: ir.Node, key: Key) -> bool:
        """Note all moves by a sort or mask; False where a use of its result is something else."""
        if node.op_type == "TopK" and node.inputs[0] is not None:
            self.found[key].gathers.append(RowGather(node.outputs[0], node.inputs[0], key))
            return all(self.by_order(use, at, key) for use, at in self.uses(node.outputs[1]))
        turned = list(self.uses(node.outputs[0]))
        return all(
            use.op_type == "Transpose"
            and use.attributes.get_ints("perm", (1, 0)) == (1, 0)
            and all(self.by_mask(each, at, node, key) for each, at in self.uses(use.outputs[0]))
            for use, _ in turned
        )

    def uses(self, value: ir.Value) -> Iterator[tuple[ir.Node, int]]:
        """Yield the nodes, with the operand's index, that read more of a value than its extents."""
        for use in value.uses():
            if use.node.op_type in _SAME:
                yield from self.uses(use.node.outputs[0])
            elif use.node.op_type != "Shape":
                yield use.node, use.idx
        if value.is_graph_output():
            yield ir.node("Identity", []), 0

    def sorts(self, node: ir.Node) -> bool:
        """Return True for a TopK of all elements of a list: a permutation."""
        listed, count = (
            self.survey.values.get(value) for value in node.inputs if value is not None
        )
        if listed is None or len(listed.axes) != 1 or count is None or count.content is None:
            return False
        (number,) = count.content.ravel().tolist()
        return Size.of(number).same(size(listed.axes[0]))

    def by_order(self, node: ir.Node, at: int, key: Key) -> bool:
        """Note a use of a sort's order: a Gather by it, or the way to its inverse."""
        if node.op_type == "Gather" and at == 1 and node.inputs[0] is not None:
            axis = node.attributes.get_int("axis", 0)
            self.found[key].gathers.append(RowGather(node.outputs[0], node.inputs[0], key, axis))
            return True
        if node.op_type != "ScatterElements" or at != 1 or not self.counts(node, key):
            return False
        return all(self.back(use, index, key) for use, index in self.uses(node.outputs[0]))

    def counts(self, node: ir.Node, key: Key) -> bool:
        """Return True where 0, 1, ... are scattered to the places of an order: its inverse."""
        numbers = self.survey.values.get(node.inputs[2]) if node.inputs[2] is not None else None
        if node.attributes.keys() - {"axis"} or numbers is None or numbers.progression is None:
            return False
        run, listed = numbers.progression, key.inputs[0] if isinstance(key, ir.Node) else None
        extents = [self.survey.values.get(v) for v in (listed, node.inputs[1]) if v is not None]
        whole = any(run.count.same(size(fact.axes[0])) for fact in extents if fact is not None)
        return whole and (run.start, run.step, run.more) == (0, 1, 0)

    def back(self, node: ir.Node, at: int, key: Key) -> bool:
        """Note a Gather by the inverse of an order; False for another use of it."""
        if node.op_type != "Gather" or at != 1 or node.inputs[0] is None:
            return False
        axis = node.attributes.get_int("axis", 0)
        self.found[key].scatters.append(RowScatter(node.outputs[0], node.inputs[0], key, axis))
        return True

    def mask_of(self, value: ir.Value) -> ir.Value | None:
        """Return the mask of rows that a value repeats along further axes; itself if it is one."""
        fact = self.survey.values.get(value)
        if fact is None or value.dtype != ir.DataType.BOOL:
            return None
        if len(fact.axes) == 1:
            return value
        node = value.producer()
        if node is None or node.op_type not in ("Expand", *_VIEWS) or node.inputs[0] is None:
            return None
        inner = self.survey.values.get(node.inputs[0])
        if inner is None or not inner.axes or inner.axes[0] != fact.axes[0]:
            return None
        if any(inner.axes[1:]) or (node.op_type in _VIEWS and any(fact.axes[1:])):
            return None
        return self.mask_of(node.inputs[0])

    def by_mask(self, node: ir.Node, at: int, places: ir.Node, key: Key) -> bool:
        """Note a GatherND or ScatterND at the places of a mask; False for another use of them."""
        mask = places.inputs[0]
        rows = isinstance(key, ir.Value) and mask is key
        if node.op_type == "GatherND" and at == 1 and node.inputs[0] is not None:
            if node.attributes.get_int("batch_dims", 0) != 0:
                return False
            if not rows:
                return self.listed(node, mask, key)
            self.found[key].gathers.append(RowGather(node.outputs[0], node.inputs[0], key))
            return True
        if node.op_type != "ScatterND" or at != 1 or "reduction" in node.attributes:
            return False
        base, _, updates = node.inputs
        source = updates if rows else self.unlisted(updates)
        if source is None or base is None:
            return False
        self.found[key].scatters.append(
            RowScatter(node.outputs[0], source, key, base=base, mask=mask)
        )
        return True

    def listed(self, node: ir.Node, mask: ir.Value | None, key: Key) -> bool:
        """Note rows picked element by element and made rows again: [M * K] -> [M, K]."""
        source = node.inputs[0]
        held = self.survey.values.get(source) if source is not None else None
        chosen = self.survey.values.get(mask) if mask is not None else None
        if source is None or held is None or chosen is None or held.axes != chosen.axes:
            return False
        rows = [-1, *(static(axis) for axis in held.axes[1:])]
        for use in node.outputs[0].uses():
            shape = use.node.inputs[1] if use.node.op_type == "Reshape" else None
            wanted = self.survey.values.get(shape) if shape is not None and use.idx == 0 else None
            listed = wanted.content if wanted is not None else None
            if listed is None or listed.ravel().tolist() != rows:
                return False
            self.found[key].gathers.append(RowGather(use.node.outputs[0], source, key))
        return not node.outputs[0].is_graph_output()

    def unlisted(self, value: ir.Value | None) -> ir.Value | None:
        """Return the rows [M, K] whose elements, all or the first ones, are listed in [M * K]."""
        node = value.producer() if value is not None else None
        if node is not None and node.op_type == "Slice" and node.inputs[0] is not None:
            start = self.survey.values.get(node.inputs[1]) if node.inputs[1] is not None else None
            if len(node.inputs) > 4 or start is None or start.uniform != 0:
                return None
            node = node.inputs[0].producer()
        if node is None or node.op_type != "Reshape" or node.inputs[1] is None:
            return None
        wanted = self.survey.values.get(node.inputs[1])
        if wanted is None or wanted.content is None or wanted.content.ravel().tolist() != [-1]:
            return None
        return node.inputs[0]
