"""Components that show nothing: scripts of ours in the visitor's browser."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import streamlit as st


def run_script(name: str, data: Mapping[str, object] | None = None, **on_change: Any) -> None:
    """Run the script of this name with this data; its state is read as that of a widget."""
    with st.container(key=f"browser-{name}"):
        _component(name)(key=name, data=data, **on_change)


@cache
def _component(name: str) -> Any:
    script = files("app.components.browser") / "assets" / f"{name}.js"
    return st.components.v2.component(f"mari_{name}", js=script.read_text(encoding="utf-8"))
