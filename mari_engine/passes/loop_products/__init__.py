"""Products in the bodies of Scans and Loops that are made before them, for all steps at once."""

from mari_engine.passes.loop_products.hoisting import HOIST_FROM_BODIES
from mari_engine.passes.loop_products.splitting import SPLIT_IN_BODIES

__all__ = ["HOIST_FROM_BODIES", "SPLIT_IN_BODIES"]
