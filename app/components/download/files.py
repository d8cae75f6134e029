"""The artifact's files as downloads; none before the check has passed."""

from __future__ import annotations

import json
from collections.abc import Callable

import streamlit as st

import mari_engine as mari
from app.components.feedback import show_error
from app.services import MOST_BYTES, NO_FOLDER, engine_cache, pack, save_once, server_files
from app.session import Work
from app.state import make_folder
from app.views.header import tell_options
from app.views.text import plain

_FILES = [
    ("model.onnx", "Model", ":material/deployed_code:", "application/octet-stream"),
    ("manifest.json", "Manifest", ":material/list_alt:", "application/json"),
    ("report.html", "Report", ":material/article:", "text/html"),
    ("report.md", "Report for a pull request", ":material/merge:", "text/markdown"),
    ("certificate.json", "Certificate", ":material/verified:", "application/json"),
    ("mari.zip", "All as a zip", ":material/folder_zip:", "application/zip"),
]


def offer_files(work: Work) -> None:
    """Draw the downloads, disabled with the reason while the model is not verified."""
    reason = work.unverified()
    if reason:
        st.warning(f"Nothing can be downloaded yet. {plain(reason)}", icon=":material/block:")
    elif _too_large(work):
        _offer_folder(work)
        return
    if not reason:
        st.caption(
            f"Of the contract **{plain(tell_options(work.options))}**, confirmed by"
            f" {plain(work.confirmed_by) or 'nobody named'}"
        )
    if work.folder is None:
        work.folder = make_folder()
    if work.opened is not None and work.opened.model.data_files:
        st.caption("The weights lie beside the model in model.onnx.data: take the zip.")
    with st.container(horizontal=True):
        for name, label, icon, mime in _FILES:
            st.download_button(
                label,
                _reader(work, name) if not reason else b"",
                f"{_stem(work)}.{work.options.signature}.zip" if name == "mari.zip" else name,
                mime,
                icon=icon,
                type="primary" if name == "mari.zip" else "secondary",
                disabled=bool(reason),
                on_click="ignore",
                key=f"get-{name}",
            )


def _reader(work: Work, name: str) -> Callable[[], bytes]:
    def read() -> bytes:
        if work.result is None or work.folder is None:
            return b""
        folder = save_once(work.result, work.folder)
        if name not in ("report.html", "report.md", "mari.zip"):
            return (folder / name).read_bytes()
        render = mari.render_markdown if name == "report.md" else mari.render_report
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        report = render(
            work.result, work.benchmarks, review=work.review, manifest=manifest,
            loads=work.loads.all,
        )  # fmt: skip
        return report.encode() if name != "mari.zip" else pack(folder, report, work.review)

    return read


def _too_large(work: Work) -> bool:
    if work.opened is None or work.confirmed is None:
        return False
    info = engine_cache.describe_optimized(work.opened, work.confirmed, work.options)
    return info.bytes > MOST_BYTES


def _offer_folder(work: Work) -> None:
    served = server_files()
    if not served.folders:
        st.info(f"This model is too large for a browser. {NO_FOLDER}")
        return
    st.info("This model is too large for a browser; write it to a new folder on the server.")
    with st.form("folder", border=False):
        folder = st.text_input(
            "New folder on the server's disk, in one that it was started with",
            placeholder="optimized",
        )
        sent = st.form_submit_button("Write", icon=":material/save:", type="primary")
    if not sent or work.result is None:
        return
    if not folder.strip():
        st.error("Name a folder.")
        return
    try:
        place = served.find_new(folder)
        work.result.save(place)
        st.success(f"Written to {plain(str(place))}")
    except mari.MariError as error:
        show_error(error)


def _stem(work: Work) -> str:
    return work.opened.model.name if work.opened is not None else "model"
