"""The server: `streamlit run app/main.py -- [MODEL] [--folder DIR …] [--name HOST …]`."""

from __future__ import annotations

import sys
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from streamlit.starlette import App

from app.server import Doors, Hosts, list_documents, live
from app.services import read_arguments

named = read_arguments(sys.argv[1:])
hosts = Hosts.of(st.get_option("server.address"), named.hosts)
app = App(
    Path(__file__).with_name("visit.py"),
    lifespan=live,
    routes=list_documents(),
    middleware=[Middleware(Doors, hosts=hosts)],
)
