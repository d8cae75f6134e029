"""What became of each product, as a table."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app.views.layout import count_actions, decision_rows
from mari_engine import Decision


def show_decisions(decisions: Sequence[Decision], candidates: int) -> None:
    """Draw how often each action was taken, and one row a product with its reason."""
    st.caption(" · ".join(f"**{n}** {meaning}" for _, n, meaning in count_actions(decisions)))
    st.dataframe(decision_rows(decisions, candidates), hide_index=True, height="content")
