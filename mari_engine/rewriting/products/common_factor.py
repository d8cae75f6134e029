"""Common factors: products that share their candidate operand become one, with summed weights.

`q·W1 + q·W3 + (q*k)·W4 = q·(W1 + W3 + k*W4)`: what stands in the brackets lacks the candidates
and is computed once per request.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mari_engine.analysis import extent
from mari_engine.axes import Axis, AxisLabels, Dim, separate_axes
from mari_engine.rewriting.cost import Prices
from mari_engine.rewriting.forms import Atom, Materializer, Product, Term, per_candidate


@dataclass(frozen=True, eq=False)
class FactoredProduct:
    """A product of one candidate operand and the rest; labels compare between products."""

    key: object
    moving: Atom
    moving_labels: AxisLabels
    rest: tuple[Atom, ...]
    rest_labels: tuple[AxisLabels, ...]
    product: Product
    extents: dict[int, Dim]

    @property
    def kept(self) -> AxisLabels:
        """The labels of the per-request weight: the result's, and those summed with the rest."""
        own = set(self.moving_labels)
        result = self.product.present
        held = sorted({label for labels in self.rest_labels for label in labels} - {-1})
        return tuple(label for label in held if label in result or label in own)

    @property
    def dims(self) -> Axis:
        """The extents of the per-request weight."""
        return tuple(self.extents[label] for label in self.kept)


def merge_common_factors(
    parts: Sequence[Term], materializer: Materializer, prices: Prices, *, fold: bool
) -> tuple[Term, ...]:
    """Return terms of which no two products share their candidate operand, where that pays.

    With `fold`, even a lone product's rest becomes one per-request weight.
    """
    out, groups = list[Term](), dict[object, list[FactoredProduct]]()
    for term in parts:
        split = factor_out_candidates(term) if isinstance(term, Product) else None
        if split is None:
            out.append(term)
        else:
            groups.setdefault(split.key, []).append(split)
    for group in groups.values():
        alone = fold and len(group) == 1 and len(group[0].rest) > 1
        if alone or (len(group) > 1 and _pays(group, materializer, prices)):
            out.append(_merged(group, materializer))
        else:
            out += [split.product for split in group]
    return tuple(out)


def factor_out_candidates(product: Product) -> FactoredProduct | None:
    """Return a product of one candidate operand and others, or None if it is none.

    Labels are named by what they are: a result's position, or the candidate operand's dimension.
    """
    moving = [at for at, atom in enumerate(product.operands) if per_candidate(atom)]
    if len(moving) != 1 or len(product.operands) < 2:
        return None
    at = moving[0]
    atom, own = product.operands[at], product.labels[at]
    names = {label: place for place, label in enumerate(product.output) if label >= 0}
    fresh = 1000
    for label in (*own, *(label for labels in product.labels for label in labels)):
        if label >= 0 and label not in names:
            names[label], fresh = fresh, fresh + 1
    labels = tuple(tuple(names.get(lab, -1) for lab in each) for each in product.labels)
    extents = {names[label]: dim for label, dim in product.extents().items()}
    layout = tuple(tuple(labels[at][place] for place in group) for group in atom.dims)
    return FactoredProduct(
        (atom.tensor, layout), atom, labels[at],
        tuple(a for i, a in enumerate(product.operands) if i != at),
        tuple(each for i, each in enumerate(labels) if i != at), product, extents,
    )  # fmt: skip


def _pays(group: Sequence[FactoredProduct], materializer: Materializer, prices: Prices) -> bool:
    """Return True when summing the weights moves less than another pass over the result each."""
    if all(atom.constant is not None for split in group for atom in split.rest):
        return True
    many = materializer.candidates
    kept = {label: split.extents[label] for split in group for label in split.kept}
    elements = extent(tuple(kept.values()), many)
    places = {at: split.extents[at] for split in group for at in split.product.present}
    result = extent(tuple(places.values()), many)
    building = 2 * len(group) * elements * prices.move
    passing = 2 * (len(group) - 1) * result * prices.move
    return building < passing


def _merged(group: Sequence[FactoredProduct], materializer: Materializer) -> Product:
    weights = [request_weight(split, materializer) for split in group]
    kept = tuple(sorted({label for labels, _ in weights for label in labels}))
    extents = {label: dim for split in group for label, dim in split.extents.items()}
    axes = separate_axes([extents[label] for label in kept])
    first = group[0]
    atoms = [_under(atom, labels, kept, axes) for labels, atom in weights]
    with materializer.builder.on_behalf(first.product.source):
        total = atoms[0]
        for atom in atoms[1:]:
            total = materializer.add([total, atom])
    present = set(first.moving_labels) | set(kept)
    output = tuple(at if at in present else -1 for at in range(len(first.product.output)))
    sources = dict.fromkeys(node for split in group for node in split.product.source)
    return replace(
        first.product, operands=(first.moving, total), labels=(first.moving_labels, kept),
        output=output, scale=1.0, source=tuple(sources),
    )  # fmt: skip


def request_weight(split: FactoredProduct, materializer: Materializer) -> tuple[AxisLabels, Atom]:
    """Return the product of all but the candidate operand, as one tensor, and its labels."""
    kept, product = split.kept, split.product
    if len(split.rest) == 1 and product.scale == 1.0:
        atom, labels = split.rest[0], split.rest_labels[0]
        if {label for label in labels if label >= 0} == set(kept):
            dims = tuple(tuple(kept.index(labels[at]) for at in group) for group in atom.dims)
            return kept, Atom(separate_axes(split.dims), atom.tensor, dims)
    rest = Product(
        separate_axes(split.dims),
        split.rest,
        split.rest_labels,
        kept,
        product.scale,
        product.source,
    )
    return kept, materializer.materialize(rest)


def _under(atom: Atom, labels: AxisLabels, kept: AxisLabels, axes: tuple[Axis, ...]) -> Atom:
    """Return a weight under the labels of all weights together."""
    place = [kept.index(label) for label in labels]
    dims = tuple(tuple(place[at] for at in group) for group in atom.dims)
    return replace(atom, axes=axes, dims=dims)
