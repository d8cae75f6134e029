"""Welcome: what the tool does, for a first visit."""

from __future__ import annotations

import streamlit as st

ROWS = 6


TRY = "paper_tower"
STEPS = ("Say who owns which input", "See what is computed again and again", "Get it verified")


def show_welcome() -> bool:
    """Draw what the tool does, in one picture and three sentences.

    Return True when the sample is to be tried.
    """
    st.title("Score the user once, not once per candidate", anchor=False)
    words, picture = st.columns([5, 6], gap="large", vertical_alignment="center")
    picture.html(f'<div class="mari-idea">{_before()}{_after()}</div>')
    words.markdown(
        "A ranking request scores many candidates for **one** user, and yet most exported models"
        " compute the user's share again for every candidate.\n\n"
        "MaRI Studio finds that share in your ONNX model, computes it once, and **checks**"
        " that the result is the same."
    )
    words.markdown("  →  ".join(f"**{at}** {step}" for at, step in enumerate(STEPS, start=1)))
    with words.container(horizontal=True, vertical_alignment="center"):
        tried = st.button(
            "Try a sample", type="primary", icon=":material/play_arrow:", key="try-sample"
        )
        st.caption(f"`{TRY}`, the paper's own; or choose below", width="content")
    return tried


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
