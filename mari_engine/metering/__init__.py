"""Redundancy metering: a model is run on probe requests, and what is repeated is counted."""

from mari_engine.metering.meter import measure

__all__ = ["measure"]
