"""Several exports side by side: their zips, a table, and conditions as a pipeline holds them to."""

from __future__ import annotations

import shlex

import streamlit as st

import mari_engine as mari
from app.components.feedback import show_error
from app.services import read_exports
from app.session import Export, Work
from app.state import drop_uploads, make_folder
from app.views.compare import export_rows, export_verdict, read_conditions
from app.views.text import one_line, plain, rows_csv

_HELP = "A field, an operator and a number; several between commas. Fields: "


def compare_exports(work: Work) -> None:
    """Draw the upload of several exports, and the table of those that were given."""
    with st.expander(
        "Several exports as a table", icon=":material/table:", expanded=bool(work.exports)
    ):
        _take(work)
        if work.exports:
            _show(work.exports)


def _take(work: Work) -> None:
    with st.form(f"exports-{len(work.exports)}", border=False, clear_on_submit=True):
        files = st.file_uploader(
            "Zips of the Download page, or of folders of exports", type="zip",
            accept_multiple_files=True, key=f"exports-files-{len(work.exports)}",
        )  # fmt: skip
        sent = st.form_submit_button("Read", icon=":material/table_view:", key="exports-read")
    if not sent:
        return
    try:
        with st.spinner("Reading them"):
            work.exports = read_exports(files, make_folder())
    except mari.MariError as error:
        show_error(error)
    else:
        st.rerun()
    finally:
        drop_uploads(files)


def _show(exports: tuple[Export, ...]) -> None:
    names = ", ".join(mari.CONDITION_FIELDS)
    text = st.text_input(
        "Fail if", placeholder="speedup<1.3, lossless<1", key="exports-fail-if", help=_HELP + names
    )
    for export in exports:
        if export.problem:
            st.error(plain(f"{export.name}: {export.problem}"), icon=":material/error:")
    whole = {each.name: each.figures for each in exports if each.figures is not None}
    try:
        conditions = read_conditions(text)
        rows = export_rows(whole, conditions)
    except mari.MariError as error:
        show_error(error)
        conditions, rows = (), export_rows(whole, ())
    if conditions:
        failed = any(row["fails by"] for row in rows)
        tell = st.warning if failed else st.success
        tell(export_verdict(rows), icon=f":material/{'rule' if failed else 'check_circle'}:")
    st.dataframe(rows, hide_index=True, height="content")
    if any(row["measured"] == "expected" for row in rows):
        st.caption("Speedups that are not timed are expected from FLOPs and prices.")
    st.download_button(
        "CSV", rows_csv(rows), "exports.csv", "text/csv", icon=":material/download:",
        on_click="ignore", key="exports-csv",
    )  # fmt: skip
    given = "".join(f" --fail-if {shlex.quote(one_line(each.text))}" for each in conditions)
    st.caption("The same on the command line, of a folder of exports")
    st.code(f"mari check exports{given}", language="bash", wrap_lines=True)
