"""From a file to a Model: validated, normalized, constants folded, batch axis free."""

from mari_engine.loading.model_file import load

__all__ = ["load"]
