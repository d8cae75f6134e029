"""ONNX-to-ONNX passes that bring a model into a form the rewriter understands."""

from mari_engine.passes.pass_manager import counted_for, respell

__all__ = ["counted_for", "respell"]
