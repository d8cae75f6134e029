"""The element type of what a node makes, by the operator's schema and the types that it reads.

https://onnx.ai/onnx/operators: results and operands under one type variable are of one type.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import onnx
import onnx_ir as ir

_STATED = ("to", "dtype")
"""Attributes that name the type of a result."""


def element_type(node: ir.Node, at: int, given: Sequence[ir.DataType | None]) -> ir.DataType | None:
    """Return the type of a node's result, by those of its operands (None where one is not known).

    Of an operator without a schema it is the first type that it reads.
    """
    stated = next((node.attributes.get_int(n, 0) for n in _STATED if n in node.attributes), 0)
    if stated:
        return ir.DataType(stated)
    known = [each for each in given if each is not None]
    types = _type_variables(node.op_type, node.domain)
    if types is None:
        return known[0] if known else None
    operands, results, alone = types
    wanted = results[min(at, len(results) - 1)]
    if wanted in alone:
        return alone[wanted]
    same = (
        dtype for position, dtype in enumerate(given)
        if dtype is not None and operands[min(position, len(operands) - 1)] == wanted
    )  # fmt: skip
    return next(same, None)


_Types = tuple[list[str], list[str], dict[str, ir.DataType]]


@cache
def _type_variables(op: str, domain: str) -> _Types | None:
    """Return the type variables of operands and of results, and the types of those of one type."""
    try:
        schema = onnx.defs.get_schema(op, domain)
    except onnx.defs.SchemaError:
        return None
    operands = [each.type_str for each in schema.inputs] or [""]
    results = [each.type_str for each in schema.outputs]
    allowed = {each.type_param_str: each.allowed_type_strs for each in schema.type_constraints}
    allowed |= {each: [each] for each in (*operands, *results) if each.startswith("tensor(")}
    alone = {name: _tensor_type(kinds[0]) for name, kinds in allowed.items() if len(kinds) == 1}
    return operands, results, {name: kind for name, kind in alone.items() if kind is not None}


def _tensor_type(text: str) -> ir.DataType | None:
    """Return the element type of `tensor(TYPE)`, None for sequences and optionals."""
    names = {"float": "FLOAT", "double": "DOUBLE"}
    if not text.startswith("tensor("):
        return None
    name = text.removeprefix("tensor(").removesuffix(")")
    return ir.DataType[names.get(name, name.upper())]
