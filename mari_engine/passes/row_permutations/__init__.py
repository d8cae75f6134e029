"""Rows that are sorted, packed or picked by masks stay in place."""

from mari_engine.passes.row_permutations.elimination import leave_in_place

__all__ = ["leave_in_place"]
