"""Weights that are wrong: rows and columns moved, lost or doubled, numbers slightly off."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import onnx_ir as ir

from mutation.subject import Array, Change, Subject

_LOOKUPS = ("Gather", "GatherND", "GatherElements")
_BIASED = {"Gemm": 2, "Conv": 2, "Add": 1, "BatchNormalization": 2, "LayerNormalization": 2}


def permuted_rows(subject: Subject) -> Iterator[Change]:
    """Two rows of a weight stand in each other's place."""
    for value, array in _matrices(subject):
        i, j = subject.rng.choice(len(array), 2, replace=False)
        yield _weight(subject, value, _exchange(i, j), f"rows {i} and {j}", (i, j))


def turned_rows(subject: Subject) -> Iterator[Change]:
    """All rows of a weight are one place off."""
    for value, _ in _matrices(subject):
        yield _weight(subject, value, lambda array: np.roll(array, 1, axis=0), "rows by one", (1,))


def swapped_columns(subject: Subject) -> Iterator[Change]:
    """Two columns of a weight stand in each other's place."""
    for value, array in subject.weights(2):
        if array.shape[-1] > 1:
            i, j = subject.rng.choice(array.shape[-1], 2, replace=False)

            def swap(array: Array, i: int = i, j: int = j) -> Array:
                return np.swapaxes(_exchange(i, j)(np.swapaxes(array, 0, -1)), 0, -1)

            yield _weight(subject, value, swap, f"columns {i} and {j}")


def dropped_row(subject: Subject) -> Iterator[Change]:
    """One row of a weight is zero."""
    for value, array in _matrices(subject):
        row = int(subject.rng.integers(len(array)))

        def drop(array: Array, row: int = row) -> Array:
            array[row] = 0
            return array

        yield _weight(subject, value, drop, f"row {row}", (row,))


def repeated_row(subject: Subject) -> Iterator[Change]:
    """A row of a weight is read in another's place."""
    for value, array in _matrices(subject):
        i, j = subject.rng.choice(len(array), 2, replace=False)

        def repeat(array: Array, i: int = i, j: int = j) -> Array:
            array[i] = array[j]
            return array

        yield _weight(subject, value, repeat, f"row {j} at {i}", (i,))


def transposed_square(subject: Subject) -> Iterator[Change]:
    """A square weight is transposed."""
    for value, array in subject.weights(2):
        if array.shape[-1] == array.shape[-2]:
            yield _weight(subject, value, lambda array: array.swapaxes(-1, -2), "transposed")


def one_weight_off(subject: Subject) -> Iterator[Change]:
    """One number of a weight is off by 1e-3 of the weight's magnitude."""
    for value, array in subject.weights(1):
        at = tuple(int(subject.rng.integers(extent)) for extent in array.shape)

        def spoil(array: Array, at: tuple[int, ...] = at) -> Array:
            array[at] += 1e-3 * (np.abs(array).max() or 1.0)
            return array

        yield _weight(subject, value, spoil, f"at {at}", at[:1])


def all_weights_off(subject: Subject) -> Iterator[Change]:
    """A whole weight is off by 1e-5 of itself."""
    for value, _ in subject.weights(1):
        yield _weight(subject, value, lambda array: array * (1 + 1e-5), "all")


def bias_off(subject: Subject) -> Iterator[Change]:
    """One number of a bias is off by 1e-3, or by 1e-5."""
    for node in subject.nodes(*_BIASED):
        at = _BIASED[node.op_type]
        value = node.inputs[at] if len(node.inputs) > at else None
        if value is None or value.const_value is None or value.dtype != ir.DataType.FLOAT:
            continue
        off = float(subject.rng.choice([1e-3, 1e-5]))
        column = int(subject.rng.integers(value.const_value.size))

        def spoil(array: Array, column: int = column, off: float = off) -> Array:
            array.reshape(-1)[column] += off
            return array

        yield _weight(subject, value, spoil, f"column {column} by {off:.0e}")


def end_of_a_table(subject: Subject) -> Iterator[Change]:
    """The first or the last row of a table is off by 1e-2: only one id shows it."""
    for value, array in _matrices(subject):
        if any(node.op_type in _LOOKUPS and at == 0 for node, at in value.uses()):
            row = int(subject.rng.choice([0, len(array) - 1]))
            yield _weight(subject, value, _row_off(row), f"row {row} of {len(array)}", (row,))


def row_of_a_table(subject: Subject) -> Iterator[Change]:
    """Some row of a table is off by 1e-2: only one id shows it."""
    for value, array in _matrices(subject):
        if any(node.op_type in _LOOKUPS and at == 0 for node, at in value.uses()):
            row = int(subject.rng.integers(len(array)))
            yield _weight(subject, value, _row_off(row), f"row {row} of {len(array)}", (row,))


def _row_off(row: int) -> Callable[[Array], Array]:
    def spoil(array: Array) -> Array:
        array[row] += 1e-2
        return array

    return spoil


def _exchange(i: int, j: int) -> Callable[[Array], Array]:
    def swap(array: Array) -> Array:
        array[[i, j]] = array[[j, i]]
        return array

    return swap


def _matrices(subject: Subject) -> Iterator[tuple[ir.Value, Array]]:
    yield from ((value, array) for value, array in subject.weights(2) if len(array) > 1)


def _weight(
    subject: Subject,
    value: ir.Value,
    spoil: Callable[[Array], Array],
    what: str,
    ids: tuple[int, ...] = (),
) -> Change:
    def apply() -> None:
        assert value.const_value is not None
        subject.set_weight(value, spoil(np.array(value.const_value.numpy())))

    return Change(f"weight {value.name}: {what}", apply, tuple(int(one) for one in ids))
