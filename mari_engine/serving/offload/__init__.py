"""A model cut in three: computed for a request, over the catalogue, and online."""

from mari_engine.serving.offload.folder import ItemPart, Offloaded, load_offloaded

__all__ = ["ItemPart", "Offloaded", "load_offloaded"]
