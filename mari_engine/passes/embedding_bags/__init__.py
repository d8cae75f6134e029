"""EmbeddingBag loops as one lookup and one reduction."""

from mari_engine.passes.embedding_bags.loop_to_reduction import EMBEDDING_BAGS

__all__ = ["EMBEDDING_BAGS"]
