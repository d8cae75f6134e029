"""Step 9: the model beside an earlier one, or an earlier export."""

from __future__ import annotations

import streamlit as st

from app.components.compare import choose_other, compare_exports, show_difference
from app.components.feedback import show_command, show_missing, show_progress
from app.services import start_comparison
from app.state import get_work
from app.views.header import diff_command

work = get_work()
if work.opened is None:
    show_missing(work.blocked(), page="pages/model.py", label="To the models")
else:
    st.header("What changed since then", anchor=False)
    st.caption(
        "Nodes are matched by what they compute, whatever their names. Once labels are confirmed,"
        " sides and decisions are compared, too."
    )
    busy = work.difference is not None and work.difference.active
    other = choose_other(work, busy=busy)
    if other is not None:
        work.compare(start_comparison(work.opened, work.confirmed, work.options, other))
        st.rerun()
    if work.difference is not None:
        show_progress(work.difference, key="compare-cancel")
        if work.difference.result is not None:
            show_difference(work.difference.result, work.options.candidates)
    show_command(
        work.opened,
        diff_command(work.opened.path, work.options, confirmed=work.confirmed is not None),
    )
compare_exports(work)
