"""Step 6: cut the model in parts that a service computes at different times."""

from __future__ import annotations

import streamlit as st

from app.components.feedback import show_command, show_missing, show_next, show_progress
from app.components.serving import (
    choose_cut,
    choose_store,
    explain_parts,
    show_capacity,
    show_parts,
)
from app.services import start_cuts, start_offload
from app.state import get_work
from app.views.header import items_command, offload_command

work = get_work()
if work.opened is None or work.confirmed is None:
    page, label = ("model", "To the models") if work.opened is None else ("labels", "To the labels")
    show_missing(work.blocked(), page=f"pages/{page}.py", label=label)
else:
    st.header("Computed when it is known", anchor=False)
    st.caption(
        "A service knows its items before any request, and the user before the candidates. What"
        " depends on one of them alone need not be computed while somebody waits."
    )
    explain_parts()
    store = choose_store(work.cuts_store)
    if work.cuts is None or work.cuts_store != store:
        work.weigh_cuts(start_cuts(work.opened, work.confirmed, work.options, store), store)
    assert work.cuts is not None
    show_progress(work.cuts, key="cuts-cancel")
    busy = work.parts is not None and work.parts.active
    chosen = None if work.cuts.result is None else choose_cut(work.cuts.result, busy=busy)
    if chosen is not None and chosen.clicked:
        work.cut(
            start_offload(
                work.opened,
                work.confirmed,
                work.options,
                most_bytes=chosen.point.bytes,
                store=store,
                requests=work.requests,
            )
        )
        st.rerun()
    if work.parts is not None:
        show_progress(work.parts, key="parts-cancel")
        if work.parts.result is not None:
            show_parts(work, work.parts.result)
    if chosen is not None:
        requests = [one.name for one in work.requests]
        most = chosen.point.bytes
        show_command(
            work.opened,
            offload_command(work.opened.path, work.options, most, store, requests),
            then=items_command(),
        )
    show_capacity(work)
    show_next("pages/review.py", "Review", blocked=work.blocked())
