"""A request's arrays by input name, and a run's results by output name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the command line reads these types before it needs an array
    import numpy as np

Feeds = dict[str, "np.ndarray"]
"""Arrays by input or output name."""
