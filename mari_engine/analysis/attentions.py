"""Attentions that are spelled as nodes, found as one: scores of rows with keys, weights, a sum.

    scores = Q K^T -> scaled, masked -> softmax over the keys, or none -> times V, summed over them

A row attends to all keys, so a value of `[L, L]` scores mixes the sides of joined keys. Whoever
knows the nodes together can take them apart by blocks of rows and keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import onnx_ir as ir

from mari_engine.analysis.private_values import read_only_within
from mari_engine.analysis.value_facts import Survey
from mari_engine.axes import Axes, AxisLabels, Contract, Pointwise, Spec, View, Weights, flat
from mari_engine.graph import constant_array
from mari_engine.ops import is_nan_guard

_DEEPEST = 32
"""Nodes between the scores and the sum, beyond which it is no attention."""
_FEWEST = 8
"""Places up to which blocks of them cost more than they save."""
_SCALING = ("mul", "div", "same")


@dataclass(frozen=True, eq=False)
class Attention:
    """Nodes that weigh values by scores of rows with keys; nothing else reads what is between."""

    scores: ir.Node
    """The product of queries and keys."""
    before: tuple[ir.Node, ...]
    """What is done to the scores, elementwise, in order."""
    softmax: ir.Node | None
    after: tuple[ir.Node, ...]
    """What is done to the softmax: it is scaled, or 0 takes the place of what is no number."""
    total: ir.Node
    """The product with the values, summed over the keys."""
    weights: int
    """Which operand of the total is made of the scores."""
    query: int
    """Which operand of the scores has no keys."""
    key: int
    """The position of the keys in the scores."""
    places: Mapping[ir.Value, AxisLabels]
    """For each value between: its position for each of the scores'; -1 where it has none."""
    masked: bool
    """The scores meet more than finite numbers: a mask may be -inf."""
    square: bool
    """Places attend to one another: as many rows as keys, and enough of them to divide by side."""

    def takes_apart(self, node: ir.Node, spec: Contract, index: int, position: int) -> bool:
        """Return True where a product divides an operand's columns: rows, keys, or their values."""
        own, other = spec.terms[index], spec.terms[1 - index]
        if not self.square or own[position] in other:
            return self.square and node is self.total and own[position] not in spec.output
        return node is self.scores and own[position] in spec.output

    @property
    def nodes(self) -> tuple[ir.Node, ...]:
        """All nodes, in an order in which they can run."""
        middle = () if self.softmax is None else (self.softmax,)
        return (self.scores, *self.before, *middle, *self.after, self.total)


def find_attentions(graph: ir.Graph, survey: Survey) -> dict[ir.Node, Attention]:
    """Return the attention that each node is part of; none is part of two."""
    found: dict[ir.Node, Attention] = {}
    for node in graph:
        spec = survey.specs.get(node)
        if not isinstance(spec, Contract) or len(spec.terms) != 2 or spec.addend is not None:
            continue
        for weights in (0, 1):
            attention = _Reader(survey, node, spec, weights).read()
            if attention is not None and not found.keys() & set(attention.nodes):
                found |= dict.fromkeys(attention.nodes, attention)
                break
    return found


