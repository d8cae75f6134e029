"""Forward analysis: extents as factors, partial evaluation, and the declaration of every node."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from itertools import count
from math import prod
from types import MappingProxyType
from weakref import WeakKeyDictionary

import numpy as np
import onnx_ir as ir

from mari_engine.analysis.bodies import BodySurvey, declare_bodies, enter_bodies
from mari_engine.axes import (
    ONE_REQUEST,
    ROWS,
    Axes,
    Axis,
    Contract,
    Join,
    Spec,
    UnequalAxes,
    Unsupported,
    is_anonymous,
    size,
)
from mari_engine.graph import Model, operand_values, stored_bytes
from mari_engine.ops import (
    BEFORE,
    LARGEST,
    QUANTIZED,
    Bodies,
    Call,
    Declare,
    Fact,
    before_rounding,
    bit_by_bit,
    declaration_of,
    element_type,
    evaluate,
    is_product,
    rule_of,
    runs_on_integers,
    whole,
)

_FOLLOWED_BYTES = 1 << 22
"""Constants larger than this are never read for their content."""


@dataclass(frozen=True, eq=False)
class Survey:
    """The facts of a graph: for every value, and for every node its declaration or why none."""

    values: Mapping[ir.Value, Fact | None]
    """None where not even the rank is known."""
    specs: Mapping[ir.Node, Spec]
    unknown: Mapping[ir.Node, str]
    """Why a node has no declaration; a node whose results are all known needs none."""
    symbols: frozenset[str] = field(default_factory=frozenset)
    """The names by which the model calls the candidates' extent."""

    def fact(self, value: ir.Value) -> Fact:
        """Return the fact of a value whose rank is known."""
        fact = self.values.get(value)
        if fact is None:
            raise Unsupported("the rank of an operand is known only at run time")
        return fact

    def is_static(self, value: ir.Value) -> bool:
        """Return True when a value is known before the model runs."""
        fact = self.values.get(value)
        return fact is not None and (fact.content is not None or fact.fill is not None)


_Asked = tuple[frozenset[str], Axis]
_SURVEYS: WeakKeyDictionary[Model, tuple[_Asked, Survey]] = WeakKeyDictionary()
"""The last survey of each model, and what it was asked for; labels change all the time."""


def survey_model(
    model: Model,
    symbols: frozenset[str],
    *,
    rows: Axis = ONE_REQUEST,
    given: Mapping[ir.Value, Fact] = MappingProxyType({}),
) -> Survey:
    """Return what is known of every value and node, from one walk over the graph in order.

    An axis that one of the symbols names is `rows`. The walk is made once for a model, as long as
    these stay the same; and again where joins told that other names stand for the same extent.
    What is `given` of some values holds whatever made them.
    """
    asked, survey = _SURVEYS.get(model, (None, None))
    if given or survey is None or asked != (symbols, rows):
        walk = _Walk(symbols, rows, given)
        survey = walk.run(model.ir.graph)
        names = symbols
        while symbols and not walk.alike <= names:
            names |= walk.alike
            walk = _Walk(names, rows, given)
            survey = walk.run(model.ir.graph)
    if not given:
        _SURVEYS[model] = (symbols, rows), survey
    return survey


def symbol_of(value: ir.Value, at: int) -> str | None:
    """Return the name of a free extent, one of its own where it has none; None for a number."""
    dim = (value.shape or ())[at]
    if isinstance(dim, int):
        return None
    return str(dim.value) if dim.value is not None else f"?{value.name}.{at}"


