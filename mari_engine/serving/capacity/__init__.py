"""Capacity: how many requests a second are served within a latency bound, before and after."""

from mari_engine.serving.capacity.measurement import measure_capacity
from mari_engine.serving.capacity.rate_search import Found, search

__all__ = ["Found", "measure_capacity", "search"]
