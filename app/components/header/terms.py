"""Glossary, on every page."""

from __future__ import annotations

import streamlit as st

from app.views.header import TERMS


def show_terms() -> None:
    """Draw the button that explains the terms."""
    with (
        st.container(key="terms"),
        st.popover("Terms", icon=":material/menu_book:", type="tertiary"),
    ):
        for group, terms in TERMS.items():
            st.markdown(f"##### {group}")
            st.markdown("\n".join(f"- **{term}**: {meaning}" for term, meaning in terms.items()))
