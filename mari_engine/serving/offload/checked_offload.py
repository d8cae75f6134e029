"""A model cut into parts, with all that was decided and checked, before it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mari_engine.graph import Model
from mari_engine.plan_types import CheckedPlan
from mari_engine.serving.offload.options import OffloadOptions
from mari_engine.types import Certificate, CutPoint, Frontier, PartKind


@dataclass(frozen=True, eq=False, kw_only=True)
class CheckedOffload:
    """A model cut in parts, and the certificate of the chain that they make."""

    checked: CheckedPlan
    """The rewritten model that was cut, and in the place of it the parts joined again."""
    parts: Mapping[PartKind, Model]
    hashes: Mapping[PartKind, str]
    """SHA-256 of what the parts compute; none of the online part."""
    frontier: Frontier
    point: CutPoint
    """The cut that was chosen."""
    options: OffloadOptions

    @property
    def certificate(self) -> Certificate:
        """What was checked of the chain, and how it came out."""
        return self.checked.certificate

    @property
    def item_hash(self) -> str:
        """SHA-256 of what the item part computes, in hex; "" where there is none."""
        return self.hashes.get(PartKind.ITEM, "")
