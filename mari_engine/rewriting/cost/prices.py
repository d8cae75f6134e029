"""Prices of work on a device: the coefficients of the time model, in seconds a unit."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Prices:
    """What a unit of each kind of work takes, by default on one core of a present-day server.

    Fitted to onnxruntime 1.31 on one core of a server with AVX-512, over exports of ranking models:
    within 30% of what most of them take, and closer between ways to rewrite one of them.
    """

    flops_per_second: float = 9e10
    """Of products."""
    slices_per_second: float = 3e10
    """Of convolutions, recurrences and the like."""
    arithmetic_per_second: float = 1e10
    """Of everything else, place by place."""
    bytes_per_second: float = 1.2e10
    """Of tensors that caches hold in part."""
    node: float = 1e-6
    """The overhead of one more node."""
    batch: float = 1.5e-7
    """The overhead of one more matrix in a batch of matrix products."""
    piece: float = 7e-9
    """One more piece of a row that is joined."""
    pick: float = 2e-8
    """One more run of elements that is picked by index, or over which a broadcast goes."""
    source: str = "built-in"
    """Where they come from."""

    @property
    def move(self) -> float:
        """The seconds in which one float is read and written."""
        return 8.0 / self.bytes_per_second
