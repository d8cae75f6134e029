"""The sessions of this server, and what their uploads hold of its memory."""

from __future__ import annotations

import threading
from collections.abc import Callable

from app.session.work import Work

MOST_UPLOADED = 1 << 30
"""Bytes that one session's uploads may hold at once; the server's `maxUploadSize` is the same."""
MOST_UPLOADED_IN_ALL = 4 << 30
"""Bytes that the uploads of all sessions may hold at once."""
FRAMING = 1 << 20
"""Bytes that a request may be longer than its file."""


class Visits:
    """The work of each session whose visitor may still come back. Safe in all threads."""

    def __init__(self) -> None:
        self._works: dict[str, tuple[Work, Callable[[], None]]] = {}
        self._lock = threading.Lock()

    def begin(self, session: str, work: Work, forget: Callable[[], None]) -> None:
        """Remember a session's work, and what is to be called when the session has ended."""
        with self._lock:
            self._works[session] = work, forget

    def sessions(self) -> tuple[str, ...]:
        """Return the sessions that have begun and not ended."""
        with self._lock:
            return tuple(self._works)

    def has(self, token: str) -> bool:
        """Return True where a session that has not ended holds the work of this token."""
        with self._lock:
            return any(work.token == token for work, _ in self._works.values())

    def take(self, token: str, is_active: Callable[[str], bool]) -> Work | None:
        """Return the work of this token from a session whose visitor left; None where none did.

        That session keeps nothing of it: the visitor came back in another one, by a reload.
        """
        with self._lock:
            for session, (work, forget) in self._works.items():
                if work.token == token and not is_active(session):
                    self._works[session] = Work(), forget
                    break
            else:
                return None
        forget()
        return work

    def end(self, session: str) -> None:
        """Close a session's work and forget it."""
        with self._lock:
            work, forget = self._works.pop(session, (None, None))
        if work is not None and forget is not None:
            work.close()
            forget()


class Uploads:
    """How many bytes of uploads each session holds, or is sending. Safe in all threads."""

    def __init__(self, each: int = MOST_UPLOADED, in_all: int = MOST_UPLOADED_IN_ALL) -> None:
        self._each, self._in_all = each, in_all
        self._sizes: dict[tuple[str, str], int] = {}
        """Bytes by session and file."""
        self._coming: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def begin(self, session: str, file: str, size: int) -> str:
        """Count a file that is about to be sent; return why it is not taken, or ""."""
        with self._lock:
            if (session, file) in self._sizes:
                return "this upload was sent already"
            mine = sum(held for (owner, _), held in self._sizes.items() if owner == session)
            if mine + size > self._each + FRAMING:
                return f"more than {self._each >> 20} MiB of uploads in one session"
            if sum(self._sizes.values()) + size > self._in_all + FRAMING:
                return "the uploads of all visitors fill this server's memory; try again later"
            self._sizes[session, file] = size
            self._coming.add((session, file))
            return ""

    def finish(self, session: str, file: str, *, kept: bool) -> None:
        """Note that a file has come, or that it was not kept."""
        with self._lock:
            self._coming.discard((session, file))
            if not kept:
                self._sizes.pop((session, file), None)

    def release(self, session: str, file: str) -> None:
        """Count a file no more; one that is still coming stays counted."""
        with self._lock:
            if (session, file) not in self._coming:
                self._sizes.pop((session, file), None)

    def release_all(self, session: str) -> None:
        """Count nothing of a session any more."""
        with self._lock:
            for owner, file in [key for key in self._sizes if key[0] == session]:
                del self._sizes[owner, file]

    def sessions(self) -> frozenset[str]:
        """Return the sessions that hold uploads."""
        with self._lock:
            return frozenset(owner for owner, _ in self._sizes)

    def sending(self) -> frozenset[str]:
        """Return the sessions from which a file is coming."""
        with self._lock:
            return frozenset(owner for owner, _ in self._coming)


VISITS = Visits()
UPLOADS = Uploads()
