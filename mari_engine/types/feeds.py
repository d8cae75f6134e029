"""A request's arrays by input name, and a run's results by output name."""

from __future__ import annotations

import numpy as np

Feeds = dict[str, np.ndarray]
"""Arrays by input or output name."""
