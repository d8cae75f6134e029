"""How many requests a second are served within a bound: measured here, or read from a file."""

from __future__ import annotations

import streamlit as st

from app.components.feedback import show_command, show_error, show_progress
from app.services import start_load
from app.session import Opened, Work
from app.views.header import repeat_load_command
from app.views.serving import capacity_cards, capacity_figure, capacity_table
from app.views.text import plain
from mari_engine import LoadResult, MariError, capacity_in_words

MOST_MEGABYTES = 16
MOST_FILES = 5
_CONFIG = {"displaylogo": False, "modeBarButtonsToRemove": ["lasso2d", "select2d"]}
_RUNS = (
    "Requests arrive at random, as in MLPerf's Server scenario, and latency counts from when each"
    " was scheduled; this is no result of MLPerf's. Each mark is a run, filled where its p99 met"
    " the bound"
)


def show_capacity(work: Work) -> None:
    """Draw the load tests that there are, a run of one here, and the upload of others."""
    if work.opened is None:
        return
    st.subheader("Requests a second within a bound", anchor=False, help=_RUNS)
    _offer_run(work, work.opened)
    if work.loads.job is not None:
        show_progress(work.loads.job, key="load-cancel")
    for found in work.loads.all:
        _show_one(work, work.opened, found)
    _offer_file(work, work.opened)


def _offer_run(work: Work, opened: Opened) -> None:
    blocked = work.unverified()
    busy = work.loads.job is not None and work.loads.job.active
    with st.form("load", border=False):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            bound = st.number_input(
                "p99 below, ms", min_value=0.1, max_value=60_000.0, value=20.0, key="load-bound",
                width=160,
            )  # fmt: skip
            workers = st.number_input(
                "Workers", min_value=1, max_value=64, value=2, key="load-workers", width=120,
                help="Threads that answer, a core for each.",
            )  # fmt: skip
            clicked = st.form_submit_button(
                "Measure capacity", icon=":material/speed:", disabled=bool(blocked) or busy,
                key="load-run",
            )  # fmt: skip
        st.caption(plain(blocked) or "Takes some minutes, alone on this server.")
    if clicked and work.result is not None:
        job = start_load(
            opened, work.result, p99=bound / 1e3, workers=workers,
            candidates=work.options.candidates,
        )  # fmt: skip
        work.measure_load(job)
        st.rerun()


def _show_one(work: Work, opened: Opened, found: LoadResult) -> None:
    asked, verdict, place = capacity_in_words(found)
    here = found is work.loads.measured
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(verdict)}**, {plain(asked)}", width="stretch")
            if not here and st.button(
                "Remove", key=f"load-drop-{work.loads.all.index(found)}", icon=":material/close:"
            ):
                work.loads.elsewhere.remove(found)
                st.rerun()
        whence = "here" if here else "elsewhere, as its file says"
        which = "" if here else " The file does not say with which labels it was rewritten."
        st.caption(
            f"{plain(place)}. Taken {whence}, of this model (SHA-256"
            f" {plain(found.source_sha256[:12])}…) with {plain(found.generator)}.{which}"
        )
        cards = capacity_cards(found)
        if cards:
            for column, (name, value, remark) in zip(st.columns(len(cards)), cards, strict=True):
                column.metric(name, value)
                column.caption(remark)
        figure = capacity_figure(found)
        if figure is not None:
            st.plotly_chart(figure, key=f"load-{work.loads.all.index(found)}", config=_CONFIG)
        st.dataframe(capacity_table(found), hide_index=True)
        show_command(opened, repeat_load_command(opened.path, found))


def _offer_file(work: Work, opened: Opened) -> None:
    with st.expander("Measured on another machine", icon=":material/lan:"):
        file = st.file_uploader(
            "What `mari load --json` wrote there", type="json",
            key=f"load-file-{len(work.loads.elsewhere)}", max_upload_size=MOST_MEGABYTES,
        )  # fmt: skip
        if file is None:
            return
        try:
            work.loads.elsewhere.append(_read(work, opened, file.name, file.getvalue()))
        except MariError as error:
            show_error(error)
        else:
            st.rerun()


def _read(work: Work, opened: Opened, name: str, data: bytes) -> LoadResult:
    try:
        found = LoadResult.from_text(data, sealed=True)
    except MariError as error:
        raise MariError(f"{name}: {error}") from error
    if found.source_sha256 != opened.model.sha256:
        raise MariError(
            f"{name}: was measured on another model, {found.model} (SHA-256"
            f" {found.source_sha256[:12] or 'not told'}); measure {opened.model.name}"
        )
    if found in work.loads.all:
        raise MariError(f"{name}: is shown already; choose another file")
    if len(work.loads.elsewhere) >= MOST_FILES:
        raise MariError(f"{name}: there are {MOST_FILES} already; remove one first")
    return found
