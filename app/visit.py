"""What every run of a visitor's session draws, and the page that it shows."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app.components.browser import keep_history
from app.components.graph import draw_ahead
from app.components.header import show_notice, show_share, show_status, show_terms
from app.services import follow_link, open_at_start
from app.session import OWN, make_link, read_link, write_link
from app.state import begin, get_work, read_address, turn_to_asked, write_address

HERE = Path(__file__).parent
LOGO = str(HERE / "logo.svg")
PAGES = [
    ("model", "Model", ":material/deployed_code:"),
    ("labels", "Labels", ":material/label:"),
    ("graph", "Graph", ":material/account_tree:"),
    ("layout", "Layout", ":material/view_column:"),
    ("benchmark", "Benchmark", ":material/speed:"),
    ("serving", "Serving", ":material/call_split:"),
    ("review", "Review", ":material/rate_review:"),
    ("download", "Download", ":material/download:"),
]

st.set_page_config(page_title="MaRI Studio", page_icon=LOGO, layout="wide")
st.html(HERE / "style.css")
st.logo(LOGO, size="large")
if begin():
    link = read_link(read_address())
    follow_link(get_work(), link) if link else open_at_start(get_work())
pages = [
    st.Page(f"pages/{file}.py", title=f"{at}. {title}", icon=icon, default=at == 1)
    for at, (file, title, icon) in enumerate(PAGES, start=1)
]
page = st.navigation(pages, position="top")
turn_to_asked(pages)
show_terms()
keep_history()
status = st.container(key="status")
draw_ahead(get_work())
try:
    page.run()
finally:  # also when a page ends early: the state of the work is always visible
    with status:
        show_status(get_work())
        show_notice(get_work())
        show_share()
    draw_ahead(get_work())
    write_address(write_link(make_link(get_work())), own=OWN)
