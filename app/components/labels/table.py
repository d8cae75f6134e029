"""The labels as a table to choose rows from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from app.session import Work
from app.state import read_widget, write_widget
from app.views.labels import ALL, OPEN, Part, list_filters, make_rows, name_filter, narrow
from mari_engine import GraphInfo

SHOW = "labels-show"
_MOST_ROWS = 14
_TALL = 540


def choose_filter(parts: Sequence[Part]) -> list[Part]:
    """Draw what the table can be narrowed to; return the parts that are let through."""
    current = list_filters(parts)
    asked = read_widget(SHOW)
    if asked is None:
        write_widget(SHOW, OPEN if OPEN in current else ALL)
    elif asked not in current:
        write_widget(SHOW, ALL)
    chosen = st.pills(
        "Show", list(current), required=True, label_visibility="collapsed",
        format_func=lambda name: name_filter(name, current[name]), key=SHOW,
    )  # fmt: skip
    return narrow(parts, str(chosen))


def choose_rows(work: Work, parts: Sequence[Part], info: GraphInfo) -> list[Part]:
    """Draw the table; return the parts whose rows are selected.

    Rows that were answered last stay selected; where they left the table, its first open row is.
    """
    rows = make_rows(parts, info)
    told: Any = st.dataframe(
        rows,
        key=f"labels-{work.revision}-{read_widget(SHOW)}",
        height=_TALL if len(rows) > _MOST_ROWS else "content",
        hide_index=True,
        column_config=_columns(
            packed=any(part.at is not None for part in parts),
            values=any(row["values"] for row in rows),
        ),
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={"selection": {"rows": _selected(work, parts)}},
        alt="Inputs and columns with their roles",
    )
    return [parts[row] for row in told.selection.rows if row < len(parts)]


def _selected(work: Work, parts: Sequence[Part]) -> list[int]:
    picked = set(work.picked)
    kept = [at for at, part in enumerate(parts) if (part.input, part.at) in picked]
    return kept or [at for at, part in enumerate(parts) if part.open][:1]


def _columns(*, packed: bool, values: bool) -> Mapping[str, ColumnConfig | None]:
    text = st.column_config.TextColumn
    return {
        "feature": text("Feature", pinned=True),
        "role": text("Role", help="R: one value per request. I, C: one value per candidate."),
        "standing": text(
            "Standing",
            width=100,
            help="! the evidence speaks for the other side, too; ? it is thin; ✎ a person said so",
        ),
        "vouched": text(
            "Vouched for by",
            help="graph: a fact of the model; request: a logged request; name: a name that no known"
            " convention uses otherwise; else a person",
        ),
        "evidence": text("Evidence", width="large"),
        "columns": text("Columns") if packed else None,
        "values": text("Values", help="What checks generate") if values else None,
        "type": text("Type"),
    }
