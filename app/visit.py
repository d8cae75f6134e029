"""What every run of a visitor's session draws, and the page that it shows."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app.components.browser import keep_history, watch_work
from app.components.graph import draw_ahead
from app.components.header import show_notice, show_share, show_status, show_terms
from app.components.model import bring_back
from app.services import follow_link, keep, note_run, open_at_start
from app.session import OWN, make_link, read_link, write_link
from app.state import (
    TOKEN,
    begin,
    get_work,
    read_address,
    read_shared_address,
    read_token,
    tell_page,
    turn_to_asked,
    write_address,
)

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
    ("compare", "Compare", ":material/difference:"),
]

st.set_page_config(page_title="MaRI Studio", page_icon=LOGO, layout="wide")
st.html(HERE / "style.css")
st.logo(LOGO, size="large")
if begin() and not bring_back(get_work(), read_token()):
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
note_run(get_work())
try:
    page.run()
finally:  # also when a page ends early: the state of the work is always visible
    with status:
        show_status(get_work())
        show_notice(get_work())
        show_share()
        keep(get_work(), page=tell_page()[0], address=read_shared_address())
        watch_work(get_work())
    draw_ahead(get_work())
    write_address(write_link(make_link(get_work())), own=OWN)
    if get_work().opened is not None:  # else the address may name work that waits for its model
        write_address({TOKEN: [get_work().token]}, own=[TOKEN])
