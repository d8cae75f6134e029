"""Preview: the FLOPs that the labels as they stand would lead to, before they are confirmed."""

from __future__ import annotations

import streamlit as st

from app.services import engine_cache
from app.session import Opened, Options, Preview, Work, bare
from app.state import get_work
from app.views.labels import describe_effect, describe_step
from app.views.text import plain
from mari_engine import Labels

SECONDS = 1.0
METHOD = (
    "The rewrite itself is made in the background for the labels as they stand, without the check:"
    " FLOPs are those of that plan, counted and not timed"
)


def show_effect(work: Work, labels: Labels, options: Options) -> None:
    """Draw the FLOPs that these labels lead to, and what the last change did to them."""
    if work.opened is None:
        return
    key = (work.opened.key, bare(labels), options)
    if work.preview is None or work.preview.key != key:
        work.preview = _start(work, work.opened, labels, options, key)
    active = work.preview.job.active
    st.fragment(_draw, run_every=SECONDS if active else None)(options.candidates)


def _start(
    work: Work, opened: Opened, labels: Labels, options: Options, key: tuple[object, ...]
) -> Preview:
    last = work.preview
    if last is not None:
        last.job.cancel()
    same = last is not None and last.key[0] == opened.key
    before = (last.job.result or last.before) if last is not None and same else None
    job = engine_cache.start_plan(opened, labels, options)
    work.watch(job)
    return Preview(key, job, before)


def _draw(candidates: int) -> None:
    preview = get_work().preview
    if preview is None:
        return
    job = preview.job
    if job.active:
        st.caption(f":material/hourglass_top: Trying these labels, {job.elapsed:,.0f} s")
    elif job.result is None:
        st.caption(
            f":material/error: {plain(get_work().tell(job.error) or 'Not tried to the end.')}"
        )
    else:
        step = describe_step(preview.before, job.result, candidates)
        left, right = st.columns([3, 2])
        left.metric(
            f"If confirmed, at {candidates:,} candidates",
            describe_effect(job.result, candidates),
            help=METHOD,
        )
        right.metric("The last change", step, help=METHOD)
