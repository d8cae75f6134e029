"""The features that models of several libraries are made of, side by side."""

from __future__ import annotations

from sample_models.features import (
    CONTEXT_IDS,
    ITEM_DENSE,
    ITEM_IDS,
    USER_DENSE,
    USER_IDS,
)

FIELDS = (*USER_IDS, *CONTEXT_IDS, *ITEM_IDS)
"""One id a field."""
FLAT = (*FIELDS, *USER_DENSE, *ITEM_DENSE)
"""The same, and numbers."""
