"""Prices measured on this machine: sound, kept on file, and never trusted when broken."""

from __future__ import annotations

import json
from dataclasses import asdict, fields, replace
from pathlib import Path

import pytest

from mari_engine.errors import ExecutionError
from mari_engine.loading import load
from mari_engine.pipeline import plan
from mari_engine.rewriting.cost import Calibration, Prices, measured_prices, price_cache, price_file
from mari_engine.rewriting.cost.calibration import calibrate
from support.builders import ranking_tower
from support.rewrite_checks import roles

MADE_UP = Calibration(
    "cpu", "a processor", "1.0", replace(Prices(), node=5e-6, source="calibrated (made up)"),
    {64: 1e10},
)  # fmt: skip


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Keep prices in a folder of the test's own; return the devices that were measured."""
    devices = list[str]()

    def measure(device: str) -> Calibration:
        devices.append(device)
        return MADE_UP

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(price_cache, "calibrate", measure)
    return devices


def test_this_machines_prices_are_sound() -> None:
    found = calibrate("cpu")
    numbers = [getattr(found.prices, item.name) for item in fields(Prices) if item.name != "source"]
    assert all(0 < number < float("inf") for number in numbers)
    assert found.prices.source.startswith("calibrated (cpu, onnxruntime ")
    assert sorted(found.curve) == [16, 64, 256]
    assert all(rate > 1e6 for rate in found.curve.values())


def test_a_device_that_is_absent_is_refused() -> None:
    with pytest.raises(ExecutionError, match="tensorrt"):
        calibrate("tensorrt")


def test_prices_are_measured_once_and_read_back(measured: list[str], tmp_path: Path) -> None:
    assert measured_prices() == MADE_UP
    assert measured_prices() == MADE_UP
    assert measured == ["cpu"]
    path = price_file("cpu")
    assert path.is_relative_to(tmp_path / "cache" / "mari-studio")
    assert [each.name for each in path.parent.iterdir()] == [path.name]  # nothing half-written


def test_anew_measures_again(measured: list[str]) -> None:
    measured_prices()
    measured_prices(anew=True)
    assert measured == ["cpu", "cpu"]


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "null", '{"version": 2}', '{"version": 1, "device": "cpu"}',
        json.dumps({"version": 1, **asdict(MADE_UP), "device": "cuda"}),
        json.dumps({"version": 1, **asdict(MADE_UP), "prices": {"node": 1e-6, "new": 1.0}}),
        json.dumps({"version": 1, **asdict(MADE_UP), "prices": {"node": -1e-6}}),
        json.dumps({"version": 1, **asdict(MADE_UP), "prices": {"node": float("nan")}}),
        json.dumps({"version": 1, **asdict(MADE_UP), "prices": {"node": "1e-6"}}),
        json.dumps({"version": 1, **asdict(MADE_UP), "prices": {"source": 3}}),
        json.dumps({"version": 1, **asdict(MADE_UP), "curve": {"wide": 1.0}}),
    ],
)  # fmt: skip
def test_a_broken_file_is_measured_anew(measured: list[str], text: str) -> None:
    path = price_file("cpu")
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    assert measured_prices() == MADE_UP
    assert measured == ["cpu"]
    assert json.loads(path.read_text(encoding="utf-8"))["machine"] == "a processor"


def test_a_folder_that_cannot_be_written_is_no_error(measured: list[str], tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file, not a folder", encoding="utf-8")
    assert measured_prices() == MADE_UP
    assert measured_prices() == MADE_UP
    assert measured == ["cpu", "cpu"]


def test_a_relative_cache_folder_is_ignored(
    measured: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "here")
    assert price_file("cpu").is_absolute()
    assert measured == []


def test_a_plan_says_which_prices_it_went_by() -> None:
    model = load(ranking_tower(user=400, item=30, hidden=50), name="tower")
    labels = roles(user="user", item="item")
    dear = replace(Prices(), node=1.0, source="made up")
    built_in, other = (plan(model, labels, prices=prices) for prices in (None, dear))
    assert built_in.selection.prices == "built-in"
    assert other.selection.prices == "made up"
    assert other.selection.trials[0].expected > 1.0
