"""Long work as a bar with a cancel button; looks again by itself until the work has ended."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app.jobs import Job
from app.state import get_work
from app.views.text import plain

SECONDS = 0.5


def show_progress(job: Job[Any], *, key: str) -> None:
    """Draw a running job's progress and let it be cancelled; an ended one's failure, if any."""
    if job.active:
        st.fragment(_bar, run_every=SECONDS)(job, key)
    elif job.state == "failed":
        st.error(plain(get_work().tell(job.error)), icon=":material/error:")
    elif job.state == "cancelled":
        st.info("Cancelled.", icon=":material/cancel:")


def _bar(job: Job[Any], key: str) -> None:
    if not job.active:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        words = [f"{job.share:.0%}", plain(job.message or "starting"), f"{job.elapsed:,.0f} s"]
        st.progress(job.share, " · ".join(words))
        if st.button("Cancel", key=key, icon=":material/cancel:"):
            job.cancel()
