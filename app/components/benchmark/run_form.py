"""Where and how to measure."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from app.views.text import plain
from mari_engine import DeviceInfo

OFFERED = (1, 10, 50, 100, 200, 500, 1000, 2000, 5000, 10000)
USUAL = (100, 500, 2000)
MOST_CANDIDATES = 100_000
BASE_SECONDS = 10
"""What loading, memory, operators and the machine's peak take, roughly."""
SECONDS_EACH = 8


@dataclass(frozen=True)
class Run:
    """What was chosen, and whether it is to start now."""

    device: str
    batches: tuple[int, ...]
    threads: int
    clicked: bool


def choose_run(devices: Sequence[DeviceInfo], candidates: int, *, blocked: str, busy: bool) -> Run:
    """Draw the choices and the button, disabled with the reason while it cannot run.

    The number of candidates that the rewrite is planned for is measured unless it is taken out.
    """
    usual = tuple(sorted({*USUAL, candidates}))
    present = [one for one in devices if one.available]
    absent = [one for one in devices if not one.available]
    with st.container(border=True):
        left, middle, right = st.columns([2, 4, 1])
        device = left.selectbox(
            "Device", [one.name for one in present] or ["cpu"], key="device",
            help="\n".join(f"- **{plain(one.name)}**: {plain(one.reason)}" for one in devices),
        )  # fmt: skip
        typed = middle.multiselect(
            "Candidates per request",
            [str(number) for number in sorted({*OFFERED, candidates})],
            default=[str(number) for number in usual],
            accept_new_options=True,
            key="batches",
        )
        cores = os.cpu_count() or 1
        threads = right.number_input("Threads", 1, cores, 1, key="threads")
        batches, wrong = read_batches(typed)
        reason = blocked or wrong or ("A benchmark runs." if busy else "")
        with st.container(horizontal=True, vertical_alignment="center"):
            clicked = st.button(
                "Run benchmark", type="primary", icon=":material/play_arrow:",
                disabled=bool(reason), key="bench-run",
            )  # fmt: skip
            st.caption(plain(reason) or _how_long(batches), width="content")
        if absent:
            with st.expander(f"Absent devices: {plain(', '.join(one.name for one in absent))}"):
                for one in absent:
                    st.markdown(f"**{plain(one.name)}** — {plain(one.reason)}")
    return Run(str(device), batches or usual, threads, clicked)


def _how_long(batches: Sequence[int]) -> str:
    seconds = BASE_SECONDS + SECONDS_EACH * len(batches)
    return f"Takes about {seconds:,} s on a quiet machine, more for large models."


def read_batches(typed: Sequence[str]) -> tuple[tuple[int, ...], str]:
    """Return the batches in order, or why they cannot be run."""
    found = set()
    for text in typed:
        digits = str(text).replace(",", "").strip()
        if not digits.isdecimal() or not 1 <= int(digits) <= MOST_CANDIDATES:
            return (), f"{text}: candidates are a whole number from 1 to {MOST_CANDIDATES:,}."
        found.add(int(digits))
    return tuple(sorted(found)), "" if found else "Choose a number of candidates."
