"""Original and rewritten models timed against each other, interleaved, with peak memory."""

from mari_engine.benchmarking.comparison import benchmark

__all__ = ["benchmark"]
