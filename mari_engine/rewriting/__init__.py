"""The partial evaluator: interprets a graph over lazy values, and writes what is left to run."""

from mari_engine.rewriting.interpreter import Rewritten

__all__ = ["Rewritten"]
