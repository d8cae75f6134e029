"""Original and rewritten models timed against each other, interleaved, with peak memory."""

from mari_engine.benchmarking.arm_timing import PreparedArm
from mari_engine.benchmarking.comparison import benchmark
from mari_engine.benchmarking.prepared_arms import ARMS

__all__ = ["ARMS", "PreparedArm", "benchmark"]
