"""Factor matching of a reshape: which old factors and which new ones hold the same elements.

`[6, 50] -> [2, 3, 50]`: 6 is matched with 2 and 3, and 50 with 50.
"""

from __future__ import annotations

from collections.abc import Sequence

from mari_engine.axes.dims import Axes, Axis, Dim, Unsupported, size

Run = tuple[tuple[int, ...], tuple[int, ...]]


def separate_axes(dims: Sequence[Dim]) -> Axes:
    """Return axes of one factor each."""
    return tuple((dim,) for dim in dims)


def match_factors(old: Axis, new: Axis) -> list[Run]:
    """Return runs of old positions and the new positions that hold the same elements."""
    out: list[Run] = []
    i = j = 0
    while i < len(old) or j < len(new):
        if i < len(old) and j < len(new) and old[i] == new[j]:
            out.append(((i,), (j,)))
            i, j = i + 1, j + 1
        elif i < len(old) and old[i] == 1:
            out.append(((i,), ()))
            i += 1
        elif j < len(new) and new[j] == 1:
            out.append(((), (j,)))
            j += 1
        else:
            a, b = i + 1, j + 1
            while a <= len(old) and b <= len(new) and not size(old[i:a]).same(size(new[j:b])):
                if _smaller(old[i:a], new[j:b]):
                    a += 1
                else:
                    b += 1
            if a > len(old) or b > len(new):
                raise Unsupported(f"{old} cannot be shown as {new}")
            out.append((tuple(range(i, a)), tuple(range(j, b))))
            i, j = a, b
    return out


def _smaller(left: Axis, right: Axis) -> bool:
    a, b = size(left), size(right)
    if a.symbols != b.symbols:
        return len(a.symbols) < len(b.symbols)
    return a.number < b.number
