"""Materialization: a form becomes one tensor, compact along factors that it does not vary along.

A product is contracted; a sum adds what is per request first, as the bias of a Gemm where it can;
blocks are concatenated, each side for itself before request columns are broadcast.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import onnx_ir as ir

from mari_engine.axes import (
    Axis,
    AxisLabels,
    Index,
    Layout,
    common_layout,
    flat,
    insert_label,
    restrict_layout,
    with_extent,
)
from mari_engine.ops import Spelling, spelling
from mari_engine.rewriting.emission import GraphBuilder, Tensor
from mari_engine.rewriting.forms.atom_layouts import AtomLayouts
from mari_engine.rewriting.forms.axis_algebra import AxisAlgebra
from mari_engine.rewriting.forms.column_algebra import ColumnAlgebra
from mari_engine.rewriting.forms.contraction import Contraction
from mari_engine.rewriting.forms.inner_row import with_inner_row
from mari_engine.rewriting.forms.lazy_values import (
    Atom,
    Blocks,
    Form,
    Product,
    Sum,
    column_runs,
    per_candidate,
)
from mari_engine.rewriting.forms.product_einsum import contraction_cost

_FEW_RUNS = 8
"""Runs of columns, beside two a part, up to which each is a piece of its own; picking columns
instead pays only where at least as many elements lie together."""
_MOST_SLICES = 512
"""Runs of columns beyond which a node for each is too much of a graph."""
_DEEPEST = 8
"""Nodes upon weights that are looked through."""


class Materializer:
    """Computes each form once, and remembers the tensor."""

    def __init__(self, builder: GraphBuilder, *, candidates: int) -> None:
        self.builder = builder
        self.candidates = candidates
        self.layouts = AtomLayouts(builder)
        self.columns = ColumnAlgebra(builder, self.layouts)
        self.axes = AxisAlgebra(self.layouts, self.columns, self)
        self._done: dict[Form, Atom] = {}
        self._in_full: dict[Form, tuple[ir.Node, Callable[[], Atom]]] = {}
        self._origins: dict[Tensor, tuple[Blocks, Layout]] = {}

    def materialize(self, form: Form, why: str = "") -> Atom:
        """Return the form as one tensor; `why` names what needed its columns together."""
        if isinstance(form, Atom):
            return form
        if form not in self._done:
            if isinstance(form, Product):
                self._done[form] = self.product(form, None)[0]
            elif isinstance(form, Sum):
                self._done[form] = self._sum(form)
            elif form in self._in_full:
                node, compute = self._in_full[form]
                with self.builder.on_behalf((node,)):
                    self._done[form] = compute()
            else:
                atom = self._done[form] = self._blocks(form, why)
                self._origins.setdefault(atom.tensor, (form, atom.dims))
        return self._done[form]

    def compute_by(self, form: Blocks, node: ir.Node, compute: Callable[[], Atom]) -> None:
        """Have a form computed in full, where something needs it so, by what this writes."""
        self._in_full[form] = node, compute

    def is_computed_whole(self, form: Form | None) -> bool:
        """Return True for a form that is computed otherwise than part by part."""
        return form in self._in_full

    def origin(self, atom: Atom) -> tuple[Blocks, dict[int, int]] | None:
        """Return the blocks that an atom was concatenated from; its position of each of theirs."""
        if atom.tensor not in self._origins:
            return None
        joined, dims = self._origins[atom.tensor]
        if [len(group) for group in dims] != [len(group) for group in atom.dims]:
            return None
        pairs = zip(dims, atom.dims, strict=True)
        return joined, {old: new for a, b in pairs for old, new in zip(a, b, strict=True)}

    def is_materialized(self, form: Form) -> bool:
        """Return True when the form is a tensor already."""
        return isinstance(form, Atom) or form in self._done

    def is_weight(self, form: Form) -> bool:
        """Return True for a tensor of weights alone, which runtimes compute when they load it."""
        if not isinstance(form, Atom):
            return False
        tensor = form.tensor
        return not isinstance(tensor, ir.Value) or _of_weights(tensor, _DEEPEST)

    def cost(self, product: Product) -> float:
        """Return what computing a product takes, in multiplications."""
        return contraction_cost(product, self.candidates)

    def product(self, product: Product, bias: Atom | None) -> tuple[Atom, bool]:
        """Return the product, plus a bias where a Gemm can add it, and whether one did."""
        with self.builder.on_behalf(product.source):
            return Contraction(self.builder, product, self.candidates).run(bias)

    def product_by_head(self, product: Product, positions: frozenset[int]) -> Atom:
        """Return a product of candidates and weights, `[N, E] x [heads, E, D] -> [heads, N, D]`.

        `positions` are those of the heads, in front of the result: the product that reads it, a
        batch over the heads, transposes nothing. Other products are materialized as usual.
        """
        heads = _heads(product, positions, self)
        if product in self._done or not heads:
            return self.materialize(product)
        with self.builder.on_behalf(product.source):
            contraction = Contraction(self.builder, product, self.candidates, heads)
            self._done[product] = contraction.run()[0]
        return self._done[product]

    def _sum(self, form: Sum) -> Atom:
        """Add what is per request first, then each candidate term onto it."""
        ready = [term for term in form.terms if isinstance(term, Atom)]
        products = sorted(
            (term for term in form.terms if isinstance(term, Product)),
            key=lambda term: sum(map(per_candidate, term.operands)),
        )
        total: Atom | None = None
        for atom in [atom for atom in ready if not per_candidate(atom)]:
            total = atom if total is None else self.add([atom, total])
        for product in products:
            whole = None if total is None else with_inner_row(product, total, self)
            result, added = self.product(*((product, total) if whole is None else (whole, None)))
            if total is not None and not added and whole is None:
                with self.builder.on_behalf(product.source):
                    result = self.add(sorted([result, total], key=_out_of_order))
            total = result
        for atom in [atom for atom in ready if per_candidate(atom)]:
            total = atom if total is None else self.add([total, atom])
        assert total is not None
        return total

    def add(self, atoms: Sequence[Atom]) -> Atom:
        """Return the sum of two tensors of the same axes, broadcast where they lack factors."""
        return self.elementwise(spelling.add(), atoms)

    def elementwise(self, op: Spelling, atoms: Sequence[Atom]) -> Atom:
        """Return an elementwise op of tensors of the same axes; compact ones are broadcast."""
        layout, tensors = self.align(atoms)
        note = next((atom.note for atom in atoms if atom.note), "")
        return Atom(atoms[0].axes, self.builder.emit(op, tensors), layout, note)

    def align(self, atoms: Sequence[Atom]) -> tuple[Layout, list[Tensor]]:
        """Return a layout in which all atoms can be broadcast, and the atoms' tensors in it."""
        layout = common_layout([atom.dims for atom in atoms])
        varies = any(atom.constant is None for atom in atoms)  # and gives the result its rank
        tensors = []
        for atom in atoms:
            want = restrict_layout(layout, atom.present)
            while varies and atom.constant is not None and want and not want[0]:
                want = want[1:]
            extents = dict(enumerate(flat(atom.axes)))
            laid = self.builder.lay(atom.tensor, atom.dims, want, extents)
            tensors.append(self.builder.layouts.beside(laid, want, layout, extents))
        return layout, tensors

    def _blocks(self, blocks: Blocks, why: str) -> Atom:
        """Concatenate in the original order, or pick from what was joined where that is shorter."""
        pieces = column_runs(blocks)
        inner = flat(blocks.axes)[blocks.position + 1 :]
        apart = is_scattered(blocks.part, len(blocks.parts), inner, len(pieces))
        joined = self._picked(blocks) if apart else self._in_order(blocks, pieces)
        note = why if blocks.mixed and why else joined.note
        return replace(joined, axes=blocks.axes, note=note)

    def _in_order(self, blocks: Blocks, pieces: Sequence[tuple[int, int, int]]) -> Atom:
        """Concatenate the pieces; neighbours that lack the same factors go first."""
        chunks = list[tuple[frozenset[int], list[Atom]]]()
        for part, start, stop in pieces:
            columns = np.arange(start, stop)
            whole = self.materialize(blocks.parts[part])
            atom = self.columns.take(whole, blocks.position, columns)
            assert isinstance(atom, Atom)
            side = atom.present - {blocks.position}
            if chunks and chunks[-1][0] == side:
                chunks[-1][1].append(atom)
            else:
                chunks.append((side, [atom]))
        sides = [self.concatenate(atoms, blocks.position) for _, atoms in chunks]
        return self.concatenate(sides, blocks.position)

    def _picked(self, blocks: Blocks) -> Atom:
        """Concatenate the parts once, and pick the many columns from there."""
        atoms = [self.materialize(part) for part in blocks.parts]
        widths = [int(flat(atom.axes)[blocks.position]) for atom in atoms]
        offsets = np.cumsum([0, *widths[:-1]])
        whole = self.concatenate(atoms, blocks.position)
        columns = offsets[blocks.part] + blocks.column
        picked = self.columns.take(whole, blocks.position, columns)
        assert isinstance(picked, Atom)
        return picked

    def concatenate(self, atoms: Sequence[Atom], position: int) -> Atom:
        """Return the columns of all atoms side by side; factors that one has, all get."""
        if len(atoms) == 1:
            return atoms[0]
        parted = [self.layouts.isolate(atom, position) for atom in atoms]
        layout = _with_own_dimension(common_layout([atom.dims for atom in parted]), position)
        order = [at for group in layout for at in group]
        orders = {tuple(at for group in atom.dims for at in group) for atom in parted}
        if len(orders) > 1 and order != sorted(order):  # they must move: into the value's order
            layout = tuple((at,) for at in sorted(order))
        tensors = [self.layouts.lay(atom, layout).tensor for atom in parted]
        axis = layout.index((position,))
        if not self.builder.may_be_empty.issuperset(tensors):  # one row beside none is no join
            extents = dict(enumerate(flat(atoms[0].axes)))
            tensors = self.builder.layouts.with_rows(tensors, layout, axis, extents)
        joined = self.builder.emit_once(spelling.concat(axis), tensors)
        note = next((atom.note for atom in atoms if atom.note), "")
        count = sum(int(flat(atom.axes)[position]) for atom in atoms)
        return Atom(with_extent(atoms[0].axes, position, count), joined, layout, note)


