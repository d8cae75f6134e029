"""DOC."""

from __future__ import annotations

import numpy as np

Feeds = dict[str, np.ndarray]
"""Arrays by input or output name."""
