"""Roles for many features at once: those whose names match, and those that a node reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from app.components.feedback import show_error
from app.components.labels.buttons import draw_change
from app.jobs import regex
from app.views.labels import Part, find_inputs, glob, list_names, match, preview_rows, set_role
from app.views.palette import name_role
from app.views.text import plain, shorten
from mari_engine import GraphInfo, LabelError, Labels, Role

GLOB, REGEX = "with *", "regular expression"
TALL = 260


def set_by_pattern(labels: Labels, parts: Sequence[Part]) -> Labels | None:
    """Draw the pattern, what it matches, and the button; return the labels it just made."""
    kind = st.segmented_control(
        "Pattern", [GLOB, REGEX], default=GLOB, required=True, key="pattern-kind"
    )
    pattern = st.text_input(
        "Names that match",
        "*",
        key="pattern",
        help="* stands for anything: `user_*`, `*_id`, `x/item*` for columns of x. A regular"
        " expression may be found anywhere in a name: `^(user|ctx)_`, `_id$`",
    )
    role = choose_role("get the role", key="pattern-role")
    try:
        found = match(parts, _reader(parts, pattern, regular=kind == REGEX))
    except LabelError as error:
        show_error(error)
        return None
    return _offer(labels, found, role, key="pattern")


def set_by_selection(
    labels: Labels, parts: Sequence[Part], info: GraphInfo, selected: str
) -> Labels | None:
    """Draw the inputs that reach what is selected in the graph; return the labels just made."""
    inputs = find_inputs(info, selected)
    st.caption(f"Inputs that reach **{plain(shorten(selected, 60))}**, selected in the graph")
    role = choose_role("get the role", key="selection-role")
    return _offer(labels, match(parts, inputs.__contains__), role, key="selection")


def choose_role(label: str, *, key: str) -> Role:
    """Draw a choice among all roles, each with the letter of its side, and return it."""
    roles = [str(role) for role in Role]
    return Role(st.selectbox(label, roles, format_func=name_role, key=key))


def _reader(parts: Sequence[Part], pattern: str, *, regular: bool) -> Callable[[str], bool]:
    return regex(pattern, list_names(parts)) if regular else glob(pattern)


def _offer(labels: Labels, found: list[Part], role: Role, *, key: str) -> Labels | None:
    changing = sum(1 for part in found if part.role != role)
    same = sum(1 for part in found if part.role == role and part.open)
    matches = f"{len(found):,} {'match' if len(found) == 1 else 'matches'}, {changing:,} change"
    st.caption(matches + (f", {same:,} answered as they are" if same else ""))
    if found:
        rows = preview_rows(found, role)
        st.dataframe(rows, hide_index=True, height=TALL if len(rows) > 6 else "content")
    if draw_change("Apply", key=f"{key}-apply", disabled=not (changing or same), type="primary"):
        return set_role(labels, found, role)
    return None
