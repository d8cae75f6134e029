"""ONNX-to-ONNX passes that bring a model into the canonical form that the rewriter works on."""

from mari_engine.passes.pass_manager import Canonical, run_passes

__all__ = ["Canonical", "run_passes"]
