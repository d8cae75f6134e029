"""Confirm: the options, and always in view who confirms and the button that starts the check."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

import mari_engine as mari
from app.components.feedback import show_command, show_error, show_progress
from app.components.labels.axis import read_axes
from app.components.labels.buttons import draw_change
from app.components.labels.effect import show_effect
from app.components.labels.options import choose_options
from app.components.labels.rows import jump_to_input, jump_to_open
from app.components.labels.what_if import show_what_if
from app.services import confirm_labels, engine_cache
from app.session import Options, Work
from app.views.header import optimize_command
from app.views.labels import Part, explain_lack_of_candidates, list_unclear, name_open
from app.views.layout import sum_up
from app.views.text import plain, shorten

LONGEST_NAME = 120
MOST_NAMED = 3


def show_choices(
    work: Work, parts: Sequence[Part], info: mari.GraphInfo, problems: Sequence[str]
) -> None:
    """Draw the options of the rewrite, and what it would come to by the labels as they stand."""
    with st.container(border=True):
        options = choose_options(work, info)
        ready = not (problems or list_unclear(read_axes(work))) and work.confirmed is None
        if ready and work.labels is not None:
            show_effect(work, work.labels, options)
            show_what_if(work, parts, work.labels, options)
        if work.opened is not None:
            show_command(
                work.opened,
                optimize_command(work.opened.path, options, [one.name for one in work.requests]),
            )


def show_confirm(work: Work, parts: Sequence[Part], problems: Sequence[str]) -> None:
    """Draw what is left to answer, who confirms, and the button, always in view.

    Confirming rewrites, and starts the check, which is shown here and can be cancelled.
    """
    with st.container(key="confirm-bar", gap="xsmall"):
        for problem in problems:
            st.warning(plain(problem), icon=":material/edit:")
        changed = work.confirmed is not None and work.chosen != work.options
        if work.confirmed is None or changed or _is_broken_off(work):
            left = _tell_left(work, parts, list_unclear(read_axes(work)))
            _offer(work, blocked=bool(problems) or left)
        else:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.badge("Confirmed", icon=":material/check:", color="green")
                st.caption(_remark(work), width="content")
        if work.check is not None and work.confirmed is not None:
            show_progress(work.check, key="check-cancel")


def _is_broken_off(work: Work) -> bool:
    """Return True where the check ended without an answer, so that it has to be begun again."""
    return work.check is not None and work.check.state in ("cancelled", "failed")


def _offer(work: Work, *, blocked: bool) -> None:
    """Draw who confirms and the button, disabled while something is left to answer."""
    with st.container(horizontal=True, vertical_alignment="center"):
        by = st.text_input(
            "Your name",
            work.reviewer,
            LONGEST_NAME,
            key="confirm-name",
            width=260,
            placeholder="Your name",
            label_visibility="collapsed",
        )
        clicked = draw_change(  # a run that is cut short by another does not lose the click
            "Confirm labels and rewrite",
            type="primary",
            icon=":material/check:",
            disabled=blocked,
            key="confirm",
        )
        st.caption(_remark(work), width="content")
    if clicked:
        _confirm(work, work.chosen, by)


def _tell_left(work: Work, parts: Sequence[Part], unclear: Sequence[str]) -> bool:
    """Draw what is left to answer, each with a jump to it; return whether something is."""
    left = name_open(parts)
    lack = "" if left or work.labels is None else explain_lack_of_candidates(work.labels)
    if left:
        with st.container(horizontal=True, vertical_alignment="center", key="left-to-answer"):
            st.markdown(f":material/help: {plain(left)}", width="content")
            st.button("Show them", key="show-open", on_click=jump_to_open)
    elif lack:
        st.warning(plain(lack), icon=":material/warning:")
    if unclear and not left:
        with st.container(horizontal=True, vertical_alignment="center", key="axis-to-state"):
            names = ", ".join(shorten(name, 40) for name in unclear[:MOST_NAMED])
            st.markdown(
                f":material/help: Nothing tells which axis holds the candidates: {plain(names)}."
                " State it.",
                width="content",
            )
            st.button("Show it", key="show-axis", on_click=partial(jump_to_input, unclear[0]))
    return bool(left or lack or unclear)


def _remark(work: Work) -> str:
    if work.opened is None or work.confirmed is None:
        return "With your name you say that requests hold one user and these roles are right."
    if work.chosen != work.options:
        return "The options changed since; confirm again to rewrite with them."
    if _is_broken_off(work):
        return "The check did not end; confirm again to begin it anew."
    plan = engine_cache.make_plan(work.opened, work.confirmed, work.options)
    return plain(sum_up(plan.decisions, plan.flops, work.options.candidates))


def _confirm(work: Work, options: Options, by: str) -> None:
    try:
        confirm_labels(work, options, by)
    except mari.MariError as error:
        show_error(error)
        return
    work.reviewer, work.picked = by.strip(), ()
    st.rerun()
