"""Step 2: say which features belong to the request and which to the candidates."""

from __future__ import annotations

import streamlit as st

from app.components.feedback import show_missing, show_next
from app.components.labels import change_labels, edit_labels, edit_packed, show_confirm
from app.components.review import show_review
from app.services import engine_cache
from app.state import get_work
from mari_engine import Section

work = get_work()
if work.opened is None or work.labels is None:
    show_missing("Choose a model first.", page="pages/model.py", label="To the models")
else:
    info = engine_cache.describe(work.opened)
    st.header("Who owns which input?", anchor=False)
    st.caption(
        "**R** user and context features have one value per request; **I** item and **C** cross"
        " features have one per candidate. Conflicts and doubtful rows come first. Nothing goes"
        " on until you have confirmed them."
    )
    tools = st.container(horizontal=True)
    proposals = engine_cache.propose(work.opened)
    labels, problems = edit_labels(work, info, proposals)
    work.edit(labels)
    with tools:
        made = change_labels(work, labels, proposals, info)
    made = edit_packed(labels, info, work.revision) or made
    if made is not None:
        work.relabel(made)
        st.rerun()
    show_confirm(work, info, problems)
    show_review(work, Section.LABELS)
    show_next("pages/graph.py", "Graph", blocked=work.blocked())
