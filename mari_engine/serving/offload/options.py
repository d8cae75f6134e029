"""What is asked of an offload: how the cut is chosen, and what it is weighed by."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from mari_engine.rewriting.context import Options
from mari_engine.rewriting.cost import Prices
from mari_engine.serving.offload.cut_graph import FEMTO, Weighing
from mari_engine.types import DEFAULT_CANDIDATES, PartKind, Signature, Store

BOTH_PARTS = (PartKind.REQUEST, PartKind.ITEM)
TABLE_SECONDS = 1e-7
"""What a GiB of tables in the online model counts as, in seconds per candidate: memory of that size
costs about an eighth of a core, and a core scores about a million candidates a second."""
_REQUEST_BANDWIDTH = 10**9
"""Bytes per second at which the request's values are handed over where none is stated."""


@dataclass(frozen=True, kw_only=True)
class OffloadOptions:
    """How a cut is chosen, what of it is made, and what it is weighed by."""

    most_bytes: int | None = None
    """At most so many bytes are fetched per candidate."""
    bandwidth: int | None = None
    """Bytes per second at which items' values are fetched."""
    parts: tuple[PartKind, ...] = BOTH_PARTS
    """The parts that are made beside the online one."""
    store: Store = Store.FLOAT32
    candidates: int = DEFAULT_CANDIDATES
    keep: tuple[str, ...] = ()
    prices: Prices = field(default_factory=Prices)
    table_seconds: float = TABLE_SECONDS
    """Seconds per candidate that a GiB of tables in the online model counts as."""
    autotune: bool = False
    """Expected times are scaled to what the uncut model takes on this machine."""

    def rewriting(self) -> Options:
        """Return how the model is rewritten before it is cut."""
        return Options(
            signature=Signature.COMPACT,
            candidates=self.candidates,
            keep=self.keep,
            prices=self.prices,
        )

    def weighing(self) -> Weighing:
        """Return what cuts are weighed by."""
        return Weighing(
            prices=self.prices,
            candidates=self.candidates,
            table_seconds=self.table_seconds,
            half=self.store == Store.FLOAT16,
        )

    @property
    def request_price(self) -> Fraction:
        """Femtoseconds that it takes to hand over a byte of the request's values."""
        return Fraction(FEMTO, self.bandwidth or _REQUEST_BANDWIDTH)
