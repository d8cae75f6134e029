"""Engine calls that pages repeat, cached for all sessions by the model and the arguments.

What is cached is frozen, so sessions may share it. A model's key holds its hash and its path:
a file that changed on disk is another model, and so is a copy elsewhere.
"""

from __future__ import annotations

import json
import threading

import streamlit as st

import mari_engine as mari
from app.jobs import Job, settle_garbage
from app.session import Opened, Options


def describe(opened: Opened) -> mari.GraphInfo:
    """Return the original graph as plain data."""
    return _describe(opened.key, opened.model)


def describe_optimized(opened: Opened, labels: mari.Labels, options: Options) -> mari.GraphInfo:
    """Return the optimized graph as plain data."""
    plan = make_plan(opened, labels, options)
    return _describe(f"{opened.key} {_text(labels)} {options}", plan.optimized)


def propose(opened: Opened) -> mari.Labels:
    """Return the engine's proposals for this model."""
    return _propose(opened.key, opened.model)


def make_plan(opened: Opened, labels: mari.Labels, options: Options) -> mari.Plan:
    """Return the rewrite for these labels, not verified; raises MariError.

    Where the same rewrite is being made by `start_plan`, it is waited for.
    """
    slot = _slot(opened.key, _text(labels), options)
    if slot.plan is not None:
        return slot.plan
    with st.spinner("Rewriting"):
        return slot.fill(opened.model, labels, options)


def start_plan(opened: Opened, labels: mari.Labels, options: Options) -> Job[mari.Plan]:
    """Make the same rewrite in the background; `make_plan` finds it when it is done."""
    slot = _slot(opened.key, _text(labels), options)
    return Job(lambda progress: slot.fill(opened.model, labels, options, progress))


@st.cache_resource(show_spinner=False)
def list_devices() -> tuple[mari.DeviceInfo, ...]:
    """Return the devices that benchmarks can run on, and why others cannot."""
    return mari.devices()


@st.cache_resource(show_spinner="Reading the graph", max_entries=64)
def _describe(key: str, _model: mari.Model) -> mari.GraphInfo:
    return mari.describe(_model)


@st.cache_resource(show_spinner="Proposing labels", max_entries=64)
def _propose(key: str, _model: mari.Model) -> mari.Labels:
    return mari.propose_labels(_model)


class _Slot:
    """A place for one rewrite, which is made once by whoever asks first."""

    def __init__(self) -> None:
        self.plan: mari.Plan | None = None
        self._making = threading.Lock()

    def fill(
        self,
        model: mari.Model,
        labels: mari.Labels,
        options: Options,
        progress: mari.Progress | None = None,
    ) -> mari.Plan:
        """Return the rewrite, made now unless it is there; raises MariError or Cancelled."""
        with self._making:
            if self.plan is None:
                self.plan = mari.plan(
                    model,
                    labels,
                    signature=options.signature,
                    candidates=options.candidates,
                    keep=options.keep,
                    progress=progress,
                )
                settle_garbage()
            return self.plan


@st.cache_resource(show_spinner=False, max_entries=16)
def _slot(key: str, labels: str, options: Options) -> _Slot:
    return _Slot()


def _text(labels: mari.Labels) -> str:
    return json.dumps(labels.to_json())
