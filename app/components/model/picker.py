"""Three ways to a model: a sample, an upload, a path on the server."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from app import state
from app.components.feedback import show_error
from app.services import NO_FOLDER, model_sources
from app.session import MOST_UPLOADED, Opened, Work
from app.views.text import plain
from mari_engine import MariError
from sample_models import sample, sample_names
from sample_models.catalog import Sample

ACROSS = 3


def upload_key(work: Work) -> str:
    """Return the key of the upload; each model that is opened begins a new, empty one."""
    return f"upload-{work.revision}"


def pick_model() -> Opened | None:
    """Draw the three ways, and return the model that was just opened, if one was."""
    samples, upload, path = st.tabs(
        [":material/category: Samples", ":material/upload: Upload", ":material/folder_open: Path"]
    )
    with samples:
        picked = _pick_sample()
    with upload:
        picked = _pick_upload() or picked
    with path:
        return _pick_path() or picked


def _pick_sample() -> Opened | None:
    names = sample_names()
    chosen = ""
    for at in range(0, len(names), ACROSS):
        for column, name in zip(st.columns(ACROSS), names[at : at + ACROSS], strict=False):
            with column:
                chosen = name if _card(sample(name)) else chosen
    return _try(lambda: model_sources.open_sample(chosen)) if chosen else None


def _card(about: Sample) -> bool:
    with st.container(border=True, height="stretch", vertical_alignment="distribute"):
        with st.container(gap="xsmall"):
            st.markdown(f"**{plain(about.title)}**")
            st.caption(f"Shows {plain(about.shows)}.")
        with st.container(horizontal=True, vertical_alignment="center"):
            clicked = st.button("Open", key=f"open-{about.name}")
            st.caption(
                f"{plain(about.name)} · {about.style}, {about.exporter}, opset {about.opset}",
                width="content",
            )
    return clicked


def _pick_upload() -> Opened | None:
    with st.form("upload", border=False):
        files = st.file_uploader(
            "An .onnx file; add its external data and a labels.json if you have them",
            accept_multiple_files=True,
            key=upload_key(state.get_work()),
            help="Files stay on this server until the session ends",
        )
        st.caption(
            f"At most {MOST_UPLOADED >> 30} GiB in all. Larger models: open a file of the server's"
            " own, so that nothing is sent or held in memory."
        )
        sent = st.form_submit_button("Open", icon=":material/upload:")
    if not sent:
        return None
    return _try(lambda: model_sources.open_upload(files, state.make_folder()))


def _pick_path() -> Opened | None:
    served = model_sources.server_files()
    if not served.folders:
        st.caption(NO_FOLDER)
        return None
    with st.form("path", border=False):
        path = st.text_input(
            "Path of an .onnx file on the server's disk",
            placeholder="ranker.onnx",
            help="In the folders that the server was started with. External data are found beside"
            " it and never read into memory.",
        )
        sent = st.form_submit_button("Open", icon=":material/folder_open:")
    return _try(lambda: model_sources.open_path(path, served)) if sent else None


def _try(open_it: Callable[[], Opened]) -> Opened | None:
    try:
        with st.spinner("Opening the model"):
            return open_it()
    except MariError as error:
        show_error(error)
    return None
