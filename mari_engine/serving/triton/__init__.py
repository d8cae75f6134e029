"""A Triton model repository of an optimized model: its configuration and a version folder."""

from mari_engine.serving.triton.repository import write_repository

__all__ = ["write_repository"]
