"""The candidates' axis of an input: what the graph says, and what a person states instead."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

import streamlit as st

import mari_engine as mari
from app.services import engine_cache, learn_again
from app.session import Work, state_axis
from app.state import get_work, read_widget
from app.views.labels import Part, list_axes, name_axis
from app.views.text import plain
from mari_engine import FROM_GRAPH, AxisReading, GraphInfo, Labels, TensorInfo


def read_axes(work: Work) -> Mapping[str, AxisReading]:
    """Return the candidates' axis of every input as labels and graph tell it; none on an error."""
    if work.opened is None or work.labels is None:
        return {}
    try:
        return engine_cache.read_axes(work.opened, work.labels)
    except mari.MariError:
        return {}  # told where the labels are tried


def choose_axis(work: Work, part: Part, info: GraphInfo) -> None:
    """Draw along which axis of a row's input the candidates lie, with the evidence, and choices."""
    found = read_axes(work).get(part.input)
    tensor = find_tensor(info, part)
    if found is None or tensor is None or work.labels is None:
        return
    extents = tensor.shape or ()
    stated = work.labels.inputs[part.input].stated_axis
    key = f"row-axis-{work.revision}-{number_input(work, part)}"
    choices = list_axes(extents)
    st.selectbox(
        "Candidates lie along",
        choices,
        choices.index(stated) if stated in choices else 0,
        lambda axis: name_axis(axis, extents, found),
        key=key,
        on_change=lambda: _state(part, key),
    )
    if stated != FROM_GRAPH:
        st.caption("A person states it.")
    for text in found.evidence:
        st.caption(plain(text))


def find_tensor(info: GraphInfo, part: Part) -> TensorInfo | None:
    """Return the graph's input of a row; None where it has none of this name."""
    return next((one for one in info.inputs if one.name == part.input), None)


def number_input(work: Work, part: Part) -> int:
    """Return the place of a row's input among the labels."""
    return list((work.labels or Labels()).inputs).index(part.input)


def _state(part: Part, key: str) -> None:
    work = get_work()
    if work.labels is not None:
        work.picked = ((part.input, part.at),)
        work.relabel(state_axis(work.labels, part.input, read_widget(key)))
        with suppress(mari.MariError):  # told where the labels are tried
            learn_again(work)
