"""Requests at the doors, without a network."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from app.server import Doors, Hosts
from app.server import doors as doors_module
from app.session import Uploads

FILE = "/_stcore/upload_file/one/a"
PAGE = "http://localhost"


class Server:
    """A server behind doors of its own, which notes what comes through."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.status = 204
        self.seen: list[str] = []
        self.uploads = Uploads(each=3 << 20, in_all=4 << 20)
        monkeypatch.setattr(doors_module, "UPLOADS", self.uploads)
        self.doors = Doors(self.app, hosts=Hosts.of("localhost"))

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        self.seen.append(scope.get("path", scope["type"]))
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": self.status, "headers": []})
            await send({"type": "http.response.body", "body": b""})
        elif scope["type"] == "websocket":
            await send({"type": "websocket.accept"})

    def ask(self, path: str = "/", method: str = "GET", kind: str = "http", **more: str) -> Any:
        """Return the first message of the answer."""
        headers = {"host": "localhost", **{name.replace("_", "-"): v for name, v in more.items()}}
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        scope = {"type": kind, "path": path, "method": method, "headers": raw}
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        asyncio.run(self.doors(scope, receive, send))
        return sent[0] if sent else None

    def put(self, file: str, size: int | str, session: str = "one") -> int:
        path = f"/_stcore/upload_file/{session}/{file}"
        return int(self.ask(path, "PUT", content_length=str(size))["status"])

    def delete(self, file: str, session: str = "one") -> int:
        return int(self.ask(f"/_stcore/upload_file/{session}/{file}", "DELETE")["status"])


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    return Server(monkeypatch)


def test_a_strangers_name_or_page_gets_neither_page_nor_websocket(server: Server) -> None:
    for more in ({"host": "evil.example"}, {"origin": "https://evil.example"}, {"origin": "null"}):
        assert server.ask(**more)["status"] == 403
        assert server.ask("/_stcore/stream", kind="websocket", **more)["type"] == "websocket.close"
        assert server.ask(FILE, "PUT", content_length="1", **more)["status"] == 403
    assert server.seen == []


def test_an_own_page_gets_both(server: Server) -> None:
    assert server.ask(origin=PAGE)["status"] == 204
    assert server.ask(kind="websocket", origin=PAGE)["type"] == "websocket.accept"


def test_what_is_no_request_passes(server: Server) -> None:
    server.ask(kind="lifespan")
    assert server.seen == ["/"]


def test_pages_are_framed_by_none_but_their_own(server: Server) -> None:
    headers = dict(server.ask()["headers"])
    assert headers[b"content-security-policy"] == b"frame-ancestors 'self'"
    assert headers[b"x-content-type-options"] == b"nosniff"


def test_uploads_that_do_not_fit_are_refused_before_they_are_read(server: Server) -> None:
    assert server.put("a", 2 << 20) == 204
    assert server.put("b", 3 << 20) == 413, "a session's own limit"
    assert server.put("b", 3 << 20, session="two") == 204
    assert server.put("c", 1 << 20, session="three") == 413, "the limit of all sessions"
    assert len(server.seen) == 2
    assert server.delete("a") == 204
    assert server.put("c", 1 << 20, session="three") == 204


@pytest.mark.parametrize("length", ["", "-1", "many", "1e3", "٣", "9" * 40])
def test_an_upload_says_its_length(length: str, server: Server) -> None:
    if length.isascii():
        assert server.put("a", length) == 413
    assert server.uploads.sessions() == frozenset()


def test_an_upload_that_was_not_kept_is_not_counted(server: Server) -> None:
    server.status = 400
    assert server.put("a", 3 << 20) == 400
    server.status = 204
    assert server.put("a", 3 << 20) == 204
    server.status = 403
    assert server.delete("a") == 403
    assert server.put("b", 3 << 20) == 413, "what was not removed is still held"


def test_an_upload_is_sent_once(server: Server) -> None:
    assert server.put("a", 1 << 20) == 204
    assert server.put("a", 1 << 20) == 413


def test_an_upload_that_fails_in_the_app_is_not_counted(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError("the app failed")

    monkeypatch.setattr(server.doors, "_app", fail)
    with pytest.raises(RuntimeError):
        server.put("a", 1)
    assert server.uploads.sessions() == frozenset()
