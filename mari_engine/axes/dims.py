"""Symbolic shape arithmetic: extents that are products of numbers and symbols.

An extent is a product of whole numbers and symbols ("N" is the number of candidates), which is
all that exported shape arithmetic needs: sums of symbols are refused, never approximated.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache

from mari_engine.axes.row_axes import ONE_REQUEST, ROWS, SEVERAL_REQUESTS

Dim = int | str
"""One factor of an axis: a whole number or the name of a symbol."""
Axis = tuple[Dim, ...]
"""An axis as a product of factors, outermost first; () is an axis of extent 1."""
Axes = tuple[Axis, ...]
"""The shape of a value."""


class Unsupported(Exception):
    """A rule does not know this form of its op; the text is the reason shown to the user."""


class UnequalAxes(Unsupported):
    """Two axes meet that are not known to be equal; `left` and `right` are the axes."""

    def __init__(self, left: Axis, right: Axis) -> None:
        self.left, self.right = left, right
        super().__init__(
            f"an axis of {_named(left)} meets one of {_named(right)}, and nothing tells that they "
            "are equal; export both with one name, or with fixed lengths"
        )


_MOST_FACTORS = 64
"""Symbols that an extent may be a product of; each squaring of one doubles them."""


@dataclass(frozen=True)
class Size:
    """A product `number * symbol * symbol ...`; symbols are sorted.

    The symbols of requests and candidates stand for extents of at least 1, any other for one of at
    least 0: a history may be empty.
    """

    number: int = 1
    symbols: tuple[str, ...] = ()
    factors: Axis = field(default=(), compare=False)
    """Of the axis that it was read from, in that order; () where it was computed."""

    @staticmethod
    def of(value: object) -> Size:
        """Return a whole number, or a Size, as a Size."""
        if isinstance(value, Size):
            return value
        whole = int(value)  # type: ignore[call-overload]
        if whole != value:
            raise Unsupported(f"an extent is computed with {value}, which is no whole number")
        return Size(whole)

    @property
    def filled(self) -> bool:
        """True for an extent that is never 0: no symbol but those of rows is a factor."""
        return self.number > 0 and self._certain

    @property
    def _certain(self) -> bool:
        """True where `a * symbols == b * symbols` means `a == b`: no symbol may be 0."""
        return not self.symbols or ROWS.issuperset(self.symbols)

    def plain(self) -> int | Size:
        """Return a plain int when there is no symbol."""
        return self if self.symbols else self.number

    def same(self, other: Size) -> bool:
        """Return True when both are written alike; unlike ==, never an error."""
        return (self.number, self.symbols) == (other.number, other.symbols)

    def __mul__(self, other: object) -> int | Size:
        right = Size.of(other)
        number = self.number * right.number
        if len(self.symbols) + len(right.symbols) > _MOST_FACTORS:
            raise Unsupported(f"an extent of more than {_MOST_FACTORS} factors")
        symbols = tuple(sorted(self.symbols + right.symbols)) if number else ()
        return Size(number, symbols).plain()

    __rmul__ = __mul__

    def __floordiv__(self, other: object) -> int | Size:
        right = Size.of(other)
        left = Counter(self.symbols)
        left.subtract(right.symbols)
        if right.number == 0 or self.number % right.number or min(left.values(), default=0) < 0:
            raise Unsupported(f"the extent {self} is divided by {right}")
        return Size(self.number // right.number, tuple(sorted(left.elements()))).plain()

    def __truediv__(self, other: object) -> int | Size:
        raise Unsupported(f"the extent {self} is divided by {other} in floating point")

    def __rtruediv__(self, other: object) -> int | Size:
        raise Unsupported(f"{other} is divided by the extent {self} in floating point")

    def __rfloordiv__(self, other: object) -> int | Size:
        return Size.of(other) // self

    def __add__(self, other: object) -> int | Size:
        right = Size.of(other)
        if right.symbols == self.symbols:
            number = self.number + right.number
            return Size(number, self.symbols if number else ()).plain()
        if right.number == 0:
            return self.plain()
        raise Unsupported(f"the extents {self} and {right} are added")

    __radd__ = __add__

    def __sub__(self, other: object) -> int | Size:
        return self + (Size.of(other) * -1)

    def __rsub__(self, other: object) -> int | Size:
        return Size.of(other) + (self * -1)

    def __neg__(self) -> int | Size:
        return self * -1

    def __abs__(self) -> int | Size:
        return Size(abs(self.number), self.symbols).plain()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (int, Size)):
            return NotImplemented
        right = Size.of(other)
        if self.symbols == right.symbols and (self.number == right.number or self._certain):
            return self.number == right.number
        apart = self.number > 0 and (right.number < 0 or (right.number == 0 and self.filled))
        if right.symbols or not apart:
            raise Unsupported(f"whether the extent {self} equals {right} is known only at run time")
        return False

    def __hash__(self) -> int:
        return hash((self.number, self.symbols))

    def __lt__(self, other: object) -> bool:
        return self._compare(other) < 0

    def __le__(self, other: object) -> bool:
        return self._compare(other) <= 0

    def __gt__(self, other: object) -> bool:
        return self._compare(other) > 0

    def __ge__(self, other: object) -> bool:
        right = Size.of(other)
        if right.symbols == self.symbols and self.number >= right.number:
            return True
        if not right.symbols and self.number >= right.number and (self.filled or right.number <= 0):
            return True
        return self._compare(other) >= 0

    def _compare(self, other: object) -> int:
        right = Size.of(other)
        if right.symbols == self.symbols and (self.number == right.number or self._certain):
            return (self.number > right.number) - (self.number < right.number)
        least = self.number if self.filled else 0
        if not right.symbols and right.number < least:
            return 1
        raise Unsupported(f"whether the extent {self} exceeds {right} is known only at run time")

    def __int__(self) -> int:
        if self.symbols:
            raise Unsupported(f"the extent {self} is known only at run time")
        return self.number

    def __str__(self) -> str:
        parts = [str(self.number)] if self.number != 1 or not self.symbols else []
        return "*".join([*parts, *self.symbols])


def size(axis: Axis) -> Size:
    """Return the extent of an axis."""
    return _size(axis)


@lru_cache(maxsize=4096)
def _size(axis: Axis) -> Size:
    number = 1
    for dim in axis:
        if isinstance(dim, int):
            number *= dim
    symbols = tuple(sorted(dim for dim in axis if isinstance(dim, str)))
    return Size(number, symbols, tuple(dim for dim in axis if dim != 1))


def static(axis: Axis) -> int | None:
    """Return the extent of an axis as a number, or None when it has a symbol."""
    extent = size(axis)
    return None if extent.symbols else extent.number


def is_one(axis: Axis) -> bool:
    """Return True for an axis of extent 1."""
    return static(axis) == 1


def flat(axes: Axes) -> Axis:
    """Return all factors of all axes, in order: the positions that forms refer to."""
    return _flat(axes)


@lru_cache(maxsize=4096)
def _flat(axes: Axes) -> Axis:
    return tuple(dim for axis in axes for dim in axis)


def positions(axes: Axes) -> tuple[tuple[int, ...], ...]:
    """Return for each axis the positions of its factors in `flat(axes)`."""
    return _positions(axes)


@lru_cache(maxsize=4096)
def _positions(axes: Axes) -> tuple[tuple[int, ...], ...]:
    out, at = [], 0
    for axis in axes:
        out.append(tuple(range(at, at + len(axis))))
        at += len(axis)
    return tuple(out)


def align(left: Axis, right: Axis) -> Axis:
    """Return the coarsest common refinement of two axes of equal extent.

    Raises Unsupported when there is none, as for 2*3 and 3*2, or when the extents differ.
    """
    a, b = [d for d in left if d != 1], [d for d in right if d != 1]
    out: list[Dim] = []
    while a and b:
        x, y = a.pop(0), b.pop(0)
        if x == y:
            out.append(x)
            continue
        if isinstance(x, str) or isinstance(y, str) or 0 in (x, y):
            break
        if x % y == 0:
            out.append(y)
            a.insert(0, x // y)
        elif y % x == 0:
            out.append(x)
            b.insert(0, y // x)
        else:
            break
    else:
        if not a and not b:
            return tuple(out)
    raise UnequalAxes(left, right)


def _named(axis: Axis) -> str:
    """Return an axis for people; a name that shape inference made up says nothing to them."""
    return "a length that only the run knows" if any(map(is_anonymous, axis)) else show(axis)


def is_anonymous(dim: Dim) -> bool:
    """Return True for a symbol that shape inference made up for an extent of unknown name."""
    return isinstance(dim, str) and dim.startswith(("unk__", "?"))


def unify_axes(axis: Axis, other: Axis) -> Axis:
    """Return two axes that must be equal as one: the more specific of the two.

    An anonymous symbol is unified with anything, another symbol with the candidates'. Raises
    Unsupported where equality cannot be derived.
    """
    for one, more in ((axis, other), (other, axis)):
        named = len(one) == 1 and isinstance(one[0], str)
        if named and (is_anonymous(one[0]) or more in (ONE_REQUEST, SEVERAL_REQUESTS)):
            return more
    return align(axis, other)


def show(axis: Axis) -> str:
    """Return an axis for people: "N*50"."""
    return str(size(axis))


def with_extent(axes: Axes, position: int, extent: int) -> Axes:
    """Return the axes with another extent at one position."""
    at, out = 0, []
    for axis in axes:
        here = position - at
        out.append((*axis[:here], extent, *axis[here + 1 :]) if 0 <= here < len(axis) else axis)
        at += len(axis)
    return tuple(out)
