"""What the item part gives for a whole catalogue, written as a store and looked up by key."""

from mari_engine.serving.items.item_store import ItemStore
from mari_engine.serving.items.on_ray import RayOptions
from mari_engine.serving.items.writing import WrittenItems, write_items

__all__ = ["ItemStore", "RayOptions", "WrittenItems", "write_items"]
