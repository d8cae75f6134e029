"""Runs of a model: noted, renamed, compared, gone back to."""

from __future__ import annotations

from dataclasses import replace

import pytest

import mari_engine as mari
from app.services import find_run, go_back, note_run, rename_run
from app.session import MOST_RUNS, Options, Work, read_session, write_session
from app.views.runs import compare_runs, differ_in
from mari_engine import Role, Signature
from support.app_visits import CONFIRMED, LABELS, LONG, ended, visit
from support.handmade_results import make_benchmark, make_certificate, make_plan

COMPACT = Options(Signature.COMPACT, 50, ("a", "b"))


def check(work: Work, options: Options, *, passed: bool = True) -> None:
    result = make_plan(certificate=make_certificate(passed=passed))
    work.confirm(options, ended(lambda progress: result), CONFIRMED, "Ada")
    note_run(work)


@pytest.fixture
def compared(confirmed: Work) -> Work:
    """Two runs, the first of them measured, the second shown."""
    note_run(confirmed)
    confirmed.measure(ended(lambda progress: make_benchmark()))
    note_run(confirmed)
    check(confirmed, COMPACT)
    return confirmed


def test_what_has_passed_its_check_is_a_run(compared: Work) -> None:
    first, second = compared.runs
    assert (first.name, first.options, first.by) == ("Run 1", Options(), "Ada")
    assert first.benchmark == make_benchmark()
    assert first.checks == len(make_certificate().checks)
    assert (second.name, second.options, second.benchmark) == ("Run 2", COMPACT, None)
    assert find_run(compared) == 1
    note_run(compared)
    assert len(compared.runs) == 2, "the same run is noted once"


def test_what_has_failed_is_no_run(opened: Work) -> None:
    note_run(opened)
    check(opened, Options(), passed=False)
    assert opened.runs == []
    assert find_run(opened) is None


def test_the_oldest_run_gives_way(confirmed: Work) -> None:
    for candidates in range(1, MOST_RUNS + 3):
        check(confirmed, Options(candidates=candidates))
    assert [run.options.candidates for run in confirmed.runs] == list(range(3, MOST_RUNS + 3))
    names = [run.name for run in confirmed.runs]
    assert len(set(names)) == len(names)


def test_runs_stand_side_by_side_with_their_figures(compared: Work) -> None:
    rename_run(compared, 0, "as it is called today")
    note_run(compared)
    rows = {row.pop(""): list(row.values()) for row in compare_runs(compared.runs, 1)}
    assert list(compare_runs(compared.runs, 1)[0])[1:] == [
        "1 · as it is called today",
        "2 · Run 2, shown",
    ]
    assert rows["Contract"] == ["drop-in", "compact"]
    assert rows["Candidates"] == ["500", "50"]
    assert rows["Left alone"] == ["nothing", "a, b"]
    assert rows["Labels"] == ["the same roles", "the same"]
    assert rows["Speedup, measured"][0].endswith(" at 500")
    assert rows["Speedup, measured"][1] == "not measured"
    assert rows["FLOPs of a request"][0] == "1 G → 150 M"


def test_labels_are_told_by_what_differs() -> None:
    other = mari.Labels({**LABELS.inputs, "item": replace(LABELS.inputs["item"], role=Role.CROSS)})
    assert differ_in(LABELS, other) == "other in item"
    assert differ_in(LABELS, CONFIRMED) == "the same roles"


def test_runs_go_with_the_session_file_and_end_with_the_model(compared: Work) -> None:
    found = read_session(write_session(compared, page="download", address={}))
    assert list(found.runs) == compared.runs
    assert compared.opened is not None
    compared.open(compared.opened, LABELS)
    assert compared.runs == []


def test_a_run_is_gone_back_to_and_checked_again(compared: Work) -> None:
    assert compared.opened is not None
    labels = mari.propose_axes(compared.opened.model, CONFIRMED)  # as whoever confirms leaves them
    compared.runs[0] = replace(compared.runs[0], labels=labels)
    go_back(compared, 0)
    assert compared.options == compared.chosen == Options()
    assert compared.check is not None
    compared.check.wait(LONG)
    assert find_run(compared) == 0


def test_runs_are_named_compared_and_forgotten_on_the_download_page(compared: Work) -> None:
    app = visit("download", compared)
    (table,) = [one.value for one in app.dataframe if "2 · Run 2, shown" in one.value]
    assert "Speedup, measured" in list(table[""])
    assert app.button(key="run-forget").disabled, "what is shown is not forgotten"
    app.text_input(key="run-name-1").set_value("small").run()
    assert compared.runs[1].name == "small"
    app.selectbox(key="run-1-2").set_value(0).run()
    app.button(key="run-forget").click().run()
    assert not app.exception
    assert [run.name for run in compared.runs] == ["small"]
