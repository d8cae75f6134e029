"""What `mari load` wrote is read again, and nothing else is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mari_engine.errors import MariError
from mari_engine.types import Arm, Capacity, LoadResult, LoadRun, LoadStage

RUN = LoadRun(Arm.ORIGINAL, LoadStage.SEARCH, 90.0, 1000, 0.01, 0.02, 0.03, 0.012, 89.5, 9.0, True)
RESULT = LoadResult(
    bound=0.05, candidates=(300, 500), workers=2,
    capacities=(
        Capacity(Arm.ORIGINAL, 90.0, 91.0, 120.0, 9.0),
        Capacity(Arm.MARI, 180.0, 182.0, 250.0, None),
    ),
    runs=(RUN,), equal_rate=63.0, machine={"processor": "p"}, generator="g 1", model="m", seed=0,
    source_sha256="0",
)  # fmt: skip


def test_it_is_read_as_it_was_written() -> None:
    assert LoadResult.from_text(json.dumps(RESULT.to_json())) == RESULT


def test_the_ratio_is_after_by_before() -> None:
    assert RESULT.ratio == 2.0


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("version",), 2, "version is 2"),
        (("bound",), -1, "'bound' is negative"),
        (("workers",), 0, "'workers' is missing or not a whole number from 1"),
        (("candidates",), ["a"], "'candidates' is missing or not a whole number"),
        (("runs", 0, "p90"), 0.001, "run 0: its percentiles do not rise"),
        (("runs", 0, "stage"), "warm", "run 0: unknown stage 'warm'"),
        (("runs", 0, "met"), "yes", "run 0: 'met' must be true or false"),
        (("capacities", 1, "arm"), "other", "capacity 1: unknown arm 'other'"),
        (("capacities",), [{}] * (len(Arm) + 1), f"list of at most {len(Arm)} entries"),
    ],
)
def test_mistakes_name_the_field(path: tuple[str | int, ...], value: object, told: str) -> None:
    document: Any = json.loads(json.dumps(RESULT.to_json()))
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(MariError, match=told):
        LoadResult.from_json(document)


@pytest.mark.parametrize("path", [("source_sha256",), ("capacities", 1, "rate"), ("machine", "m")])
def test_an_edited_file_is_refused(path: tuple[str | int, ...]) -> None:
    document: Any = json.loads(json.dumps(RESULT.to_json()))
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = 500.0 if path[0] == "capacities" else "1"
    with pytest.raises(MariError, match=r"was changed after it was written.*; measure it again"):
        LoadResult.from_json(document)


def test_an_older_file_without_a_digest_is_read_where_none_is_needed() -> None:
    document = {name: value for name, value in RESULT.to_json().items() if name != "digest"}
    assert LoadResult.from_json(document) == RESULT
    with pytest.raises(MariError, match="it has no digest"):
        LoadResult.from_text(json.dumps(document), sealed=True)


def test_what_is_no_json_is_told() -> None:
    with pytest.raises(MariError, match="give what 'mari load --json' wrote"):
        LoadResult.from_text("{")
