"""Labels changed other than cell by cell: offered files, patterns, column ranges, undo."""

from __future__ import annotations

import json

import streamlit as st

from app.components.steps import show_error
from app.views.label_rows import match, packable, set_columns, set_role
from app.views.palette import name_role
from app.views.text import count, plain
from app.work import Opened
from mari_engine import Column, GraphInfo, LabelError, Labels, Role, check_labels

MOST_MEGABYTES = 8


def change_labels(
    opened: Opened, labels: Labels, proposals: Labels, info: GraphInfo
) -> Labels | None:
    """Draw the tools, and return the labels that one of them just made, if one did.

    Labels from a file are checked against the model before they replace anything.
    """
    made = _offer(opened, labels, proposals)
    with st.popover("Set by pattern", icon=":material/filter_alt:"):
        made = _by_pattern(labels) or made
    widths = packable(info)
    with st.popover("Set columns", icon=":material/view_column:", disabled=not widths):
        made = _by_columns(labels, widths) or made
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
    return made


def _offer(opened: Opened, labels: Labels, proposals: Labels) -> Labels | None:
    if opened.labels is not None:
        origin = "the sample's labels" if opened.sample else "the labels beside the model"
        used = labels == opened.labels
        if st.button(
            f"Use {origin}",
            icon=":material/label:",
            type="secondary" if used else "primary",
            disabled=used,
            key="use-given",
        ):
            return _fitting(opened, opened.labels)
    if st.button("Start from proposals", icon=":material/lightbulb:", key="use-proposals"):
        return proposals
    return None


def _by_pattern(labels: Labels) -> Labels | None:
    pattern = st.text_input(
        "Names that match",
        "*",
        key="pattern",
        help="* stands for anything: `user_*`, `*_id`, `x/item*` for columns of x",
    )
    role = _choose_role("get the role", key="pattern-role")
    found = match(labels, pattern)
    st.caption(f"{count(len(found), 'match').replace('matchs', 'matches')}")
    if found:
        st.caption(plain(", ".join(found[:8])) + (" …" if len(found) > 8 else ""))
    if st.button("Apply", key="pattern-apply", disabled=not found):
        return set_role(labels, pattern, role)
    return None


def _choose_role(label: str, *, key: str) -> Role:
    roles = [str(role) for role in Role]
    return Role(st.selectbox(label, roles, format_func=name_role, key=key))


def _by_columns(labels: Labels, widths: dict[str, int]) -> Labels | None:
    if not widths:
        return None
    name = st.selectbox("Packed input", list(widths), key="columns-input")
    width = widths[name]
    first, last = st.columns(2)
    start = first.number_input("First column", 0, width - 1, 0, key="columns-first")
    end = last.number_input("Last column", 0, width - 1, width - 1, key="columns-last")
    role = _choose_role("Role", key="columns-role")
    title = st.text_input("Name", key="columns-name", max_chars=200)
    st.caption("Ranges that it overlaps are cut; every column keeps a role.")
    if st.button("Apply", key="columns-apply"):
        column = Column(start=start, stop=end + 1, role=role, name=title, evidence=("set by hand",))
        try:
            return set_columns(labels, name, column, width=width)
        except LabelError as error:
            show_error(error)
    return None


def _import(opened: Opened) -> Labels | None:
    file = st.file_uploader(
        "A labels.json", type="json", key="labels-file", max_upload_size=MOST_MEGABYTES
    )
    if file is None or not st.button("Use this file", key="labels-import"):
        return None
    try:
        return _fitting(opened, Labels.from_json(json.loads(file.getvalue())))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        show_error(LabelError(f"{file.name}: is not JSON ({error}); export one and edit it"))
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
