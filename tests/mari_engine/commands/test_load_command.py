"""`mari load`: what it takes, what it says, what it writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mari_engine.__main__ import run
from support.builders import ranking_tower
from support.in_process import in_this_process  # noqa: F401 - a fixture for all here
from support.short_loads import short_loads  # noqa: F401 - a fixture

LABELS = {"version": 1, "inputs": {"user": {"role": "user"}, "item": {"role": "item"}}}


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    (tmp_path / "m.onnx").write_bytes(ranking_tower(user=64, item=16, hidden=32))
    (tmp_path / "l.json").write_text(json.dumps(LABELS), encoding="utf-8")
    return ["load", str(tmp_path / "m.onnx"), "--labels", str(tmp_path / "l.json")]


@pytest.mark.usefixtures("short_loads")
def test_it_tells_the_capacity_before_and_after(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("mlperf_loadgen")
    sizes = tmp_path / "sizes.json"
    sizes.write_text("[2, 5, 5]", encoding="utf-8")
    target = tmp_path / "load.json"
    more = ["--p99", "60s", "--candidates", str(sizes), "--workers", "1", "--json", str(target)]
    assert run([*words, *more, "-v"]) == 0
    out = capsys.readouterr().out
    assert "requests a second with a p99 below 60 s, 2 to 5 candidates" in out
    assert "the capacity:" in out
    assert "saturation" in out
    assert json.loads(target.read_text(encoding="utf-8"))["candidates"] == [2, 5, 5]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--p99", "20"], "--p99 '20' is no time; write for instance 20ms"),
        (["--p99", "0ms"], "is no time"),
        (["--p99", "1s", "--candidates", "0"], "--candidates 0: is not a number of candidates"),
        (["--p99", "1s", "--candidates", "none.json"], "neither a number nor a file"),
        (["--p99", "1s", "--candidates", "{tmp}/object.json"], "nor a JSON list of such"),
        (["--p99", "1s", "--candidates", "{tmp}/broken.json"], "line 1 is not JSON"),
        (["--p99", "1s", "--candidates", "{tmp}/long.json"], "holds 10,001 sizes; give a sample"),
        (["--p99", "1s", "--workers", "0"], "--workers"),
    ],
)
def test_bad_input_is_told_in_one_line(
    words: list[str],
    tmp_path: Path,
    more: list[str],
    told: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "object.json").write_text('{"sizes": [1]}', encoding="utf-8")
    (tmp_path / "long.json").write_text(json.dumps([500] * 10_001), encoding="utf-8")
    (tmp_path / "broken.json").write_text("[1, 2", encoding="utf-8")
    assert run([*words, *(word.replace("{tmp}", str(tmp_path)) for word in more)]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert told in err
