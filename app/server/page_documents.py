"""The document of each page: Streamlit's own, which is told where its server is.

Opened at `/download`, its script would look for the server below that address first, in
`/download/_stcore/`, and the browser's console would show that there is none. The server lies
beside the page, as the scripts and styles do that the document names.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from streamlit import file_util

_PAGES = Path(__file__).parents[1] / "pages"
_BEGIN = "<head>"
_BESIDE = (
    "<script>window.__streamlit ="
    " { BACKEND_BASE_URL: new URL('.', window.location.href).href }</script>"
)


def list_documents() -> Sequence[Route]:
    """Return a route for the address of the app and for that of each page."""
    place = Path(file_util.get_static_dir()) / "index.html"
    text = place.read_text(encoding="utf-8").replace(_BEGIN, _BEGIN + _BESIDE, 1)

    def answer(request: Request) -> Response:
        return HTMLResponse(text, headers={"Cache-Control": "no-cache"})

    base = st.get_option("server.baseUrlPath").strip("/")
    begin = f"/{base}/" if base else "/"
    names = ["", *sorted(page.stem for page in _PAGES.glob("[a-z]*.py"))]
    return [Route(f"{begin}{name}", answer) for name in names]
