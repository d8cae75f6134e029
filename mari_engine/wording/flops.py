"""How FLOPs grow with the candidates, in words."""

from __future__ import annotations

from mari_engine.types import Flops


def pairs_in_words(flops: Flops, candidates: int) -> str:
    """Return which share of the work grows with the square of the candidates, or "" where none.

    >>> pairs_in_words(Flops(0, 50, 1), 50), pairs_in_words(Flops(7, 50), 50)
    ('50% of it grows with the square of the candidates: they meet each other', '')
    """
    if not flops.per_pair:
        return ""
    share = flops.per_pair * candidates**2 / max(1, flops.at(candidates))
    return f"{share:.0%} of it grows with the square of the candidates: they meet each other"
