"""Zero weights of a masked attention, shown by abstract interpretation for any scores.

Followed is one region of `[L, L]` scores: rows before `cut`, columns from `cut` on. Over it a value
is known to be all zeros, all ones (a boolean mask), *low* (lowered by a mask to -inf, or to -1e8
and less), or unknown (None). Zeros times anything are zeros. A softmax along the columns makes -inf
zero, and -1e8 too beside a score that is not masked: exp(-1e8) is 0 in float32 and float64.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from mari_engine.analysis import Survey
from mari_engine.axes import View, flat, static
from mari_engine.passes.contract import STANDARD

_LARGEST = 1 << 22
"""Elements of a mask beyond which it is not looked at."""
_LOW = -1e8
"""A score that a softmax makes zero beside any that is not masked; -inf is so beside all."""
Bounds = tuple[slice, slice]
"""Rows and columns."""


@dataclass(frozen=True, eq=False)
class _Low:
    """Scores that are lowered."""

    endless: bool
    """To -inf."""
    live: bool = False
    """Each of the rows has a score before the cut that is not masked."""


_Zero, _One = "zero", "one"
_Region = str | _Low | None
"""What a value is known to be over the region."""


@dataclass(frozen=True, eq=False)
class ZeroProof:
    """Shows that weights are zero in the rows before `cut` and the columns from `cut` on.

    `between` are the nodes that make the weights of the scores, in order; `extent` is the number of
    rows and of columns.
    """

    survey: Survey
    scores: ir.Node
    between: tuple[ir.Node, ...]
    extent: int
    cut: int

    def holds(self, weights: ir.Value) -> bool:
        """Return True when the region of these weights is shown to be zero."""
        return self.evaluate(weights) == _Zero

    def evaluate(self, value: ir.Value | None) -> _Region:
        """Return what a value is over the region; views that keep the last two axes keep it."""
        if value is None:
            return None
        array = self.constant(value)
        if array is not None:
            return self.of_constant(array)
        node = value.producer()
        if node is None or node.domain not in STANDARD:
            return None
        rule = _TRANSFER.get(node.op_type)
        if rule is not None:
            return rule(self, node)
        return self.evaluate(node.inputs[0]) if self.keeps_places(node) else None

    def keeps_places(self, node: ir.Node) -> bool:
        """Return True for a view that keeps rows and columns, under other leading axes."""
        spec, value = self.survey.specs.get(node), node.inputs[0] if node.inputs else None
        fact = self.survey.values.get(value) if value is not None else None
        if not isinstance(spec, View) or fact is None:
            return False
        count = len(flat(fact.axes))
        whole = [static(axis) for axis in fact.axes[-2:]]
        return spec.source[-2:] == (count - 2, count - 1) and whole == [self.extent] * 2

    def constant(self, value: ir.Value | None) -> npt.NDArray[Any] | None:
        """Return the content of a value that is known before the run, unless it is too large."""
        if value is None:
            return None
        fact, tensor = self.survey.values.get(value), value.const_value
        if fact is not None and fact.content is not None and fact.content.dtype != object:
            return np.asarray(fact.content)
        if tensor is None or not value.is_initializer() or tensor.size > _LARGEST:
            return None
        return np.asarray(tensor.numpy())

    def of_constant(self, array: npt.NDArray[Any]) -> _Region:
        """Return what a mask is over the region."""
        if array.ndim < 2 or array.dtype.kind not in "fbiu":
            return None
        rows, columns = self.bounds(array)
        hidden = array[..., rows, columns]
        if not hidden.any():
            return _Zero
        if array.dtype.kind == "b":
            return _One if hidden.all() else None
        if array.dtype.kind != "f" or not (hidden.astype(np.float64) <= _LOW).all():
            return None
        seen = array[..., rows, self.bounds(array, before=True)[1]]
        return _Low(bool(np.isneginf(hidden).all()), bool((seen > -1e4).any(axis=-1).all()))

    def bounds(self, array: npt.NDArray[Any], *, before: bool = False) -> Bounds:
        """Return the first rows and the last columns; of an axis of one, that one."""
        columns = slice(None, self.cut) if before else slice(self.cut, None)
        wide = array.shape[-1] == self.extent
        tall = array.shape[-2] == self.extent
        return slice(None, self.cut) if tall else slice(None), columns if wide else slice(None)

    # --- ops

    def product(self, node: ir.Node) -> _Region:
        """Mul, And: zero where one operand is."""
        return _Zero if _Zero in [self.evaluate(each) for each in node.inputs] else None

    def quotient(self, node: ir.Node) -> _Region:
        """Div: zero where the dividend is."""
        return _Zero if self.evaluate(node.inputs[0]) == _Zero else None

    def either(self, node: ir.Node) -> _Region:
        """Or: one where an operand is, zero where all are."""
        found = [self.evaluate(each) for each in node.inputs]
        return _One if _One in found else _Zero if set(found) == {_Zero} else None

    def inverse(self, node: ir.Node) -> _Region:
        """Not: zero for one, one for zero."""
        found = self.evaluate(node.inputs[0])
        return {_Zero: _One, _One: _Zero}.get(found) if isinstance(found, str) else None

    def same(self, node: ir.Node) -> _Region:
        """Cast, Identity: what the operand is; only a boolean mask is one."""
        found = self.evaluate(node.inputs[0])
        return found if found == _Zero or isinstance(found, _Low) else None

    def total(self, node: ir.Node) -> _Region:
        """Add: low where an operand is."""
        found = [each for each in map(self.evaluate, node.inputs) if isinstance(each, _Low)]
        return next((each for each in found if each.endless), found[0] if found else None)

    def choice(self, node: ir.Node) -> _Region:
        """Where: what the branch is that a known condition takes, or zero if both are."""
        condition, yes, no = node.inputs
        status = self.evaluate(condition)
        if status not in (_Zero, _One):
            both = {self.branch(yes), self.branch(no)}
            return _Zero if both == {_Zero} else None
        taken = no if status == _Zero else yes
        number = self.number(taken)
        if number is None or number > _LOW:
            return self.branch(taken)
        mask = self.constant(condition)
        return _Low(number == -np.inf, self.keeps_one_a_row(mask, keeps=status == _Zero))

    def branch(self, value: ir.Value | None) -> _Region:
        """Return what an operand of Where is; the number 0 is zero."""
        return _Zero if self.number(value) == 0 else self.evaluate(value)

    def number(self, value: ir.Value | None) -> float | None:
        """Return the number that a constant of one element holds."""
        array = self.constant(value)
        one = array is not None and array.size == 1 and array.dtype.kind == "f"
        return float(array.reshape(-1)[0]) if array is not None and one else None

    def keeps_one_a_row(self, mask: npt.NDArray[Any] | None, *, keeps: bool) -> bool:
        """Return True when each of the first rows has a column before that is not masked."""
        if mask is None or mask.ndim < 2:
            return False
        rows, columns = self.bounds(mask, before=True)
        kept = mask[..., rows, columns].astype(bool)
        return bool((kept if keeps else ~kept).any(axis=-1).all())

    def softmax(self, node: ir.Node) -> _Region:
        """Softmax between the scores and the weights: zero where the scores are low."""
        found = self.evaluate(node.inputs[0])
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


_TRANSFER: Mapping[str, Callable[[ZeroProof, ir.Node], _Region]] = {
    "Add": ZeroProof.total,
    "And": ZeroProof.product,
    "Cast": ZeroProof.same,
    "Div": ZeroProof.quotient,
    "Identity": ZeroProof.same,
    "Mul": ZeroProof.product,
    "Not": ZeroProof.inverse,
    "Or": ZeroProof.either,
    "Softmax": ZeroProof.softmax,
    "Where": ZeroProof.choice,
}
