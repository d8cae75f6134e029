"""What the interpreter does with each kind of declaration."""

from mari_engine.rewriting.handlers.dispatch import HANDLERS

__all__ = ["HANDLERS"]
