"""The lines that `mari optimize` and `mari inspect` print first."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mari_engine as mari
from mari_engine.__main__ import run
from mari_engine.commands.headlines import inspect_headline, measure_headline, optimize_headline
from mari_engine.commands.tables import show_certificate
from mari_engine.types import Check, OutputError
from sample_models import sample_path
from support.builders import ranking_tower
from support.in_process import in_this_process  # noqa: F401 - a fixture for all here

ROLES = {"user": {"role": "user"}, "item": {"role": "item"}}
TIMES = (mari.Trial(mari.Way.ORIGINAL, 4e-3, 3e-3), mari.Trial(mari.Way.SPLIT, 1e-3, 1.5e-3))
EXPECTED = mari.Selection(mari.Way.SPLIT, "expected", "why", TIMES)
ERROR = OutputError("score", 0.0, 1e-7, 1e-7, 0.0, same_ranking=True)
CHECK = Check(batch=3, seed=0, request="generated", outputs=(ERROR,), passed=True)
PASSED = mari.Certificate(True, (CHECK, CHECK), {}, (0,), (3,), {}, "by hand")


@pytest.fixture(scope="module")
def planned() -> mari.Plan:
    model = mari.load(ranking_tower(user=64, item=16, hidden=32), name="tower")
    return mari.plan(model, mari.Labels.from_json({"version": 1, "inputs": ROLES}))


def optimized(planned: mari.Plan, **changes: Any) -> tuple[str, ...]:
    """Return the headline of a result that differs from the planned one in a few fields."""
    fields: dict[str, Any] = {
        **vars(planned),
        "certificate": PASSED,
        "selection": EXPECTED,
        **changes,
    }
    return optimize_headline(mari.OptimizeResult(**fields), confirmed=True)


def test_the_first_line_says_how_much_faster_and_how_that_is_known(planned: mari.Plan) -> None:
    first = optimized(planned)[0]
    assert first == (
        "tower: 4.00× faster at 500 candidates (expected, by built-in prices: 4 ms → 1 ms)"
    )
    first = optimized(planned, selection=replace(EXPECTED, chosen_by="measured"))[0]
    assert first == (
        "tower: 2.00× faster at 500 candidates (timed on this machine, one thread: 3 ms → 1.5 ms)"
    )


def test_a_slower_model_and_one_left_as_it_was_are_not_called_faster(planned: mari.Plan) -> None:
    slow = (mari.Trial(mari.Way.ORIGINAL, 1e-3), mari.Trial(mari.Way.SPLIT, 2e-3))
    first = optimized(planned, selection=replace(EXPECTED, trials=slow))[0]
    assert first.startswith("tower: 2.00× slower at 500 candidates")
    left = replace(EXPECTED, way=mari.Way.ORIGINAL, trials=slow)
    assert optimized(planned, selection=left)[0] == (
        "tower: left as it was, since no rewrite is clearly faster at 500 candidates "
        "(expected, by built-in prices: 1 ms, the fastest rewrite 2 ms)"
    )
    asked = replace(left, chosen_by="given", trials=slow[:1])
    assert optimized(planned, selection=asked)[0] == (
        "tower: left as it was, as asked; at 500 candidates (expected, by built-in prices: 1 ms)"
    )


def test_the_verdict_comes_last(capsys: pytest.CaptureFixture[str]) -> None:
    show_certificate(replace(PASSED, coverage=mari.Coverage(4, 3)))
    *_, before, last = capsys.readouterr().out.splitlines()
    assert (before, last) == (
        "", "Lossless: the same numbers as the original, if the labels are true.",
    )  # fmt: skip


def test_flops_are_told_per_request_and_as_no_speedup(planned: mari.Plan) -> None:
    line = optimized(planned)[1]
    before, after = (cost.flops.at(500) for cost in (planned.flops.before, planned.flops.after))
    figures = f"{mari.format_count(before, 'FLOP')} → {mari.format_count(after, 'FLOP')}"
    assert line == f"FLOPs per request: {figures} (arithmetic, not time)"
    uncounted = replace(planned.flops.before, uncounted=("NonZero",))
    line = optimized(planned, flops=replace(planned.flops, before=uncounted))[1]
    assert line.endswith("(arithmetic, not time, without NonZero, whose work is not counted)")


def test_lossless_is_said_with_what_it_rests_on(planned: mari.Plan) -> None:
    lossless = "Lossless: the same numbers, if these labels are true (2 requests checked)"
    assert optimized(planned)[2] == lossless
    covered = replace(PASSED, coverage=mari.Coverage(4, 3))
    line = optimized(planned, certificate=covered)[2]
    assert line.endswith("(2 requests checked, 3 of 4 branches reached)")
    failed = replace(PASSED, passed=False, reason="y differs at item 3")
    assert optimized(planned, certificate=failed)[2] == "Not lossless: y differs at item 3"
    rounded = replace(CHECK, outputs=(replace(ERROR, exact=None),))
    line = optimized(planned, certificate=replace(PASSED, checks=(rounded,)))[2]
    assert line.startswith("Equal within rounding; ")
    assert line.endswith(", if these labels are true (1 request checked)")


def test_the_largest_savings_are_named_first_and_two_at_most(planned: mari.Plan) -> None:
    (first, *_) = planned.decisions
    decisions = tuple(
        replace(
            first, node=f"n{size}", action=mari.Action.ONCE, flops_before=mari.Flops(0, size),
            flops_after=mari.Flops(0, 0),
        )
        for size in (10, 30, 20)
    )  # fmt: skip
    assert optimized(planned, decisions=decisions)[3] == (
        "Saves most: 15 kFLOP at n30 (once per request), 10 kFLOP at n20 (once per request)"
    )
    assert optimized(planned, decisions=())[3] == "Saves nothing in any product"


def test_what_needs_a_look_stands_in_one_line(planned: mari.Plan) -> None:
    kept = next(each for each in planned.decisions if each.action == mari.Action.KEPT)
    small = replace(kept, node="small", flops_after=mari.Flops(0, 1))
    large = replace(kept, node="large", flops_after=planned.flops.after.flops, reason="it is odd")
    assert optimized(planned, decisions=(small,))[-1] == "To look at: nothing"
    line = optimized(
        planned,
        decisions=(small, large),
        failures=("a", "b", "c", "d"),
        certificate=replace(PASSED, notes=("rounding could not be checked: no runtime",)),
    )[-1]
    assert line == (
        "To look at: the rewriter failed, and kept a, b, c and 1 more: report this defect; "
        "rounding could not be checked: no runtime; "
        "large is kept with 100% of the FLOPs left, since it is odd"
    )


def test_labels_that_nobody_confirmed_are_to_look_at(planned: mari.Plan) -> None:
    guess = {
        **planned.labels.inputs,
        "item": replace(planned.labels.inputs["item"], confidence=0.6),
    }
    guessed = replace(planned, labels=mari.Labels(guess))
    remedy = "; 'mari labels' writes them to a file to correct"
    assert f"labels are guesses for item{remedy}" in inspect_headline(guessed, confirmed=False)[-1]
    assert remedy not in inspect_headline(guessed, confirmed=True)[-1]
    assert "proposals, not confirmed" in inspect_headline(planned, confirmed=False)[-1]
    assert "labels" not in inspect_headline(planned, confirmed=True)[-1]


def test_inspect_says_whose_the_inputs_are_and_what_was_decided(planned: mari.Plan) -> None:
    lines = inspect_headline(planned, confirmed=True)
    assert len(lines) <= 7
    assert lines[0] == "tower: inputs by side: 1 request (user), 1 candidate (item)"
    assert lines[1] == "Vouched for: 2 labels by the labels file"
    assert lines[2].startswith("Rewritten: ")
    assert lines[5] == "Products: 1 split, 0 once per request, 0 fused, 1 kept"


def test_packed_inputs_are_told_by_columns() -> None:
    model = mari.load(sample_path("deepfm_packed"))
    labels = mari.Labels.load(sample_path("deepfm_packed").with_suffix(".labels.json"))
    first = inspect_headline(mari.plan(model, labels), confirmed=True)[0]
    assert first.endswith("1 packed (X: 28 of 46 columns the request's)")


def test_measured_says_what_is_attainable_and_what_contradicts_the_labels(
    planned: mari.Plan,
) -> None:
    feeds = {"user": np.ones((4, 64), np.float32), "item": np.ones((4, 16), np.float32)}
    feeds["user"][1, 2] = 5
    lines = measure_headline(mari.measure(planned, requests=(feeds,)))
    assert lines[0].startswith("Measured, at 500 candidates: products take ")
    assert " attainable, " in lines[0]
    assert any(line.startswith("Labels against your requests: ") for line in lines)


@pytest.mark.parametrize("command", ["optimize", "inspect"])
def test_the_command_prints_seven_lines_and_the_tables_only_when_asked(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, labels = tmp_path / "tower.onnx", tmp_path / "labels.json"
    model.write_bytes(ranking_tower(user=64, item=16, hidden=32))
    labels.write_text(json.dumps({"version": 1, "inputs": ROLES}), encoding="utf-8")
    words = [command, str(model), "--labels", str(labels)]
    words += ["--no-autotune", "-o", str(tmp_path / "out")] if command == "optimize" else []
    assert run(words) == 0
    short = capsys.readouterr().out
    assert len(short.splitlines()) == 7
    assert "\x1b" not in short
    assert "━" not in short
    assert run([*words, "--verbose"]) == 0
    long = capsys.readouterr().out
    assert long.splitlines()[:4] == short.splitlines()[:4]
    assert "━" in long
    assert "Products" in long
