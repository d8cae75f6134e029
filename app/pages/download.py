"""Step 8: what was proved, and the files."""

from __future__ import annotations

import streamlit as st

from app.components.download import offer_files, show_certificate
from app.components.feedback import show_command, show_headline, show_missing, show_progress
from app.components.requests import offer_requests
from app.components.review import show_review
from app.components.runs import show_runs
from app.state import get_work
from app.views.header import optimize_command
from mari_engine import Section

work = get_work()
if work.opened is None or work.confirmed is None:
    page, label = ("model", "To the models") if work.opened is None else ("labels", "To the labels")
    show_missing(work.blocked(), page=f"pages/{page}.py", label=label)
    show_runs(work)
else:
    st.header("Shown, not claimed", anchor=False)
    if work.check is not None:
        show_progress(work.check, key="check-cancel")
    if work.result is not None:
        if work.result.certificate.passed:
            show_headline(work.result)
        show_certificate(work.result.certificate)
    if work.check is not None and not work.check.active:
        offer_requests(work)
    show_review(work, Section.LOSSLESSNESS)
    st.subheader("Files", anchor=False)
    offer_files(work)
    show_runs(work)
    show_command(
        work.opened,
        optimize_command(work.opened.path, work.options, [one.name for one in work.requests]),
    )
