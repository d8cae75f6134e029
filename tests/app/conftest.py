"""A session's work, seeded up to each stage with hand-made results."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import mari_engine as mari
from app.services import forget_all
from app.session import Opened, Options, Work
from support.app_visits import CONFIRMED, LABELS, ended
from support.browser_session import address, chromium, page  # noqa: F401 - fixtures for all here
from support.builders import ranking_tower
from support.handmade_results import make_benchmark, make_certificate, make_plan


@pytest.fixture(autouse=True)
def _no_leftovers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("MARI_MODEL", raising=False)
    monkeypatch.setattr("sys.argv", ["main.py"])
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])  # pages take its place
    forget_all()
    yield
    forget_all()


@pytest.fixture
def plan(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The plan that pages see instead of the engine's."""
    made = make_plan()
    monkeypatch.setattr(mari, "plan", lambda *args, **options: made)
    return made


@pytest.fixture
def opened(plan: Any) -> Work:
    """A model is open; its labels are proposals."""
    work = Work()
    plan.optimized = mari.load(ranking_tower(), name="tower")
    work.open(Opened(plan.optimized, "key", "tower.onnx"), LABELS)
    return work


@pytest.fixture
def confirmed(opened: Work) -> Work:
    """The labels are confirmed, and the check has passed."""
    result = make_plan(certificate=make_certificate())
    opened.confirm(Options(), ended(lambda progress: result), CONFIRMED, "Ada")
    return opened


@pytest.fixture
def measured(confirmed: Work) -> Work:
    """A benchmark has run."""
    confirmed.measure(ended(lambda progress: make_benchmark()))
    return confirmed
