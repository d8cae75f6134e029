"""Statistics of rows joined of both sides, merged from those of each side (Chan et al., 1979).

Of `x = [u | i]` with means m_u, m_i and variances v_u, v_i, and the shares a + b = 1 of columns:

    d = m_i - m_u        m = m_u + d b        v = v_u a + v_i b + d^2 a b

Each side is centred by its own mean, so nothing cancels: no difference of large squares is taken.
What the request's columns contribute is computed once.
https://en.wikipedia.org/wiki/Algorithms_for_calculating_variance#Parallel_algorithm
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from mari_engine.axes import AxisLabels, Index, Norm, flat
from mari_engine.rewriting.context import Step
from mari_engine.rewriting.forms import Atom, AtomArithmetic, Product


@dataclass(frozen=True, eq=False)
class Statistics:
    """Mean and mean square of so many elements of each slice."""

    count: int
    mean: Atom | None
    """None where no mean is taken off."""
    mean_square: Atom
    """Of the deviations from the mean."""


@dataclass(frozen=True, eq=False)
class SideColumns:
    """The columns of one side, joined, and what is known of each slice of them."""

    columns: Index
    atom: Atom
    deviation: Atom
    """From the side's own mean."""
    statistics: Statistics


def measure_side(step: Step, columns: Index, atom: Atom, over: AxisLabels) -> SideColumns:
    """Return one side's columns with their statistics along some positions."""
    spec = step.spec
    assert isinstance(spec, Norm)
    arithmetic = AtomArithmetic(step.context.materializer, atom.axes)
    atom = step.context.layouts.with_row(atom)  # candidates meet numbers that are computed of it
    mean, deviation = None, atom
    if spec.centered:
        mean = _mean(step, atom, over)
        deviation = arithmetic.subtract(atom, mean)
    square = _mean(step, arithmetic.multiply(deviation, deviation), over)
    count = math.prod(int(flat(atom.axes)[at]) for at in over)
    return SideColumns(columns, atom, deviation, Statistics(count, mean, square))


def merge(one: Statistics, other: Statistics, arithmetic: AtomArithmetic) -> Statistics:
    """Return the statistics of the elements of both."""
    count = one.count + other.count

    def times(atom: Atom, number: float) -> Atom:
        return arithmetic.multiply(atom, arithmetic.number(number, atom))

    share, rest = other.count / count, one.count / count
    mean, square = None, times(one.mean_square, rest)
    square = arithmetic.add(square, times(other.mean_square, share))
    if one.mean is not None and other.mean is not None:
        apart = arithmetic.subtract(other.mean, one.mean)
        mean = arithmetic.add(one.mean, times(apart, share))
        between = times(arithmetic.multiply(apart, apart), share * rest)
        square = arithmetic.add(square, between)
    return Statistics(count, mean, square)


def _mean(step: Step, atom: Atom, over: AxisLabels) -> Atom:
    """Return the mean along some positions; of those that the atom lacks it is the atom's own."""
    own = tuple(at if at in atom.present else -1 for at in range(len(flat(atom.axes))))
    output = tuple(-1 if at in over else at for at in own)
    count = math.prod(int(flat(atom.axes)[at]) for at in over if at in atom.present)
    product = Product(atom.axes, (atom,), (own,), output, 1.0 / count, (step.node,))
    return step.context.materializer.materialize(product)
