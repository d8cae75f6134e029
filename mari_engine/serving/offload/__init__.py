"""A model cut in three: computed for a request, over the catalogue, and online."""

from mari_engine.serving.offload.folder import OFFLOADED, ItemPart, Offloaded, load_offloaded
from mari_engine.serving.offload.offloading import OffloadResult, cut_frontier, offload

__all__ = [
    "OFFLOADED",
    "ItemPart",
    "OffloadResult",
    "Offloaded",
    "cut_frontier",
    "load_offloaded",
    "offload",
]
