"""Confirm: the options, and the button that rewrites and starts the check."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

import mari_engine as mari
from app.components.feedback import show_command, show_error
from app.components.labels.effect import show_effect
from app.components.labels.options import choose_options
from app.components.labels.what_if import show_what_if
from app.services import engine_cache, start_check
from app.session import Options, Work
from app.views.header import optimize_command
from app.views.layout import sum_up
from app.views.text import plain


def show_confirm(work: Work, info: mari.GraphInfo, problems: Sequence[str]) -> None:
    """Draw the options and the button; confirming rewrites, and starts the check."""
    with st.container(border=True):
        options = choose_options(work.options, info)
        if not problems and work.confirmed is None and work.labels is not None:
            show_effect(work, work.labels, options)
            show_what_if(work, work.labels, options)
        changed = work.confirmed is not None and options != work.options
        for problem in problems:
            st.warning(plain(problem), icon=":material/edit:")
        with st.container(horizontal=True, vertical_alignment="center"):
            if work.confirmed is not None and not changed:
                st.badge("Confirmed", icon=":material/check:", color="green")
                clicked = False
            else:
                clicked = st.button(
                    "Confirm labels and rewrite",
                    type="primary",
                    icon=":material/check:",
                    disabled=bool(problems),
                    key="confirm",
                )
            st.caption(_remark(work, changed=changed), width="content")
        if clicked:
            _confirm(work, options)
        if work.opened is not None:
            show_command(work.opened, optimize_command(work.opened.path, options))


def _remark(work: Work, *, changed: bool) -> str:
    if work.opened is None or work.confirmed is None:
        return "You say that every request holds one user, and that these roles are right."
    if changed:
        return "The options changed since; confirm again to rewrite with them."
    plan = engine_cache.make_plan(work.opened, work.confirmed, work.options)
    return plain(sum_up(plan.decisions, plan.flops, work.options.candidates))


def _confirm(work: Work, options: Options) -> None:
    if work.opened is None or work.labels is None:
        return
    try:
        labels = work.labels.confirmed()
        mari.check_labels(work.opened.model, labels)
        plan = engine_cache.make_plan(work.opened, labels, options)
    except mari.MariError as error:
        show_error(error)
        return
    work.confirm(options, start_check(plan))
    st.rerun()
