"""Labels changed other than cell by cell: offered files, patterns, selections, undo and redo."""

from __future__ import annotations

import json
from collections.abc import Sequence

import streamlit as st

from app.components.feedback import show_error
from app.components.labels.bulk import set_by_pattern, set_by_selection
from app.components.labels.buttons import draw_change
from app.session import Opened, Work
from app.views.labels import Part
from mari_engine import GraphInfo, LabelError, Labels, check_labels

MOST_MEGABYTES = 8


def change_labels(work: Work, parts: Sequence[Part], info: GraphInfo) -> Labels | None:
    """Draw the tools, and return the labels that one of them just made, if one did.

    Labels from a file are checked against the model before they replace anything.
    """
    if work.opened is None or work.labels is None:
        return None
    with st.container(horizontal=True):
        return _draw(work, work.opened, work.labels, parts, info)


def _draw(
    work: Work, opened: Opened, labels: Labels, parts: Sequence[Part], info: GraphInfo
) -> Labels | None:
    made = _offer(opened, labels, work.proposed)
    with st.popover("Set by pattern", icon=":material/filter_alt:"):
        made = set_by_pattern(labels, parts) or made
    if work.selected:
        with st.popover("Set by selection", icon=":material/ads_click:"):
            made = set_by_selection(labels, parts, info, work.selected) or made
    with st.popover("Import", icon=":material/upload_file:"):
        made = _import(opened) or made
    st.download_button(
        "Export",
        json.dumps(labels.to_json(), indent=2) + "\n",
        "labels.json",
        "application/json",
        icon=":material/download:",
        on_click="ignore",
    )
    _offer_steps(work)
    return made


def _offer_steps(work: Work) -> None:
    """Draw undo and redo; each goes one change back or forth, whatever made it."""
    undo = draw_change("Undo", icon=":material/undo:", key="undo", disabled=not work.history)
    redo = draw_change("Redo", icon=":material/redo:", key="redo", disabled=not work.future)
    if undo:
        work.undo()
    if redo:
        work.redo()
    if undo or redo:
        st.rerun()


def _offer(opened: Opened, labels: Labels, proposals: Labels) -> Labels | None:
    if opened.labels is not None:
        origin = "the sample's labels" if opened.sample else "the labels beside the model"
        used = labels == opened.labels
        sure = used or labels.confidence >= 1  # then the button to press is the one below
        if draw_change(
            f"Use {origin}",
            icon=":material/label:",
            type="secondary" if sure else "primary",
            disabled=used,
            key="use-given",
        ):
            return _fitting(opened, opened.labels)
    if draw_change(
        "Reset to proposals",
        icon=":material/lightbulb:",
        disabled=labels == proposals,
        key="use-proposals",
    ):
        return proposals
    return None


def _import(opened: Opened) -> Labels | None:
    file = st.file_uploader(
        "A labels.json", type="json", key="labels-file", max_upload_size=MOST_MEGABYTES
    )
    if file is None or not draw_change("Use this file", key="labels-import"):
        return None
    try:
        return _fitting(opened, Labels.from_json(file.getvalue()))
    except LabelError as error:
        show_error(LabelError(f"{file.name}: {error}"))
    return None


def _fitting(opened: Opened, labels: Labels) -> Labels | None:
    try:
        check_labels(opened.model, labels)
    except LabelError as error:
        show_error(error)
        return None
    return labels
