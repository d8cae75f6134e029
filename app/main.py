"""The app: `streamlit run app/main.py -- MODEL`."""

from __future__ import annotations

import sys
from pathlib import Path

import streamlit as st

from app.components.status import show_status
from app.opening import open_at_start
from app.state import begin, get_work

HERE = Path(__file__).parent
LOGO = str(HERE / "logo.svg")
PAGES = [
    ("model", "Model", ":material/deployed_code:"),
    ("labels", "Labels", ":material/label:"),
    ("graph", "Graph", ":material/account_tree:"),
    ("layout", "Layout", ":material/view_column:"),
    ("benchmark", "Benchmark", ":material/speed:"),
    ("review", "Review", ":material/rate_review:"),
    ("download", "Download", ":material/download:"),
]

st.set_page_config(page_title="MaRI Studio", page_icon=LOGO, layout="wide")
st.html(HERE / "style.css")
st.logo(LOGO, size="large")
if begin():
    open_at_start(get_work(), sys.argv[1:])
pages = [
    st.Page(f"pages/{file}.py", title=f"{at}. {title}", icon=icon, default=at == 1)
    for at, (file, title, icon) in enumerate(PAGES, start=1)
]
page = st.navigation(pages, position="top")
status = st.container(key="status")
try:
    page.run()
finally:  # also when a page ends early: the state of the work is always visible
    with status:
        show_status(get_work())
