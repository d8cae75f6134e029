"""Equivalence check: original and rewritten model run on the same requests, and are compared."""

from mari_engine.verification.verifier import verify

__all__ = ["verify"]
