"""Checks of the load test on this machine's clock: `PYTHONPATH=tests python -m load_checks`."""

from load_checks.clock_checks import (
    check_equal_models,
    check_equal_servers,
    check_queue,
    check_stall,
)

__all__ = ["check_equal_models", "check_equal_servers", "check_queue", "check_stall"]