def _heads(product: Product, positions: frozenset[int], materializer: Materializer) -> set[int]:
    """Return the labels of weights that stand at these positions; none where it does not pay.

    It pays where the candidates' operand has rows of its own, which heads would have to pass.
    """
    pairs = list(zip(product.operands, product.labels, strict=True))
    moving = [labels for atom, labels in pairs if per_candidate(atom)]
    if len(moving) != 1 or not all(
        per_candidate(atom) or materializer.is_weight(atom) for atom, _ in pairs
    ):
        return set()
    own, kept = set(moving[0]), {label for label in product.output if label >= 0}
    stacked = {product.output[at] for at in positions} & kept
    heads, rows = stacked - own, (own & kept) - stacked
    columns = kept - own - heads
    return heads if rows and columns and stacked - heads else set()


def is_scattered(part: Index, parts: int, inner: Axis, pieces: int = 0) -> bool:
    """Return True for columns that are cheaper gathered from their parts, concatenated once.

    The alternative is to slice each run of neighbouring columns out of its part: cheaper where
    runs are few. `part` gives the part of each column, `inner` the factors behind the columns.
    """
    long = any(isinstance(dim, str) or dim >= _FEW_RUNS for dim in inner)
    runs = max(pieces, 1 + int(np.count_nonzero(np.diff(part))))
    return runs > _MOST_SLICES or (long and runs > 2 * parts + _FEW_RUNS)


def _out_of_order(atom: Atom) -> bool:
    """Return True for a tensor whose factors do not lie in the order of its axes.

    Of two that lie otherwise the sum follows the first, and its readers want it in order.
    """
    order = [at for group in atom.dims for at in group]
    return order != sorted(order)


def _of_weights(value: ir.Value, deep: int) -> bool:
    node = value.producer()
    if node is None:
        return value.const_value is not None
    given = [each for each in node.inputs if each is not None]
    return deep > 0 and bool(given) and all(_of_weights(each, deep - 1) for each in given)


def _with_own_dimension(layout: Layout, position: int) -> Layout:
    """Return the layout with one position in a dimension of its own, present in all."""
    out = list[AxisLabels]()
    for group in layout:
        if position in group:
            at = group.index(position)
            out += [part for part in (group[:at], (position,), group[at + 1 :]) if part]
        else:
            out.append(group)
    if (position,) not in out:
        insert_label(out, position)
    return tuple(out)
