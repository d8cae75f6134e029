"""The parts: when each runs, what was checked of their chain, and the files."""

from __future__ import annotations

import streamlit as st

from app.components.download import show_certificate
from app.services import pack_parts
from app.session import Work
from app.state import make_folder
from app.views.serving import WHEN, headline, part_rows
from mari_engine import OffloadResult


def explain_parts() -> None:
    """Draw which parts a model is cut in, and when a service computes each."""
    with st.container(border=True, key="parts"):
        for column, (kind, when) in zip(st.columns(len(WHEN)), WHEN.items(), strict=True):
            column.markdown(f"**{kind}.onnx**")
            column.caption(when)


def show_parts(work: Work, result: OffloadResult) -> None:
    """Draw the cut that was made, its certificate, and its files once the check has passed."""
    figures = headline(result)
    for column, (title, value, remark) in zip(st.columns(len(figures)), figures, strict=True):
        column.metric(title, value)
        column.caption(remark)
    st.dataframe(
        part_rows(result),
        hide_index=True,
        column_config={"bytes": st.column_config.NumberColumn(format="bytes")},
    )
    show_certificate(result.certificate)
    if not result.certificate.passed:
        return
    if work.parts_folder is None:
        work.parts_folder = make_folder()
    folder = work.parts_folder
    st.download_button(
        "All parts as a zip", lambda: pack_parts(result, folder, work.review),
        f"{result.checked.original.name}-parts.zip", "application/zip",
        icon=":material/folder_zip:", type="primary", on_click="ignore", key="get-parts",
    )  # fmt: skip
