"""Loops over bags of ids become one lookup and one reduction."""

from mari_engine.passes.embedding_bags.loop_to_reduction import without_loops

__all__ = ["without_loops"]
