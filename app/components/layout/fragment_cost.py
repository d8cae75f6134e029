"""What one product for each fragment would have cost: measured, or measured now."""

from __future__ import annotations

import streamlit as st

from app.components.feedback import show_progress
from app.services import start_benchmark
from app.session import Work
from app.views.layout import fragment_cost, fragment_figure
from app.views.text import plain
from mari_engine import Arm

ARMS = (Arm.ORIGINAL, Arm.MARI, Arm.FRAGMENTS)


def show_fragment_cost(work: Work) -> None:
    """Draw the measurement, or a button that makes it; its progress while it runs."""
    st.subheader("What the fragments would have cost", anchor=False)
    st.caption(plain(fragment_cost(work.measured, work.options.candidates)))
    if work.measured is not None:
        figure = fragment_figure(work.measured)
        if figure is not None:
            st.plotly_chart(figure, key="fragments", config={"displayModeBar": False})
        return
    if work.benchmark is not None:
        show_progress(work.benchmark, key="fragments-cancel")
    blocked = work.unverified()
    busy = work.benchmark is not None and work.benchmark.active
    with st.container(horizontal=True, vertical_alignment="center"):
        clicked = st.button(
            f"Measure it at {work.options.candidates:,} candidates",
            icon=":material/speed:", disabled=bool(blocked) or busy, key="fragments-run",
        )  # fmt: skip
        if blocked:
            st.caption(plain(blocked), width="content")
    if clicked and work.opened is not None and work.result is not None:
        work.measure(
            start_benchmark(
                work.opened, work.result, batches=(work.options.candidates,), device="cpu",
                threads=1, arms=ARMS,
            )
        )  # fmt: skip
        st.rerun()
