"""The labels as an editable table."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from app.session import Work
from app.state import is_drawn
from app.views.labels import (
    ALL,
    list_filters,
    list_parts,
    make_rows,
    name_filter,
    narrow,
    read_rows,
)
from app.views.palette import name_role
from mari_engine import GraphInfo, Labels, Role

_LOCKED = ("input", "columns", "standing", "confidence", "evidence", "type")
_MOST_ROWS = 14
_TALL = 540


def edit_labels(work: Work, info: GraphInfo, proposals: Labels) -> tuple[Labels, list[str]]:
    """Draw the table; return the labels as edited, and what is not finished.

    The table is always drawn from the same rows while it stays on the page, and edits are read
    relative to them: data that followed the edits would throw away a cell that is being typed.
    """
    current = list_filters(list_parts(work.labels or Labels(), proposals))
    chosen = str(
        st.pills(
            "Show", list(current), default=ALL, required=True, label_visibility="collapsed",
            format_func=lambda name: name_filter(name, current[name]),
            key="labels-show",
        )
    )  # fmt: skip
    key = f"labels-{work.revision}-{chosen}"
    if work.base is None or not is_drawn(key):
        work.base = work.labels
    base = work.base or Labels()
    parts = narrow(list_parts(base, proposals), chosen)
    rows = make_rows(parts, info)
    edited = st.data_editor(
        rows,
        key=key,
        height=_TALL if len(rows) > _MOST_ROWS else "content",
        hide_index=True,
        placeholder="inferred",
        disabled=_LOCKED,
        column_config=_columns(
            packed=any(label.columns for label in base.inputs.values()),
            evidence=any(row["evidence"] for row in rows),
        ),
        column_order=("input", "columns", "name", "standing", "role", "confidence", "evidence",
                      "low", "high", "integer", "type"),
    )  # fmt: skip
    return read_rows(base, parts, edited)


def _columns(*, packed: bool, evidence: bool) -> Mapping[str, ColumnConfig | None]:
    config = st.column_config
    return {
        "input": config.TextColumn("Input", width="medium", pinned=True),
        "columns": config.TextColumn("Columns", width="small") if packed else None,
        "name": config.TextColumn("Name", max_chars=200) if packed else None,
        "standing": config.TextColumn(
            "Standing",
            width="small",
            help="! the evidence speaks for the other side, too; ? it is thin; ✎ you set it",
        ),
        "role": config.SelectboxColumn(
            "Role",
            options=[str(role) for role in Role],
            format_func=lambda role: name_role(str(role)),
            required=True,
            help="R: one value per request. I, C: one value per candidate.",
        ),
        "confidence": config.ProgressColumn(
            "Confidence",
            min_value=0.0,
            max_value=1.0,
            format="percent",
            width="small",
            help="Of the proposal; what you set or confirm counts in full",
        ),
        "evidence": config.TextColumn("Evidence", width="large") if evidence else None,
        "low": config.NumberColumn(
            "From", width="small", help="Generated values start here; leave empty to infer"
        ),
        "high": config.NumberColumn("Below", width="small", help="Generated values stay below"),
        "integer": config.CheckboxColumn("Whole", width="small", help="Whole numbers only (ids)"),
        "type": config.TextColumn("Type"),
    }
