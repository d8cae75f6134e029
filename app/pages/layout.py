"""Step 4: the columns of each fusion layer, as they were and as they are."""

from __future__ import annotations

import streamlit as st

from app.components.feedback import show_command, show_error, show_missing, show_next
from app.components.layout import show_decisions, show_fragment_cost, show_input_order, show_layers
from app.components.review import show_review
from app.services import engine_cache
from app.state import get_work
from app.views.header import inspect_command
from app.views.layout import sum_up
from app.views.text import plain
from mari_engine import MariError, Section, format_count, format_times

work = get_work()
if work.opened is None or work.confirmed is None:
    page, label = ("model", "To the models") if work.opened is None else ("labels", "To the labels")
    show_missing(work.blocked(), page=f"pages/{page}.py", label=label)
else:
    try:
        plan = engine_cache.make_plan(work.opened, work.confirmed, work.options)
    except MariError as error:
        show_error(error)
    else:
        candidates = work.options.candidates
        st.header("Each side in one block", anchor=False)
        st.caption(plain(sum_up(plan.decisions, plan.flops, candidates)))
        before, after = (cost.flops for cost in (plan.flops.before, plan.flops.after))
        cards = [
            ("Fragments before", f"{sum(one.fragments_before for one in plan.layout):,}"),
            ("Fragments after", f"{sum(one.fragments_after for one in plan.layout):,}"),
            ("FLOPs per candidate, before", format_count(before.each(candidates))),
            ("FLOPs per candidate, after", format_count(after.each(candidates))),
            (f"Fewer FLOPs at {candidates:,}", format_times(plan.flops.ratio(candidates))),
        ]
        for column, (name, value) in zip(st.columns(len(cards)), cards, strict=True):
            column.metric(name, value)
        layers, order, products = st.tabs(["Layers", "Input order", "Every product, and why"])
        with layers:
            show_layers(plan)
            show_fragment_cost(work)
        with order:
            show_input_order(work)
        with products:
            show_decisions(plan.decisions, candidates)
        show_review(work, Section.LAYOUT)
        show_next("pages/benchmark.py", "Benchmark")
        show_command(work.opened, inspect_command(work.opened.path, work.options))
