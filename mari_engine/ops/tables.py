"""Ops of ai.onnx.ml on tables `[N, K]`: rows are treated alone, columns each by numbers of its own.

They keep these numbers in attributes, which cannot be divided by side: where standard ops compute
the same, the op is decomposed. https://onnx.ai/onnx/operators/index_ai_onnx_ml.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from mari_engine.axes import Axis, Slices, Unsupported, flat, positions
from mari_engine.ops.call import Call
from mari_engine.ops.column_trace import Trace, rank_of
from mari_engine.ops.id_bounds import Bound, FindBounds, traced

DOMAIN = "ai.onnx.ml"


def by_row(call: Call, *results: Sequence[Axis], weight: int = 0, work: Axis = ()) -> Slices:
    """Return the factors of `[N, K] -> [N, ...], ...`: each row by itself, all of it.

    `results` gives the axes behind N of each result; `work` are the extents beside N whose product
    times `weight` is the FLOPs, K by default.
    """
    axes = call.axes(0)
    if len(axes) != 2:
        raise Unsupported(f"an input of rank {len(axes)}, of which rows and columns are not known")
    rows, columns = positions(axes)
    fresh = count(len(flat(axes)))
    return Slices(
        operands=(axes, *[None] * (len(call.operands) - 1)),
        results=tuple((axes[0], *behind) for behind in results),
        weight=weight,
        terms=((*rows, *columns), *[None] * (len(call.operands) - 1)),
        outputs=tuple(
            (*rows, *(next(fresh) for axis in behind for _ in axis)) for behind in results
        ),
        mixed=frozenset(columns),
        work=(*axes[0], *(work or axes[1])) if weight else (),
    )


def axis_with(extent: int) -> Axis:
    """Return an axis of so many columns: of one, without a factor."""
    return (extent,) if extent != 1 else ()


def columns_of(value: ir.Value | None) -> int | None:
    """Return the number of columns of a table, or None where it is none of known width."""
    if value is None or value.shape is None or len(value.shape) != 2:
        return None
    width = value.shape[1]
    return width if isinstance(width, int) else None


def same_shape(value: ir.Value | None) -> ir.Shape | None:
    """Return a shape of the same extents."""
    return None if value is None or value.shape is None else value.shape.copy()


def with_columns(value: ir.Value | None, *behind: int | None) -> ir.Shape | None:
    """Return the shape `[N, ...]` of what is made of each row of a table."""
    if value is None or value.shape is None or len(value.shape) != 2:
        return None
    return ir.Shape([value.shape[0], *behind])


def per_column(numbers: Sequence[float], value: ir.Value | None) -> npt.NDArray[np.float32] | None:
    """Return one number, or one for each column of a table, as float32; None where they fit none.

    A table whose width only the run knows has as many columns as there are numbers: any other is
    an error of the op, as it is one of broadcasting.
    """
    if len(numbers) == 1:
        return np.asarray(numbers[0], dtype=np.float32)
    if not numbers or rank_of(value) != 2 or columns_of(value) not in (None, len(numbers)):
        return None
    return np.asarray(numbers, dtype=np.float32)


def words_in(*attributes: str) -> Callable[[ir.Node], Iterator[str]]:
    """Return what yields the texts that some attributes of a node list."""

    def find(node: ir.Node) -> Iterator[str]:
        for name in attributes:
            held = node.attributes.get(name)
            if held is None:
                continue
            if held.type == ir.AttributeType.STRINGS:
                yield from held.as_strings()
            elif held.type == ir.AttributeType.TENSOR:
                array = held.as_tensor().numpy()
                words = array.ravel().tolist() if array.dtype == object else []
                yield from (
                    w.decode(errors="replace") if isinstance(w, bytes) else w for w in words
                )

    return find


def categories_in(attribute: str) -> FindBounds:
    """Return what yields the range of the whole numbers that an attribute lists without a gap."""

    def find(node: ir.Node, traces: Mapping[ir.Value, Trace]) -> Iterator[Bound]:
        trace, held = traced(node, 0, traces), node.attributes.get(attribute)
        if trace is None or held is None or held.type != ir.AttributeType.INTS:
            return
        numbers = set(held.as_ints())
        if numbers and max(numbers) - min(numbers) + 1 == len(numbers):
            lows = min(numbers) - trace.offsets
            yield trace, lows, lows + len(numbers)

    return find
