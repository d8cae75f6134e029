"""ONNX's node tests put through the engine: loaded, labelled, optimized, saved, run, compared."""

from .cases import NodeCase, collect_cases
from .outcomes import Outcome, Run
from .workers import run_all

__all__ = ["NodeCase", "Outcome", "Run", "collect_cases", "run_all"]
