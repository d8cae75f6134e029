"""Step 7: what people said of each section, and what is still to be settled."""

from __future__ import annotations

import streamlit as st

from app.components.feedback import show_missing, show_next
from app.components.review import show_overview, show_review
from app.state import get_work
from mari_engine import Section

work = get_work()
if work.opened is None:
    show_missing(work.blocked(), page="pages/model.py", label="To the models")
else:
    st.header("What the meeting decides", anchor=False)
    st.caption(
        "Notes are pinned to what they are about and stay open until they are settled. A sign-off"
        " accepts a section as it stands. Session file and report keep all of it."
    )
    show_overview(work)
    for section in Section:
        show_review(work, section, title=section.heading)
    show_next("pages/download.py", "Download", blocked=work.blocked())
