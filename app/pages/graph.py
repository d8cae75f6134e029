"""Step 3: the colored graph, before and after."""

from __future__ import annotations

import streamlit as st

from app.components.feedback import show_command, show_missing, show_next
from app.components.graph import show_graph_panel
from app.components.review import show_review
from app.state import get_work
from app.views.header import inspect_command
from mari_engine import Section

work = get_work()
if work.opened is None:
    show_missing("Choose a model first.", page="pages/model.py", label="To the models")
else:
    st.header("What depends on the candidates, and what does not", anchor=False)
    with st.container(key="wide"):
        show_graph_panel(work)
    show_review(work, Section.DECISIONS)
    show_next("pages/layout.py", "Layout", blocked=work.blocked())
    show_command(work.opened, inspect_command(work.opened.path, work.options))
