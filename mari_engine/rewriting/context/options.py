"""What a rewrite is made for, apart from the model and its labels, and how far it goes."""

from __future__ import annotations

from dataclasses import dataclass, field

from mari_engine.rewriting.cost import Prices
from mari_engine.types import RequestIndex, Signature


@dataclass(frozen=True, kw_only=True)
class Options:
    """The calling contract, the number of candidates, what must stay, and what work costs."""

    signature: Signature
    candidates: int
    """Candidates of a request that decisions are made for."""
    keep: tuple[str, ...] = ()
    """Names of nodes that must stay as they are."""
    index: RequestIndex = RequestIndex.ROWS
    """How several requests in one call are told apart."""
    prices: Prices = field(default_factory=Prices)
    """Seconds of each kind of work, by which expected times are compared."""


@dataclass(frozen=True)
class Strategy:
    """How far a rewrite goes: MaRI itself, and the arms that a benchmark compares it with."""

    split: bool = True
    """Split products behind joins; otherwise the user side only runs once (one-shot)."""
    neat: bool = True
    """One product per side; otherwise one per fragment."""
    norms: bool = True
    """Take norms, and scales of whole rows, over both sides apart; only what folds does so."""
    fold: bool = True
    """Fold request-side tensors into per-request weights."""

    @property
    def takes_norms_apart(self) -> bool:
        """Whether norms over both sides are made by side: their columns then fold."""
        return self.split and self.fold and self.norms
