"""The first thing that every request meets: strangers' names and too large uploads end here."""

from __future__ import annotations

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.server.hosts import Hosts
from app.session import UPLOADS

_FOREIGN = "This server answers under other names only; 'mari app --name HOST' adds this one.\n"
_UPLOAD = re.compile(r"/_stcore/upload_file/(?P<session>[^/]+)/(?P<file>[^/]+)$")
MOST_DIGITS = 15
_HEADERS = {
    "Content-Security-Policy": "frame-ancestors 'self'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class Doors:
    """ASGI middleware in front of Streamlit's own."""

    def __init__(self, app: ASGIApp, hosts: Hosts) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer it here."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if not self._hosts.allow(headers.getlist("host"), headers.getlist("origin")):
            await _refuse(scope, receive, send)
            return
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
            return
        upload = _UPLOAD.search(scope["path"])
        if upload is not None and scope["method"] == "PUT":
            await self._upload(upload, scope, receive, send)
            return
        status = await self._pass_on(scope, receive, _with_headers(send))
        if upload is not None and scope["method"] == "DELETE" and _is_done(status):
            UPLOADS.release(upload["session"], upload["file"])

    async def _upload(
        self, place: re.Match[str], scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Pass an upload on where there is room for it, before any of it is read."""
        session, file = place["session"], place["file"]
        length = Headers(scope=scope).get("content-length", "")
        problem = "an upload must say its length"
        if length.isascii() and length.isdecimal() and len(length) <= MOST_DIGITS:
            problem = UPLOADS.begin(session, file, int(length))
        if problem:
            await PlainTextResponse(f"{problem}\n", 413)(scope, receive, send)
            return
        status = 0
        try:
            status = await self._pass_on(scope, receive, send)
        finally:
            UPLOADS.finish(session, file, kept=_is_done(status))

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> int:
        """Let the app answer, and return the status of its answer; 0 without one."""
        status = 0

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        await self._app(scope, receive, watch)
        return status


def _is_done(status: int) -> bool:
    return 200 <= status < 300


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
    else:
        await PlainTextResponse(_FOREIGN, 403)(scope, receive, send)


def _with_headers(send: Send) -> Send:
    async def add(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, text in _HEADERS.items():
                headers.setdefault(name, text)
        await send(message)

    return add
