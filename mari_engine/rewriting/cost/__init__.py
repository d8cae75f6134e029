"""Expected time: prices of work on a device, calibrated, cached, summed over a graph."""

from mari_engine.rewriting.cost.calibration import Calibration
from mari_engine.rewriting.cost.price_cache import measured_prices, price_file
from mari_engine.rewriting.cost.prices import Prices
from mari_engine.rewriting.cost.time_model import Line, faster_from, line, whole_line

__all__ = [
    "Calibration",
    "Line",
    "Prices",
    "faster_from",
    "line",
    "measured_prices",
    "price_file",
    "whole_line",
]
