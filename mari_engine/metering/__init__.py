"""The meter: runs a model on probe requests and measures what is redundant in it."""

from mari_engine.metering.meter import measure

__all__ = ["measure"]
