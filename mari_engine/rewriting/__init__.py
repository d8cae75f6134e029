"""The partial evaluator: walks the graph, keeps values lazy, writes the new graph."""

from mari_engine.rewriting.interpreter import Rewritten

__all__ = ["Rewritten"]
