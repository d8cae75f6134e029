"""Benchmarks that were run on other machines: read, checked, listed, removed."""

from __future__ import annotations

import streamlit as st

from app.components.feedback import show_error
from app.services import engine_cache
from app.session import Opened, Work
from app.views.benchmark import doubt, name_machine
from app.views.header import SAMPLES_COMMAND
from app.views.text import plain
from mari_engine import BenchmarkResult, MariError

MOST_MEGABYTES = 16
MOST_FILES = 5


def offer_elsewhere(work: Work, command: str) -> None:
    """Draw how to measure on another machine, the upload of what it wrote, and what was read."""
    with st.expander(
        "Measured on another machine", icon=":material/lan:", expanded=bool(work.elsewhere)
    ):
        st.caption("Run this there, with the optimized model and the labels beside it:")
        first = f"{SAMPLES_COMMAND}\n" if work.opened is not None and work.opened.sample else ""
        st.code(f"{first}{command} --json bench.json", language="bash", wrap_lines=True)
        file = st.file_uploader(
            "What `mari bench --json` wrote there",
            type="json",
            key=f"bench-file-{len(work.elsewhere)}",
            max_upload_size=MOST_MEGABYTES,
        )
        if file is not None and work.opened is not None:
            try:
                work.elsewhere.append(_read(work, work.opened, file.name, file.getvalue()))
            except MariError as error:
                show_error(error)
            else:
                st.rerun()
        for at, result in enumerate(work.elsewhere):
            _show_one(work, at, result)


def _read(work: Work, opened: Opened, name: str, data: bytes) -> BenchmarkResult:
    try:
        found = BenchmarkResult.from_text(data)
    except MariError as error:
        raise MariError(f"{name}: {error}") from error
    if found.source_sha256 not in ("", opened.model.sha256):
        raise MariError(
            f"{name}: was measured on another model, {found.model} (sha256"
            f" {found.source_sha256[:8]}…); measure {opened.model.name}"
        )
    if found in work.benchmarks:
        raise MariError(f"{name}: is shown already; choose another file")
    if len(work.elsewhere) >= MOST_FILES:
        raise MariError(f"{name}: there are {MOST_FILES} already; remove one first")
    return found


def _show_one(work: Work, at: int, result: BenchmarkResult) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(name_machine(result, elsewhere=True))}**", width="stretch")
        if st.button("Remove", key=f"bench-drop-{at}", icon=":material/close:"):
            del work.elsewhere[at]
            st.rerun()
    if not result.source_sha256:
        st.caption("The file does not say which model it measured; an older version wrote it.")
    if work.opened is not None and work.confirmed is not None:
        doubtful = doubt(result, engine_cache.make_plan(work.opened, work.confirmed, work.options))
        if doubtful:
            st.caption(plain(doubtful))
