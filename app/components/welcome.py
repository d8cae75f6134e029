"""The idea, for a first visit."""

from __future__ import annotations

import streamlit as st

ROWS = 6


def show_welcome() -> None:
    """Draw what the tool does, in one picture and three sentences."""
    st.title("Score the user once, not once per candidate", anchor=False)
    words, picture = st.columns([5, 6], gap="large", vertical_alignment="center")
    words.markdown(
        "A ranking request scores many candidates for **one** user, and yet most exported models"
        " compute the user's share again for every candidate.\n\n"
        "MaRI Studio finds that share in your ONNX model, computes it once, and **proves** that"
        " the result is the same. Start with a sample, or bring your own model."
    )
    picture.html(f'<div class="mari-idea">{_before()}{_after()}</div>')


def _before() -> str:
    rows = '<span class="r">R · user</span><span class="i">I · item</span>' * ROWS
    return _figure(rows, "As exported: the user's columns are multiplied for every candidate.")


def _after() -> str:
    first = '<span class="r">R · user</span><span class="i">I · item</span>'
    rest = '<span class="gap"></span><span class="i">I · item</span>' * (ROWS - 1)
    return _figure(first + rest, "Rewritten: once per request, and each candidate adds its own.")


def _figure(rows: str, caption: str) -> str:
    return (
        f'<figure><div class="mari-rows" aria-hidden="true">{rows}</div>'
        f"<figcaption>{caption}</figcaption></figure>"
    )
