"""Engine calls that pages repeat, cached for all sessions by the model and the arguments.

What is cached is frozen, so sessions may share it. A model's key holds its hash and its path:
a file that changed on disk is another model, and so is a copy elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from typing import TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

import mari_engine as mari
from app.jobs import Job, settle_garbage
from app.services.model_cache import cache_of
from app.session import Opened, Options, bare

T = TypeVar("T")
_MOST_PLANS = 16


def describe(opened: Opened) -> mari.GraphInfo:
    """Return the original graph as plain data."""
    return _get(opened, "info", "", lambda: mari.describe(opened.model), "Reading the graph")


def describe_optimized(opened: Opened, labels: mari.Labels, options: Options) -> mari.GraphInfo:
    """Return the optimized graph as plain data."""

    def make() -> mari.GraphInfo:
        return mari.describe(make_plan(opened, labels, options).optimized)

    return _get(opened, "optimized", (_text(bare(labels)), options), make, "Reading it")


def propose(opened: Opened) -> mari.Labels:
    """Return the engine's proposals for this model."""
    return _get(opened, "labels", "", lambda: mari.propose_labels(opened.model), "Proposing labels")


def read_axes(opened: Opened, labels: mari.Labels) -> Mapping[str, mari.AxisReading]:
    """Return the candidates' axis of every input, for these labels; MariError for a stated one."""
    read = bare(labels)
    return _get(
        opened, "axes", _text(read), lambda: mari.read_axes(opened.model, read), "Reading the axes"
    )


def make_plan(opened: Opened, labels: mari.Labels, options: Options) -> mari.Plan:
    """Return the rewrite for these labels, not verified; raises MariError.

    Where the same rewrite is being made by `start_plan`, it is waited for.
    """

    def make() -> mari.Plan:
        read = bare(labels)
        key = (_text(read), options)
        plan = _get(opened, "plan", key, lambda: _plan(opened, read, options), "Rewriting")
        return replace(plan, labels=labels)

    return cache_of(opened).get("told plan", (_text(labels), options), make)


def start_plan(opened: Opened, labels: mari.Labels, options: Options) -> Job[mari.Plan]:
    """Make the same rewrite in the background; `make_plan` finds it when it is done."""
    cache, read = cache_of(opened), bare(labels)
    key = (_text(read), options)
    return Job(
        lambda progress: cache.get(
            "plan", key, lambda: _plan(opened, read, options, progress), most=_MOST_PLANS
        )
    )


@st.cache_resource(show_spinner=False)
def list_devices() -> tuple[mari.DeviceInfo, ...]:
    """Return the devices that benchmarks can run on, and why others cannot."""
    return mari.devices()


def _plan(
    opened: Opened,
    labels: mari.Labels,
    options: Options,
    progress: mari.Progress | None = None,
) -> mari.Plan:
    with mari.isolated(ahead=True):
        made = mari.plan(
            opened.model,
            labels,
            signature=options.signature,
            candidates=options.candidates,
            keep=options.keep,
            progress=progress,
        )
    settle_garbage()
    return made


def _get(opened: Opened, kind: str, key: Hashable, make: Callable[[], T], doing: str) -> T:
    """Return what is cached, or make it while the page says what is being done."""
    cache = cache_of(opened)
    if cache.has(kind, key) or get_script_run_ctx(suppress_warning=True) is None:
        return cache.get(kind, key, make, most=_MOST_PLANS)
    with st.spinner(doing):
        return cache.get(kind, key, make, most=_MOST_PLANS)


def _text(labels: mari.Labels) -> str:
    return json.dumps(labels.to_json())
