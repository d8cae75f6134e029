"""Answers: what the selected rows are, said by a person, and the details of a single row."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from app.components.labels.axis import choose_axis, find_tensor, number_input
from app.session import Work
from app.state import get_work, read_widget
from app.views.labels import (
    Part,
    change_part,
    keep_roles,
    list_evidence,
    read_range,
    set_role,
    tell_span,
    tell_voucher,
)
from app.views.palette import name_role
from app.views.text import name_some, plain, shape, shorten
from mari_engine import Column, GraphInfo, LabelError, Role

KEYS = {Role.USER: "U", Role.CONTEXT: "T", Role.ITEM: "I", Role.CROSS: "X"}
"""Press to answer: C and R are taken by Streamlit."""
MOST_NAMED = 6
LONGEST_NAME = 200


def answer_rows(work: Work, chosen: Sequence[Part], info: GraphInfo) -> None:
    """Draw the answers that can be given for these rows, and the details of a single one."""
    with st.container(border=True, key="answers"):
        if not chosen:
            st.markdown("**Select rows, then say what they are**")
            st.caption(
                "A click selects a row, Shift and a click all rows up to it, the box on top all"
                " that are shown. Keys answer: U user, T context, I item, X cross, Y right."
            )
            return
        if len(chosen) == 1:
            _show_evidence(chosen[0], info)
        else:
            _list_names(chosen)
        _offer_answers(work, chosen)
        if len(chosen) == 1:
            choose_axis(work, chosen[0], info)
            _edit_values(work, chosen[0])


def _offer_answers(work: Work, chosen: Sequence[Part]) -> None:
    st.caption("This row is" if len(chosen) == 1 else f"These {len(chosen):,} rows are")
    with st.container(horizontal=True, gap="small"):
        for role, key in KEYS.items():
            st.button(
                name_role(role),
                key=f"answer-{role}",
                shortcut=key,
                on_click=partial(_answer, work.revision, chosen, role),
                disabled=role.per_request and all(part.refuted for part in chosen),
            )
        st.button(
            "Right as shown",
            key="answer-right",
            icon=":material/check:",
            shortcut="Y",
            on_click=partial(_answer, work.revision, chosen, None),
            disabled=all(part.refuted for part in chosen),
            help="You vouch for the roles of the rows that are open among those selected",
        )


def _answer(shown: int, chosen: Sequence[Part], role: Role | None) -> None:
    """Take over an answer, before the page is drawn again.

    One to rows as they were shown before labels changed is not: Streamlit may send a click again.
    """
    work = get_work()
    if work.labels is None or work.revision != shown:
        return
    made = keep_roles(work.labels, chosen) if role is None else set_role(work.labels, chosen, role)
    work.picked = tuple((part.input, part.at) for part in chosen)
    work.relabel(made)


def _list_names(chosen: Sequence[Part]) -> None:
    left = sum(1 for part in chosen if part.open)
    st.markdown(f"**{len(chosen):,} rows selected**, {left:,} of them to answer")
    st.caption(name_some([plain(shorten(part.name, 40)) for part in chosen], MOST_NAMED))


def _show_evidence(part: Part, info: GraphInfo) -> None:
    label = part.label
    tensor = find_tensor(info, part)
    kind = "" if tensor is None else f"{tensor.dtype} {shape(tensor.shape)}"
    columns = f", columns {tell_span(label)}" if isinstance(label, Column) else ""
    st.markdown(f"**{plain(shorten(part.name, 80))}**")
    st.caption(plain(f"input {shorten(part.input, 60)}{columns}, {kind}"))
    if part.refuted:
        st.markdown(f"Labelled **{name_role(part.role)}**, which a logged request contradicts.")
    elif part.open:
        sure = "" if label.confidence >= 1 else f", {label.confidence:.0%} sure"
        st.markdown(f"Proposed as **{name_role(part.role)}**{sure}. Nobody vouches for it yet.")
    else:
        by = plain(tell_voucher(part))
        st.markdown(f"**{name_role(part.role)}**, vouched for by **{by}**.")
    decisive, *more = list_evidence(part) or ["No evidence."]
    st.markdown(f"**{plain(decisive)}**", help="What decided, first; the rest agrees or is weaker")
    st.markdown("\n".join(f"- {plain(text)}" for text in more))
    if part.refuted:
        st.caption("Only item or cross can be right.")


def _edit_values(work: Work, part: Part) -> None:
    """Draw the values that checks generate for a row, and the name of a column range."""
    label, place = part.label, _place(work, part)
    low, high = label.range or (None, None)
    with st.expander("Values that checks generate", icon=":material/tune:"):
        cells = st.columns(2)
        for cell, title, value, key in (
            (cells[0], "From", low, f"row-low-{place}"),
            (cells[1], "Below", high, f"row-high-{place}"),
        ):
            cell.number_input(
                title, value=None if value is None else float(value), format="%g",
                placeholder="inferred", key=key, on_change=partial(_take_range, part),
            )  # fmt: skip
        whole, name = f"row-integer-{place}", f"row-name-{place}"
        st.checkbox(
            "Whole numbers only (ids)",
            label.integer,
            key=whole,
            on_change=lambda: _change(part, integer=bool(read_widget(whole))),
        )
        if isinstance(label, Column):
            st.text_input(
                "Name", label.name, LONGEST_NAME, key=name,
                on_change=lambda: _change(part, name=str(read_widget(name) or "")),
            )  # fmt: skip


def find_unfinished(work: Work, part: Part) -> str:
    """Return what is not finished in the values of a row whose details are drawn, or ""."""
    try:
        _read_range(work, part)
    except LabelError as error:
        return f"{part.name}: {error}"
    return ""


def _take_range(part: Part) -> None:
    try:
        found = _read_range(get_work(), part)
    except LabelError:
        return  # told where labels are confirmed; the old range stands
    _change(part, range=found)


def _read_range(work: Work, part: Part) -> tuple[float, float] | None:
    place = _place(work, part)
    return read_range(*(read_widget(f"row-{end}-{place}") for end in ("low", "high")))


def _place(work: Work, part: Part) -> str:
    """Return what tells a row's widgets from those of other rows; names are not in it."""
    return f"{work.revision}-{number_input(work, part)}-{part.at}"


def _change(part: Part, **fields: object) -> None:
    work = get_work()
    if work.labels is not None:
        work.picked = ((part.input, part.at),)
        work.relabel(change_part(work.labels, part, **fields))
