"""The online part timed with what it fetches of a store, beside the other arms of a benchmark."""

from mari_engine.serving.timing.offloaded_arm import open_offloaded_arm

__all__ = ["open_offloaded_arm"]
