"""Step 2: say which features belong to the request and which to the candidates."""

from __future__ import annotations

import streamlit as st

from app.components.feedback import show_missing, show_next
from app.components.labels import (
    change_labels,
    edit_packed,
    edit_rows,
    show_choices,
    show_confirm,
)
from app.components.requests import offer_requests
from app.components.review import show_review
from app.services import engine_cache
from app.state import get_work
from app.views.labels import list_parts
from mari_engine import Section

work = get_work()
if work.opened is None or work.labels is None:
    show_missing("Choose a model first.", page="pages/model.py", label="To the models")
else:
    info = engine_cache.describe(work.opened)
    st.header("Who owns which input?", anchor="roles")
    st.caption(
        "**R** user and context features have one value per request; **I** item and **C** cross"
        " features have one per candidate. Nothing can check that for you: whatever is in doubt is"
        " answered by a person, or by logged requests, before anything goes on."
    )
    labels = work.labels
    parts = list_parts(labels, work.proposed)
    made = change_labels(work, parts, info)
    problems = edit_rows(work, parts, info)
    made = edit_packed(labels, info, work.revision) or made
    if made is not None:
        work.relabel(made)
        st.rerun()
    offer_requests(work)
    show_choices(work, parts, info, problems)
    show_review(work, Section.LABELS)
    show_next("pages/graph.py", "Graph", blocked=work.blocked())
    show_confirm(work, parts, problems)