class _Walk:
    def __init__(self, symbols: frozenset[str], rows: Axis, given: Mapping[ir.Value, Fact]) -> None:
        self.symbols, self.rows, self.given = symbols, rows, given
        self.values: MutableMapping[ir.Value, Fact | None] = {}
        self.specs: dict[ir.Node, Spec] = {}
        self.unknown: dict[ir.Node, str] = {}
        self.alike: set[str] = set()
        self.named: frozenset[str] = frozenset()
        """The names of free extents in the inputs' shapes."""
        self.numbers = count()
        self.rounded: frozenset[ir.Node] = frozenset()
        self.version = 0
        """Of the standard operators; bodies do not say it again."""

    def run(self, graph: ir.Graph) -> Survey:
        self.named = frozenset(
            name
            for value in graph.inputs
            for at in range(len(value.shape or ()))
            if (name := symbol_of(value, at)) is not None
        )
        for value in graph.inputs:
            self.values[value] = self.given.get(value, self.described(value))
        for value in graph.initializers.values():
            self.values[value] = self.constant(value)
        self.rounded, self.version = before_rounding(graph), graph.opset_imports.get("", 0)
        for node in graph:
            self.visit(node)
        return Survey(self.values, self.specs, self.unknown, self.symbols)

    def fresh(self) -> str:
        return f"?{next(self.numbers)}"

    def axis(self, value: ir.Value, at: int) -> Axis:
        dim = (value.shape or ())[at]
        if isinstance(dim, int):
            return (dim,) if dim != 1 else ()
        name = symbol_of(value, at) or self.fresh()
        if name in self.symbols:
            return self.rows
        if name.startswith("?") and name not in self.named:
            return (self.fresh(),)
        return (f"{name}'" if name in ROWS else name,)

    def axes(self, value: ir.Value) -> Axes | None:
        """Return a value's axes by ONNX shape inference."""
        if value.shape is None:
            return None
        return tuple(self.axis(value, at) for at in range(len(value.shape)))

    def described(self, value: ir.Value) -> Fact | None:
        axes = self.axes(value)
        return None if axes is None else Fact(axes, value.dtype)

    def constant(self, value: ir.Value) -> Fact | None:
        tensor = value.const_value
        if tensor is None:
            return self.described(value)
        extents, dtype = tensor.shape.numpy(), tensor.dtype
        axes: Axes = tuple((extent,) if extent != 1 else () for extent in extents)
        readable = prod(extents) <= LARGEST and stored_bytes(tensor) <= _FOLLOWED_BYTES
        if not readable or dtype == ir.DataType.STRING:
            return Fact(axes, dtype)
        return Fact(axes, dtype, np.asarray(tensor.numpy()))

    def visit(self, node: ir.Node) -> None:
        call, rule = self.call(node), rule_of(node)
        folded = evaluate(rule, call) if rule is not None else None
        try:
            spec = self.declare(node, call)
        except Unsupported as reason:
            if isinstance(reason, UnequalAxes):
                self.note(reason.left, reason.right)
                self.note(reason.right, reason.left)
            results = [self.described(value) for value in node.outputs]
            if folded is None and not all(value in self.given for value in node.outputs):
                self.unknown[node] = str(reason)
        else:
            self.specs[node] = spec
            self.learn(call, spec)
            given = [fact.dtype if fact else None for fact in call.operands]
            results = [
                Fact(axes, value.dtype or element_type(node, at, given))
                for at, (axes, value) in enumerate(zip(spec.results, node.outputs, strict=True))
            ]
        if folded is not None and folded.progression is not None:
            self.specs.pop(node, None)  # what it counts tells its extent, its operands do not
        if folded is not None and len(node.outputs) == 1:
            axes = results[0].axes if results[0] and node in self.specs else folded.axes
            results = [replace(folded, axes=axes)]
        for value, fact in zip(node.outputs, results, strict=True):
            self.values[value] = self.given.get(value, fact)

    def learn(self, call: Call, spec: Spec) -> None:
        """Note the names of extents that a join needs to be as many as the candidates."""
        if not isinstance(spec, Join):
            return
        for fact, axes in zip(call.operands, spec.operands, strict=True):
            for own, told in zip(fact.axes if fact else (), axes or (), strict=True):
                self.note(told, own)

    def note(self, axis: Axis, other: Axis) -> None:
        """Note another name of the candidates' extent: what meets it, or 4 N, is as long, or 1."""
        own, met, rows = size(axis), size(other), size(self.rows)
        if own.symbols != rows.symbols or len(met.symbols) != 1 or own.number != met.number:
            return
        if met.symbols == own.symbols:
            return
        (name,) = met.symbols
        if name in self.named or not is_anonymous(name):
            self.alike.add(name)

    def declare(self, node: ir.Node, call: Call) -> Spec:
        rule = rule_of(node)
        bodies = rule.bodies if rule is not None else None
        declare_factors = declaration_of(node) if bodies is None else self.inside(node, bodies)
        for value in operand_values(node):
            if value is not None and self.values.get(value) is None:
                raise Unsupported(_rank_unknown(value))
        spec = _declared(declare_factors, call)
        if isinstance(spec, Contract) and runs_on_integers(node):
            spec = whole(spec, QUANTIZED)
        elif node in self.rounded:
            spec = bit_by_bit(spec, node, product=is_product(node))
        for value, axes in zip(node.outputs, spec.results, strict=True):
            if value.shape is not None and len(value.shape) != len(axes):
                raise Unsupported("its declared shape contradicts its operands'")
        return spec

    def inside(self, node: ir.Node, bodies: Bodies) -> Declare:
        """Return what declares an op with bodies: it surveys them with what the op gives them."""

        def declare(call: Call) -> Spec:
            if node in self.rounded:
                raise Unsupported(BEFORE)
            given = enter_bodies(node, call, bodies)
            return declare_bodies(node, call, bodies, [self.survey_body(*each) for each in given])

        return declare

    def survey_body(self, body: ir.Graph, given: Mapping[ir.Value, Fact]) -> BodySurvey:
        """Return the facts of a body whose inputs have these, and which sees all values so far."""
        walk = _Walk(self.symbols, self.rows, self.given)
        walk.values = ChainMap(dict(given), self.values)
        walk.named, walk.numbers, walk.alike = self.named, self.numbers, self.alike
        walk.version, walk.rounded = self.version, before_rounding(body)
        for value in body.initializers.values():
            walk.values[value] = self.constant(value)
        for node in body:
            walk.visit(node)
        return BodySurvey(body, walk.values, walk.specs, walk.unknown)

    def call(self, node: ir.Node) -> Call:
        operands = (None if v is None else self.values.get(v) for v in operand_values(node))
        inferred = (self.axes(value) for value in node.outputs)
        call = Call.of(node, operands, inferred=inferred, fresh=self.fresh)
        return replace(call, version=self.version)


def _declared(declare_factors: Declare, call: Call) -> Spec:
    """Return what a rule declares; a graph that is odder than it foresees has no declaration."""
    try:
        return declare_factors(call)
    except (ArithmeticError, LookupError, TypeError, ValueError) as failure:
        raise Unsupported(
            f"its declaration failed here ({type(failure).__name__}), please report it"
        ) from failure


def _rank_unknown(value: ir.Value) -> str:
    producer = value.producer()
    made = f", made by {producer.op_type} ({producer.name})," if producer is not None else ""
    return (
        f"the rank of its operand {value.name!r}{made} is known only at run time; export that part "
        "without control flow, or with fixed shapes"
    )
