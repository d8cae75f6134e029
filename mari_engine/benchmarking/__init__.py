"""Original and rewritten models timed against each other, interleaved, with peak memory."""

from mari_engine.benchmarking.arm_timing import PreparedArm
from mari_engine.benchmarking.batch_worth import BatchWorth, weigh_batch
from mari_engine.benchmarking.comparison import benchmark
from mari_engine.benchmarking.prepared_arms import ARMS

__all__ = ["ARMS", "BatchWorth", "PreparedArm", "benchmark", "weigh_batch"]
