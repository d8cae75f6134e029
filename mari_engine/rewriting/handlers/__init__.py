"""What the interpreter does with each kind of declaration."""

from mari_engine.rewriting.handlers.dispatch import HANDLERS
from mari_engine.rewriting.handlers.norms import merge_norm

__all__ = ["HANDLERS", "merge_norm"]
