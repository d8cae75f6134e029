"""Step 1: choose a model, and see what it is."""

from __future__ import annotations

import streamlit as st

from app.components.feedback import show_command, show_error, show_next
from app.components.model import (
    TRY,
    open_picked,
    pick_model,
    show_card,
    show_fixed_batch,
    show_waiting,
    show_welcome,
)
from app.services import engine_cache, open_sample
from app.state import get_work
from app.views.header import labels_command
from mari_engine import MariError

work = get_work()
if work.error:
    show_error(MariError(work.error))

show_waiting()
if work.opened is None:
    tried = show_welcome()
    picked = pick_model()
    picked = open_sample(TRY) if tried else picked
else:
    info = engine_cache.describe(work.opened)
    show_card(work.opened, info)
    freed = show_fixed_batch(work.opened, info)
    show_next("pages/labels.py", "Labels")
    show_command(work.opened, labels_command(work.opened.path))
    with st.expander("Choose another model", icon=":material/swap_horiz:"):
        picked = pick_model() or freed

if picked is not None:
    try:
        open_picked(work, picked)
        st.rerun()
    except MariError as error:
        show_error(error)
