"""Pages drawn for a session's work, without a browser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

from app.jobs import Job
from app.session import Work
from mari_engine import InputLabel, Labels, Progress, Role

MAIN = Path(__file__).parents[2] / "app" / "visit.py"
LONG = 30.0
"""Seconds after which waiting is given up."""
LABELS = Labels(
    {
        "user": InputLabel(role=Role.USER, confidence=0.9, evidence=("name token 'user'",)),
        "item": InputLabel(role=Role.ITEM),
    }
)
"""For builders.ranking_tower."""
CONFIRMED = Labels(
    {
        "user": replace(LABELS.inputs["user"], confidence=1.0, vouched="Ada"),
        "item": replace(LABELS.inputs["item"], vouched="Ada"),
    }
)
"""The same, answered and confirmed by a person."""


def ended(run: Callable[[Progress], Any]) -> Job[Any]:
    """Return a job that has run to its end."""
    job = Job(run)
    job.wait(LONG)
    return job


def answer(app: AppTest) -> None:
    """Say that the first open row, which is selected by itself, is right as shown."""
    app.button(key="answer-right").click().run()
    assert not app.exception


def confirm(app: AppTest, by: str = "Ada") -> None:
    """Give a name, and confirm."""
    app.text_input(key="confirm-name").set_value(by)
    app.button(key="confirm").click().run()


def visit(page: str, work: Work | None = None) -> AppTest:
    """Return a page of the whole app, drawn for this work."""
    app = AppTest.from_file(str(MAIN), default_timeout=LONG)
    if work is not None:
        app.session_state["work"] = work
    app.run()
    if page != "model":
        app.switch_page(f"pages/{page}.py").run()
    assert not app.exception
    return app
