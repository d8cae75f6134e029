"""The check repeated with requests of the user's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

import mari_engine as mari
from app.components.feedback import show_error
from app.services import Upload, clean_name, engine_cache, start_check, without_folder
from app.session import Work
from app.state import make_folder

MOST_MEGABYTES = 256


def offer_requests(work: Work) -> None:
    """Draw the upload; its button starts a check that includes these requests."""
    with st.expander("Check with requests of your own", icon=":material/playlist_add_check:"):
        with st.form("requests", border=False):
            files = st.file_uploader(
                "Request files (.npz): one array for each input of the original model, named alike",
                type="npz",
                accept_multiple_files=True,
                max_upload_size=MOST_MEGABYTES,
            )
            sent = st.form_submit_button("Check again", icon=":material/verified:")
        if not sent or work.opened is None or work.confirmed is None:
            return
        folder = make_folder()
        try:
            requests = _read(files, work.opened.model, work.confirmed, folder)
        except mari.MariError as error:
            show_error(mari.FeedError(without_folder(str(error), folder)))
            return
        plan = engine_cache.make_plan(work.opened, work.confirmed, work.options)
        work.recheck(start_check(plan, requests))
        st.rerun()


def _read(
    files: Sequence[Upload], model: mari.Model, labels: mari.Labels, folder: Path
) -> list[mari.Feeds]:
    if not files:
        raise mari.FeedError("requests: no file was given; choose an .npz file")
    requests: list[mari.Feeds] = []
    for file in files:
        place = folder / clean_name(file.name)
        try:
            place.write_bytes(file.getbuffer())
        except OSError as error:
            raise mari.FeedError(
                f"{place}: cannot be kept ({error.strerror}); try later"
            ) from error
        requests.append(mari.load_requests(place, model, labels))
    return requests
