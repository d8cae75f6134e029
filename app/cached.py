"""Engine calls that pages repeat, cached for all sessions by the model and the arguments.

What is cached is frozen, so sessions may share it. A model's key holds its hash and its path:
a file that changed on disk is another model, and so is a copy elsewhere.
"""

from __future__ import annotations

import json

import streamlit as st

import mari_engine as mari
from app.work import Opened, Options


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
    """Return the rewrite for these labels, not verified; raises MariError."""
    return _plan(opened.key, _text(labels), options, opened.model, labels)


@st.cache_resource(show_spinner=False)
def list_devices() -> tuple[mari.DeviceInfo, ...]:
    """Return the devices that benchmarks can run on, and why others cannot."""
    return mari.devices()


@st.cache_resource(show_spinner=False, max_entries=64)
def _describe(key: str, _model: mari.Model) -> mari.GraphInfo:
    return mari.describe(_model)


@st.cache_resource(show_spinner="Proposing labels", max_entries=64)
def _propose(key: str, _model: mari.Model) -> mari.Labels:
    return mari.propose_labels(_model)


@st.cache_resource(show_spinner="Rewriting", max_entries=16)
def _plan(
    key: str, labels: str, options: Options, _model: mari.Model, _labels: mari.Labels
) -> mari.Plan:
    return mari.plan(
        _model,
        _labels,
        signature=options.signature,
        candidates=options.candidates,
        keep=options.keep,
    )


def _text(labels: mari.Labels) -> str:
    return json.dumps(labels.to_json())
