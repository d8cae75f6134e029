"""Which weights of an attention a mask makes zero, whatever the scores are.

A mask multiplies by zero, or lowers scores to -inf before a softmax; far below all others is as
good where each row has a score that is not masked, and nothing but constants masks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from mari_engine.analysis import Survey
from mari_engine.axes import View, flat, static

_LARGEST = 1 << 22
"""Elements of a mask beyond which it is not looked at."""
_LOW = -1e8
"""A score that a softmax makes zero beside any that is not masked; -inf is so beside all."""
_NAMED = ("", "ai.onnx")
Region = tuple[slice, slice]
"""Rows and columns."""


@dataclass(frozen=True, eq=False)
class _Low:
    """Scores that are lowered: to -inf, or far below all others where `live` rows have some."""

    endless: bool
    live: bool = False


_Zero, _One = "zero", "one"
_Status = str | _Low | None


def vanishes(
    weights: ir.Value,
    survey: Survey,
    *,
    scores: ir.Node,
    between: list[ir.Node],
    extent: int,
    at: int,
) -> bool:
    """Return True when the rows before `at` are shown to be zero in the columns from `at` on.

    `between` are the nodes that make the weights of the scores, in order; `extent` is the number of
    rows and of columns.
    """
    return _Proof(survey, scores, between, extent, at).status(weights) == _Zero


@dataclass(frozen=True, eq=False)
class _Proof:
    survey: Survey
    scores: ir.Node
    between: list[ir.Node]
    extent: int
    at: int

    def status(self, value: ir.Value | None) -> _Status:
        if value is None:
            return None
        array = self.constant(value)
        if array is not None:
            return self.of_constant(array)
        node = value.producer()
        if node is None or node.domain not in _NAMED:
            return None
        rule = _STATUS.get(node.op_type)
        if rule is not None:
            return rule(self, node)
        return self.status(node.inputs[0]) if self.shown(node) else None

    def shown(self, node: ir.Node) -> bool:
        """Return True for a node that shows the same rows and columns under other leading axes."""
        spec, value = self.survey.specs.get(node), node.inputs[0] if node.inputs else None
        fact = self.survey.values.get(value) if value is not None else None
        if not isinstance(spec, View) or fact is None:
            return False
        count = len(flat(fact.axes))
        whole = [static(axis) for axis in fact.axes[-2:]]
        return spec.source[-2:] == (count - 2, count - 1) and whole == [self.extent] * 2

    def constant(self, value: ir.Value | None) -> npt.NDArray[Any] | None:
        if value is None:
            return None
        fact, tensor = self.survey.values.get(value), value.const_value
        if fact is not None and fact.content is not None and fact.content.dtype != object:
            return np.asarray(fact.content)
        if tensor is None or not value.is_initializer() or tensor.size > _LARGEST:
            return None
        return np.asarray(tensor.numpy())

    def of_constant(self, array: npt.NDArray[Any]) -> _Status:
        if array.ndim < 2 or array.dtype.kind not in "fbiu":
            return None
        rows, columns = self.cut(array)
        hidden = array[..., rows, columns]
        if not hidden.any():
            return _Zero
        if array.dtype.kind == "b":
            return _One if hidden.all() else None
        if array.dtype.kind != "f" or not (hidden <= _LOW).all():
            return None
        seen = array[..., rows, self.cut(array, before=True)[1]]
        return _Low(bool(np.isneginf(hidden).all()), bool((seen > -1e4).any(axis=-1).all()))

    def cut(self, array: npt.NDArray[Any], *, before: bool = False) -> Region:
        """Return the first rows and the last columns; of an axis of one, that one."""
        columns = slice(None, self.at) if before else slice(self.at, None)
        wide = array.shape[-1] == self.extent
        tall = array.shape[-2] == self.extent
        return slice(None, self.at) if tall else slice(None), columns if wide else slice(None)

    # --- ops

    def product(self, node: ir.Node) -> _Status:
        return _Zero if _Zero in [self.status(each) for each in node.inputs] else None

    def quotient(self, node: ir.Node) -> _Status:
        return _Zero if self.status(node.inputs[0]) == _Zero else None

    def either(self, node: ir.Node) -> _Status:
        found = [self.status(each) for each in node.inputs]
        return _One if _One in found else _Zero if set(found) == {_Zero} else None

    def turned(self, node: ir.Node) -> _Status:
        found = self.status(node.inputs[0])
        return {_Zero: _One, _One: _Zero}.get(found) if isinstance(found, str) else None

    def same(self, node: ir.Node) -> _Status:
        found = self.status(node.inputs[0])
        return found if found == _Zero or isinstance(found, _Low) else None

    def total(self, node: ir.Node) -> _Status:
        found = [each for each in map(self.status, node.inputs) if isinstance(each, _Low)]
        return next((each for each in found if each.endless), found[0] if found else None)

    def choice(self, node: ir.Node) -> _Status:
        condition, yes, no = node.inputs
        status = self.status(condition)
        if status not in (_Zero, _One):
            both = {self.branch(yes), self.branch(no)}
            return _Zero if both == {_Zero} else None
        taken = no if status == _Zero else yes
        number = self.number(taken)
        if number is None or number > _LOW:
            return self.branch(taken)
        mask = self.constant(condition)
        return _Low(number == -np.inf, self.lives(mask, keeps=status == _Zero))

    def branch(self, value: ir.Value | None) -> _Status:
        return _Zero if self.number(value) == 0 else self.status(value)

    def number(self, value: ir.Value | None) -> float | None:
        """Return the number that a constant of one element holds."""
        array = self.constant(value)
        one = array is not None and array.size == 1 and array.dtype.kind == "f"
        return float(array.reshape(-1)[0]) if array is not None and one else None

    def lives(self, mask: npt.NDArray[Any] | None, *, keeps: bool) -> bool:
        """Return True when each of the first rows has a column before that is not masked."""
        if mask is None or mask.ndim < 2:
            return False
        rows, columns = self.cut(mask, before=True)
        kept = mask[..., rows, columns].astype(bool)
        return bool((kept if keeps else ~kept).any(axis=-1).all())

    def softmax(self, node: ir.Node) -> _Status:
        found = self.status(node.inputs[0])
        if not isinstance(found, _Low) or node not in self.between:
            return None
        return _Zero if found.endless or (found.live and self.known_beside(node)) else None

    def known_beside(self, node: ir.Node) -> bool:
        """Return True when nothing but constants meets the scores before a node."""
        before = self.between[: self.between.index(node)]
        made = {value for each in (self.scores, *before) for value in each.outputs}
        return all(
            value is None or value in made or self.constant(value) is not None
            for each in before
            for value in each.inputs
        )


_STATUS = {
    "Mul": _Proof.product, "And": _Proof.product, "Div": _Proof.quotient, "Or": _Proof.either,
    "Not": _Proof.turned, "Cast": _Proof.same, "Identity": _Proof.same, "Add": _Proof.total,
    "Where": _Proof.choice, "Softmax": _Proof.softmax,
}  # fmt: skip
