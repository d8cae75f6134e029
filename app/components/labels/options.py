"""What the rewrite is asked for, beyond the labels."""

from __future__ import annotations

import streamlit as st

from app.session import CONTRACTS, Options, Work
from app.state import get_work, read_widget, write_widget
from mari_engine import GraphInfo, Signature

_PRODUCTS = {"MatMul", "Gemm", "Conv", "Einsum"}
_SIGNATURE, _CANDIDATES, _KEEP = "signature", "candidates", "keep"


def choose_options(work: Work, info: GraphInfo) -> Options:
    """Draw the options and return them as they stand; the work keeps them from page to page."""
    chosen, left_alone = work.chosen, set(work.chosen.keep)
    products = [node.name for node in info.nodes if node.op in _PRODUCTS]
    for key, value in (
        (_SIGNATURE, chosen.signature),
        (_CANDIDATES, chosen.candidates),
        (_KEEP, [node for node in products if node in left_alone]),
    ):
        write_widget(key, value)
    left, middle, right = st.columns([1, 1, 2])
    left.segmented_control(
        "Calling contract",
        list(CONTRACTS),
        required=True,
        help="drop-in: called just as the original is. compact: request inputs have one row, and"
        " packed inputs come apart into one for each side, as the manifest says. batched: several"
        " requests in one call, with one more input that tells whose each candidate is; refused"
        " where an operator would mix them.",
        key=_SIGNATURE,
        on_change=_take,
    )
    middle.number_input(
        "Candidates per request",
        1,
        1_000_000,
        help="What a typical request holds; decides what pays",
        key=_CANDIDATES,
        on_change=_take,
    )
    right.multiselect(
        "Products to leave alone", products, placeholder="none", key=_KEEP, on_change=_take
    )
    return chosen


def _take() -> None:
    """Keep what the widgets say by now."""
    get_work().chosen = Options(
        Signature(read_widget(_SIGNATURE)), read_widget(_CANDIDATES), tuple(read_widget(_KEEP))
    )
