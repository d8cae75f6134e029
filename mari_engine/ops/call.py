"""What a rule is given: a node as facts about its operands, without the graph around it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from mari_engine.axes import Axes, Axis, Size, Unsupported

Content = npt.NDArray[Any]
"""Elements known before the model runs: numbers, or objects of which some are Sizes."""


@dataclass(frozen=True, eq=False)
class Chosen:
    """Constant places in `[N, *inner]`, the same ones for each of the N slices, in order."""

    leading: Axes
    inner: tuple[int, ...]
    """The extents of a slice."""
    index: Content
    """The places as flat indices into a slice."""


@dataclass(frozen=True, eq=False)
class Progression:
    """`start, start + step, ...`: `count` (maybe symbolic) elements, and `more` after them."""

    start: int
    step: int
    count: Size
    more: int = 0


@dataclass(frozen=True, eq=False)
class Fact:
    """What is known of a value before the run: its axes as factors, and maybe its elements."""

    axes: Axes
    dtype: ir.DataType | None
    content: Content | None = None
    """All elements, in the value's shape."""
    fill: object = None
    """The one element that all places hold, where the extents may be symbolic."""
    slice: Content | None = None
    """The elements of one slice, where all slices along the leading free axes are equal."""
    chosen: Chosen | None = None
    """The places that an index tensor lists, one a row, or one a column before its Transpose."""

    progression: Progression | None = None
    """The arithmetic progression that a list of whole numbers is, if its length is symbolic."""

    @property
    def uniform(self) -> object:
        """The element that all places hold, or None when they differ or are not known."""
        if self.fill is not None or self.content is None or not self.content.size:
            return self.fill
        elements = self.content.ravel().tolist()
        return elements[0] if all(element is elements[0] for element in elements) else None


@dataclass(frozen=True, eq=False)
class Call:
    """One node as a rule sees it: the op, its attributes, and facts about its operands."""

    op: str
    version: int
    attributes: Mapping[str, Any]
    operands: tuple[Fact | None, ...]
    outputs: int
    inferred: tuple[Axes | None, ...]
    """The results' axes by ONNX shape inference; None where the rank is unknown."""
    fresh: Callable[[], str]
    """Makes a symbol for an extent that only the run knows."""
    same: bool = False
    """All operands are one value."""
    inputs: int = 0
    """How many of the operands are the node's own; the others are captured by its bodies."""

    @classmethod
    def of(
        cls,
        node: ir.Node,
        operands: Iterable[Fact | None],
        *,
        inferred: Iterable[Axes | None],
        fresh: Callable[[], str],
    ) -> Call:
        """Return a node as a rule sees it, given the facts about its operands."""
        return cls(
            op=node.op_type,
            version=node.graph.opset_imports.get("", 0) if node.graph else 0,
            attributes={name: attribute.value for name, attribute in node.attributes.items()},
            operands=tuple(operands),
            outputs=len(node.outputs),
            inferred=tuple(inferred),
            fresh=fresh,
            same=len(set(node.inputs)) == 1,
            inputs=len(node.inputs),
        )

    def attribute(self, name: str, default: Any = None) -> Any:
        """Return an attribute's value, or the default."""
        return self.attributes.get(name, default)

    def fact(self, index: int) -> Fact:
        """Return the fact of an operand that must be there."""
        if index >= len(self.operands) or (fact := self.operands[index]) is None:
            raise Unsupported(f"operand {index} is missing")
        return fact

    def axes(self, index: int) -> Axes:
        """Return the axes of an operand that must be there."""
        return self.fact(index).axes

    def given(self, index: int) -> bool:
        """Return True when the optional operand is there."""
        return index < len(self.operands) and self.operands[index] is not None

    def known(self, index: int, what: str) -> Content:
        """Return an operand's elements; Unsupported when only the run knows them."""
        content = self.fact(index).content
        if content is None:
            raise Unsupported(f"{what} are computed at run time")
        return content

    def axis(self, default: int, rank: int | None = None) -> int:
        """Return the attribute `axis`, counted from the front."""
        return normal(int(self.attribute("axis", default)), rank or len(self.axes(0)))

    def listed(self, name: str, index: int) -> list[int] | None:
        """Return a list given as an attribute (older opsets) or as an operand, or None."""
        if name in self.attributes:
            return [int(value) for value in self.attributes[name]]
        if self.given(index):
            return [int(value) for value in self.known(index, name).ravel()]
        return None


def normal(axis: int, rank: int) -> int:
    """Return an axis counted from the front."""
    if not -rank <= axis < rank:
        raise Unsupported(f"axis {axis} is outside a rank of {rank}")
    return axis % rank


def axis_of(extent: object) -> Axis:
    """Return a new axis of this extent, like the one that it was read from.

    Where it was computed, symbols go outermost.
    """
    whole = Size.of(extent)
    if whole.number <= 0:
        raise Unsupported(f"an axis of extent {whole}")
    return whole.factors or (*whole.symbols, *((whole.number,) if whole.number != 1 else ()))


def as_content(array: Content) -> Content:
    """Return an array that holds plain numbers where it can, objects where it must."""
    if array.dtype != object:
        return array
    elements = array.ravel().tolist()
    if any(isinstance(element, Size) for element in elements):
        return array
    return np.array(elements).reshape(array.shape) if elements else array.astype(np.int64)
