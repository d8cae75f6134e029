"""The model or export that the open one is compared with."""

from __future__ import annotations

import streamlit as st

import mari_engine as mari
from app.components.feedback import show_error
from app.services import Other, take_other
from app.session import Work
from app.state import drop_uploads, make_folder


def choose_other(work: Work, *, busy: bool) -> Other | None:
    """Draw the upload; return what was given, once its button is pressed."""
    with st.form(f"other-{work.revision}", border=True, clear_on_submit=True):
        files = st.file_uploader(
            "What was before: an .onnx file with its external data, or an export's zip",
            type=["onnx", "data", "zip", "bin"],
            accept_multiple_files=True,
            help="The zip is the one of the Download page; it brings its labels and decisions.",
        )
        sent = st.form_submit_button("Compare", icon=":material/difference:", disabled=busy)
    if not sent:
        return None
    try:
        with st.spinner("Reading it"):
            return take_other(files, make_folder())
    except mari.MariError as error:
        show_error(error)
        return None
    finally:
        drop_uploads(files)  # what was taken is on the disk by now
