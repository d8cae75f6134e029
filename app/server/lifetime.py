"""What the server does from its start to its end, beside answering."""

from __future__ import annotations

import asyncio
import contextlib
import webbrowser
from collections.abc import AsyncIterator

import streamlit as st
from streamlit.starlette import App

from app.server.hosts import EVERYWHERE
from app.server.session_end import close_left_sessions


@contextlib.asynccontextmanager
async def live(app: App) -> AsyncIterator[None]:
    """Open a browser unless the server is headless, and close the sessions that are left."""
    if not st.get_option("server.headless"):
        address = st.get_option("server.address") or ""
        host = "localhost" if address in EVERYWHERE else address
        place = f"[{host}]" if ":" in host else host
        url = f"http://{place}:{st.get_option('server.port')}"
        asyncio.get_running_loop().run_in_executor(None, webbrowser.open, url)
    async with close_left_sessions():
        yield
