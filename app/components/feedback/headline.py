"""What a rewrite is worth, in the one sentence that report and terminal use."""

from __future__ import annotations

import streamlit as st

import mari_engine as mari
from app.views.text import plain


def show_headline(plan: mari.Plan) -> None:
    """Draw the sentence about this plan."""
    flops = plan.flops.before.flops, plan.flops.after.flops
    told = mari.headline_in_words(plan.layout, flops, plan.selection, plan.candidates)
    st.markdown(f"**{plain(told)}**")
