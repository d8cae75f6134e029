"""Packed inputs as strips of columns."""

from __future__ import annotations

import streamlit as st

from app.views.strips import columns_figure
from app.views.text import plain
from mari_engine import Labels


def show_packed(labels: Labels) -> None:
    """Draw each packed input's columns to scale, in the colors of their sides."""
    for name, label in labels.inputs.items():
        if label.columns:
            st.markdown(f"**{plain(name)}**, column by column")
            st.plotly_chart(
                columns_figure(label.columns), key=f"packed-{name}",
                config={"displayModeBar": False},
            )  # fmt: skip
