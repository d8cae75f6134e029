"""`mari app`: what it tells Streamlit, without starting a server."""

from __future__ import annotations

import runpy
import sys
import tomllib
from pathlib import Path

import pytest

from mari_engine.__main__ import run
from mari_engine.commands.app_command import APP


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The command line that Streamlit was started with."""
    words: list[str] = []
    monkeypatch.setattr(sys, "argv", ["mari"])
    monkeypatch.setattr(runpy, "run_module", lambda *args, **options: words.extend(sys.argv))
    return words


def option(words: list[str], name: str) -> str:
    return words[words.index(f"--{name}") + 1]


def test_it_listens_on_this_machine_alone_and_tells_nobody(started: list[str]) -> None:
    assert run(["app"]) == 0
    assert started[:3] == ["streamlit", "run", str(APP)]
    assert APP.is_file()
    said = {name: option(started, name) for name in ("server.address", "client.showErrorDetails")}
    assert said == {"server.address": "localhost", "client.showErrorDetails": "none"}
    assert option(started, "browser.gatherUsageStats") == "false"
    assert started[-1] == "--"


def test_it_listens_elsewhere_where_it_is_asked(started: list[str], tmp_path: Path) -> None:
    words = ["--host", "0.0.0.0", "--port", "8600", "--name", "ranker.example"]
    assert run(["app", *words, "--folder", str(tmp_path), "dlrm"]) == 0
    assert option(started, "server.address") == "0.0.0.0"
    assert option(started, "server.port") == "8600"
    own = started[started.index("--") + 1 :]
    assert own == ["--folder", str(tmp_path), "--name", "ranker.example", "--", "dlrm"]


def test_folders_and_models_are_there(
    started: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["app", "--folder", "/no/such"]) == 2
    assert "/no/such: there is no such folder" in capsys.readouterr().err
    assert run(["app", "/no/such.onnx"]) == 2
    assert "/no/such.onnx: there is no such file" in capsys.readouterr().err
    assert run(["app", "--port", "0"]) == 2
    assert started == []


def test_the_apps_own_settings_say_the_same() -> None:
    settings = tomllib.loads((APP.parent / ".streamlit/config.toml").read_text(encoding="utf-8"))
    assert settings["server"]["address"] == "localhost"
    assert settings["browser"]["gatherUsageStats"] is False
    assert settings["client"]["showErrorDetails"] == "none"