@dataclass(eq=False)
class _Reader:
    survey: Survey
    total: ir.Node
    spec: Contract
    weights: int
    between: list[ir.Node] = field(default_factory=list)
    scores: list[ir.Node] = field(default_factory=list)
    derived: dict[ir.Value, bool] = field(default_factory=dict)
    places: dict[ir.Value, AxisLabels] = field(default_factory=dict)

    def read(self) -> Attention | None:
        """Return the attention that `total` ends, None where it ends none."""
        weights, label = self.total.inputs[self.weights], self.summed()
        if weights is None or label is None or self.is_given(self.total.inputs[1 - self.weights]):
            return None
        if not self.derives(weights, 0) or len(self.scores) != 1 or not self.is_private():
            return None
        key = self.follow(weights, self.spec.terms[self.weights].index(label))
        middle = [node for node in self.between if isinstance(self.spec_of(node), Weights)]
        if key is None or len(middle) > 1:
            return None
        query = self.query(key)
        after = self.behind(middle[0]) if middle else ()
        if query is None or after is None or (middle and not self.is_over(middle[0], key)):
            return None
        before = tuple(node for node in self.between if node not in (*middle, *after))
        softmax = middle[0] if middle else None
        return Attention(
            self.scores[0], before, softmax, after, self.total, self.weights, query, key,
            self.places, any(map(self.is_masked, before)), self.is_square(query, key),
        )  # fmt: skip

    def spec_of(self, node: ir.Node) -> Spec | None:
        return self.survey.specs.get(node)

    def is_given(self, value: ir.Value | None) -> bool:
        return value is None or value.is_initializer() or self.survey.is_static(value)

    def summed(self) -> int | None:
        """Return the one label that the total sums over, which both operands have."""
        own, other = self.spec.terms[self.weights], self.spec.terms[1 - self.weights]
        gone = (set(own) | set(other)) - set(self.spec.output)
        return gone.pop() if len(gone) == 1 and gone <= set(own) & set(other) else None

    # --- the nodes

    def derives(self, value: ir.Value, depth: int) -> bool:
        """Return True when a value is made of scores, elementwise or by a softmax."""
        if value not in self.derived:
            self.derived[value] = depth < _DEEPEST and self._derives(value, depth)
        return self.derived[value]

    def _derives(self, value: ir.Value, depth: int) -> bool:
        node = value.producer()
        spec = self.spec_of(node) if node is not None else None
        if node is None or len(node.outputs) > 1 or self.survey.is_static(value):
            return False
        if isinstance(spec, Contract) and len(spec.terms) == 2 and spec.addend is None:
            if any(map(self.is_given, node.inputs)):
                return False
            self.scores += [node] if node not in self.scores else []
            return True
        if not isinstance(spec, (Pointwise, View, Weights)):
            return False
        found = [self.derives(each, depth + 1) for each in node.inputs if each is not None]
        if any(found):
            self.between.append(node)
        return any(found)

    def is_private(self) -> bool:
        """Return True when nothing else reads the scores or what is made of them."""
        inside = {*self.between, self.total}
        return read_only_within((*self.scores, *self.between), inside, self.survey)

    # --- positions

    def follow(self, weights: ir.Value, position: int) -> int | None:
        """Return which position of the scores is this one of the weights; fill in all places."""
        (scores,) = self.scores
        made, spec = scores.outputs[0], self.survey.specs[scores]
        self.places[made] = tuple(range(len(flat(spec.results[0]))))
        if not self.has_axes(made, spec.results[0]) or not all(map(self.place, self.between)):
            return None
        own = self.places[weights]
        declared = self.has_axes(weights, self.spec.axes(self.weights))
        return own.index(position) if declared and position in own else None

    def has_axes(self, value: ir.Value, axes: Axes) -> bool:
        """Return True when declared axes are those of a value, factor by factor."""
        return flat(self.survey.fact(value).axes) == flat(axes)

    def place(self, node: ir.Node) -> bool:
        """Fill in the places of a node's result; False where its operands disagree."""
        spec, made = self.survey.specs[node], node.outputs[0]
        terms, (output, *_) = spec.labels()
        found = set[AxisLabels]()
        if not self.has_axes(made, spec.results[0]):
            return False
        for at, (value, labels) in enumerate(zip(node.inputs, terms, strict=True)):
            if value is None or labels is None or value not in self.places:
                continue
            if not self.has_axes(value, spec.axes(at)):
                return False
            own = [labels[place] if place >= 0 else -1 for place in self.places[value]]
            found.add(tuple(output.index(lab) if lab in output else -1 for lab in own))
        if len(found) != 1:
            return False
        self.places[made] = found.pop()
        return True

    def query(self, key: int) -> int | None:
        """Return which operand of the scores lacks the keys, None where both have them."""
        spec = self.survey.specs[self.scores[0]]
        assert isinstance(spec, Contract)
        without = [at for at in (0, 1) if spec.output[key] not in spec.terms[at]]
        return without[0] if len(without) == 1 else None

    def is_masked(self, node: ir.Node) -> bool:
        """Return True where scores meet what may be -inf: anything but finite constants."""
        others = (value for value in node.inputs if value and value not in self.places)
        arrays = (
            constant_array(v) for v in others if v.dtype is None or v.dtype.is_floating_point()
        )
        return not all(array is not None and np.isfinite(array).all() for array in arrays)

    def is_square(self, query: int, key: int) -> bool:
        spec = self.survey.specs[self.scores[0]]
        assert isinstance(spec, Contract)
        dims, others = flat(spec.results[0]), set(spec.terms[1 - query])
        own = [at for at, label in enumerate(spec.output) if label not in others]
        places = dims[key]
        enough = isinstance(places, int) and places >= _FEWEST
        return enough and any(dims[at] == places for at in own)

    def is_over(self, softmax: ir.Node, key: int) -> bool:
        """Return True for a softmax along the keys alone."""
        spec, read = self.survey.specs[softmax], softmax.inputs[0]
        assert isinstance(spec, Weights)
        return read is not None and spec.along == (self.places[read][key],)

    def behind(self, softmax: ir.Node) -> tuple[ir.Node, ...] | None:
        """Return what is done to the softmax, None where weights of parts could not take it."""
        reached, after = set(softmax.outputs), list[ir.Node]()
        for node in self.between[self.between.index(softmax) + 1 :]:
            own = [value for value in node.inputs if value is not None and value in self.places]
            if not reached.intersection(own):
                return None
            if not reached.issuperset(own) or not (is_nan_guard(node) or self.is_scaling(node)):
                return None
            reached.update(node.outputs)
            after.append(node)
        return tuple(after)

    def is_scaling(self, node: ir.Node) -> bool:
        """Return True for the weights times, or divided by, what is not made of them."""
        spec = self.survey.specs[node]
        own = [at for at, value in enumerate(node.inputs) if value in self.places]
        if isinstance(spec, View):
            return True
        if not isinstance(spec, Pointwise) or spec.linear not in _SCALING or len(own) != 1:
            return False
        return spec.linear != "div" or own == [0]
