"""What the rewrite is asked for, beyond the labels."""

from __future__ import annotations

import streamlit as st

from app.session import CONTRACTS, Options
from mari_engine import GraphInfo, Signature

_PRODUCTS = {"MatMul", "Gemm", "Conv", "Einsum"}


def choose_options(options: Options, info: GraphInfo) -> Options:
    """Draw the options and return them as they stand."""
    left, middle, right = st.columns([1, 1, 2])
    signature = left.segmented_control(
        "Calling contract",
        list(CONTRACTS),
        default=options.signature,
        required=True,
        help="drop-in: called just as the original is. compact: request inputs have one row, and"
        " packed inputs come apart into one for each side, as the manifest says.",
        key="signature",
    )
    candidates = middle.number_input(
        "Candidates per request",
        1,
        1_000_000,
        options.candidates,
        help="What a typical request holds; decides what pays",
        key="candidates",
    )
    products = [node.name for node in info.nodes if node.op in _PRODUCTS]
    keep = right.multiselect(
        "Products to leave alone",
        products,
        default=[node for node in options.keep if node in products],
        placeholder="none",
        key="keep",
    )
    return Options(Signature(signature or options.signature), candidates, tuple(keep))
