"""What-if: the FLOPs of a request with each doubtful label on the other side."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app.components.feedback import show_progress
from app.services import start_flips
from app.session import Flips, Options, Work, bare
from app.views.labels import Part, flip_rows
from app.views.text import count
from mari_engine import Labels

MOST = 20


def show_what_if(work: Work, rows: Sequence[Part], labels: Labels, options: Options) -> None:
    """Draw the button, the progress, and the table of what was tried for these labels."""
    parts = [part for part in rows if part.open]
    if work.opened is None or not parts:
        return
    key = (work.opened.key, bare(labels), options)
    with st.expander(
        f"What {count(len(parts), 'doubtful label')} would change", icon=":material/balance:"
    ):
        st.caption(
            "Each is put on the other side in turn, all else as it stands, and the model rewritten"
            f" for it; FLOPs of a request at {options.candidates:,} candidates, counted."
        )
        flips = work.flips if work.flips is not None and work.flips.key == key else None
        if flips is None:
            shown = f"{MOST} of them" if len(parts) > MOST else "them"
            if st.button(f"Try {shown}", icon=":material/balance:", key="flips-run"):
                job = start_flips(work.opened, labels, parts[:MOST], options)
                work.watch(job)
                work.flips = Flips(key, job)
                st.rerun()
            return
        show_progress(flips.job, key="flips-cancel")
        if flips.job.result is not None:
            st.dataframe(flip_rows(flips.job.result), hide_index=True, height="content")
