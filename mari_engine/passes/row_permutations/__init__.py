"""Rows that are sorted, packed or picked by masks are computed where they are."""

from mari_engine.passes.row_permutations.elimination import ROW_PERMUTATIONS

__all__ = ["ROW_PERMUTATIONS"]
