"""Sessions that their visitors left: closed, and all that they held given back.

Streamlit keeps a session whose connection ended, so that a browser can come back to it, and drops
it only when another one ends. Here they are looked for.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

from streamlit import runtime

from app.jobs import give_back_memory
from app.session import UPLOADS, VISITS

GRACE = 60.0
"""Seconds for which a session without a connection is kept."""
LOOK = 5.0
"""Seconds between two looks."""
LATER = 4
"""Looks for which memory is given back after an end: jobs that were cancelled let go later."""


@contextlib.asynccontextmanager
async def close_left_sessions() -> AsyncIterator[None]:
    """Look for left sessions as long as the server runs; what is left at its end is closed too."""
    task = asyncio.create_task(_keep_looking())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        for session in VISITS.sessions():
            VISITS.end(session)


async def _keep_looking() -> None:
    absence, untidy = Absence(GRACE), 0
    while True:
        await asyncio.sleep(LOOK)
        server = runtime.get_instance()
        known = {*VISITS.sessions(), *UPLOADS.sessions()}
        active = {session for session in known if server.is_active_session(session)}
        active |= UPLOADS.sending()
        left = absence.find_left(known, active, time.monotonic())
        for session in left:
            server.close_session(session)
            VISITS.end(session)
            UPLOADS.release_all(session)
        untidy = LATER if left else max(0, untidy - 1)
        if untidy:
            await asyncio.to_thread(give_back_memory)


class Absence:
    """Since when sessions have been without a connection."""

    def __init__(self, grace: float) -> None:
        self._grace = grace
        self._since: dict[str, float] = {}

    def find_left(self, known: set[str], active: set[str], now: float) -> list[str]:
        """Return the sessions that have been absent for longer than the grace, at this time."""
        absent = known - active
        self._since = {session: self._since.get(session, now) for session in absent}
        return sorted(session for session in absent if now - self._since[session] > self._grace)
