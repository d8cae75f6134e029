"""Only app.state touches Streamlit's session state: everything else is handed the work."""

from __future__ import annotations

from pathlib import Path

import app

APP = Path(app.__file__).parent


def test_only_one_module_touches_session_state() -> None:
    users = {
        path.relative_to(APP).as_posix()
        for path in APP.rglob("*.py")
        if "session_state" in path.read_text(encoding="utf-8")
    }
    assert users == {"state.py"}
