"""The certificate in plain words, the figures behind it on demand."""

from __future__ import annotations

import streamlit as st

from app.views.download import check_rows, explain, missed_rows, verdict
from app.views.text import plain
from mari_engine import Certificate

_EXPONENT = ("float64 difference", "rounding, original", "rounding, optimized")


def show_certificate(certificate: Certificate) -> None:
    """Draw the verdict, what it rests on, and every check."""
    if certificate.passed:
        st.success(plain(verdict(certificate)), icon=":material/verified:")
    else:
        st.error(plain(verdict(certificate)), icon=":material/error:")
    for heading, words in explain(certificate):
        left, right = st.columns([1, 6])
        left.markdown(f"**{heading}**")
        right.markdown(plain(words))
    if missed := missed_rows(certificate):
        with st.expander("Branches that no request took", icon=":material/alt_route:"):
            st.dataframe(missed, hide_index=True)
    with st.expander("Every check", icon=":material/checklist:"):
        number = st.column_config.NumberColumn
        st.dataframe(
            check_rows(certificate),
            hide_index=True,
            column_config={name: number(format="%.1e") for name in _EXPONENT},
        )
        versions = [f"{key} {value}" for key, value in certificate.versions.items()]
        st.caption(plain(" · ".join(versions)))
