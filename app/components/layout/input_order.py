"""What a feature service fills, in which order: table, files, code."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from app.components.feedback import show_error
from app.services import engine_cache
from app.session import CONTRACTS, Work
from app.views.layout import (
    index_in_words,
    order_csv,
    order_json,
    order_python,
    order_text,
    slot_rows,
)
from app.views.text import plain
from mari_engine import Labels, MariError, Plan, Signature, list_slots

MOST_ROWS = 12
TALL = 440
_NARROW = ("rows", "columns", "from input", "from columns")


def show_input_order(work: Work) -> None:
    """Draw the order for the confirmed contract, or for another one to compare."""
    if work.opened is None or work.confirmed is None:
        return
    signature = Signature(
        st.segmented_control(
            "Calling contract",
            list(CONTRACTS),
            default=work.options.signature,
            required=True,
            key="order-signature",
            help="drop-in: filled as the original is. compact: request inputs have one row, and a"
            " packed input comes apart into one block for each side. batched: the same for several"
            " requests in one call, with the request of each candidate.",
        )
        or work.options.signature
    )
    options = replace(work.options, signature=signature)
    try:
        plan = engine_cache.make_plan(work.opened, work.confirmed, options)
    except MariError as error:
        show_error(error)
        return
    if signature != work.options.signature:
        st.caption(
            f"You confirmed **{work.options.signature}**. This is what **{signature}** would ask"
            " for; choose it in the Labels step to get that model."
        )
    elif signature == Signature.DROP_IN:
        st.caption(
            "Nothing changes for the caller: the model gathers each side into one block itself."
            " With **compact**, the feature service fills the blocks, and nothing is copied."
        )
    _show(plan, work.confirmed, signature)


def _show(plan: Plan, labels: Labels, signature: Signature) -> None:
    slots = list_slots(plan.interface, labels)
    index = index_in_words(plan.interface)
    if index:
        st.caption(f"One more input tells requests apart: {plain(index)}.")
    table, code = st.columns([3, 2], gap="large")
    with table:
        st.dataframe(
            slot_rows(slots),
            hide_index=True,
            height=TALL if len(slots) > MOST_ROWS else "content",
            column_config={
                "feature": st.column_config.TextColumn(width="medium"),
                **{name: st.column_config.TextColumn(width="small") for name in _NARROW},
            },
        )
        with st.container(horizontal=True):
            _download("CSV", order_csv(slots), "text/csv")
            _download("JSON", order_json(plan.interface, labels, signature), "application/json")
    with code:
        python, text = st.tabs(["Python, numpy", "Any language"])
        python.code(
            order_python(plan.interface, signature), language="python", height=TALL, wrap_lines=True
        )
        text.code(order_text(slots, plan.interface), language=None, height=TALL, wrap_lines=True)


def _download(kind: str, data: str, mime: str) -> None:
    st.download_button(
        kind, data, f"input_order.{kind.lower()}", mime, icon=":material/download:",
        on_click="ignore", key=f"order-{kind}",
    )  # fmt: skip
