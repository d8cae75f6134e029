from __future__ import annotations

import gc
import threading
from dataclasses import replace

import pytest

from app.jobs import Job
from app.session import Options, Work
from app.session.work import MOST_STEPS
from app.views.header import status_html
from app.views.header.status import list_items
from mari_engine import InputLabel, Labels, ModelError, Progress, Role
from support.app_visits import CONFIRMED, LABELS, LONG, ended
from support.handmade_results import make_benchmark, make_certificate, make_plan


def stages(work: Work) -> list[str]:
    return [item.word for item in list_items(work)]


def edited(work: Work) -> None:
    assert work.labels is not None
    item = replace(work.labels.inputs["item"], role=Role.CROSS)
    work.relabel(replace(work.labels, inputs={**work.labels.inputs, "item": item}))


def test_a_session_starts_with_nothing() -> None:
    work = Work()
    assert stages(work) == ["none yet", "none yet", "not verified", "not measured"]
    assert work.blocked() == work.unverified() == "Choose a model first."


def test_proposals_are_not_confirmed(opened: Work) -> None:
    assert stages(opened) == ["tower", "not confirmed", "not verified", "not measured"]
    assert list_items(opened)[1].line == "1 to answer; 1 request side, 1 candidate side"
    assert opened.blocked() == opened.unverified() == "Confirm the labels first."


def test_confirmed_and_checked(confirmed: Work) -> None:
    assert stages(confirmed)[1:3] == ["confirmed", "verified"]
    assert confirmed.confirmed == CONFIRMED
    assert list_items(confirmed)[1].line == "vouched for by: Ada 2"
    assert list_items(confirmed)[2].line == "if these labels are true, equal in 6 checks"
    assert confirmed.unverified() == ""


def test_confirming_what_is_in_doubt_is_a_mistake_of_the_page(opened: Work) -> None:
    with pytest.raises(ValueError, match="in doubt"):
        opened.confirm(Options(), ended(lambda progress: make_plan()), LABELS)
    assert opened.confirmed is None


def test_an_edit_undoes_what_came_after(measured: Work) -> None:
    edited(measured)
    assert stages(measured)[1:] == ["not confirmed", "not verified", "not measured"]
    assert measured.result is None
    assert measured.measured is None


def test_an_edit_that_changes_nothing_undoes_nothing(measured: Work) -> None:
    measured.relabel(replace(CONFIRMED))
    assert measured.verified
    assert measured.measured == make_benchmark()


def test_relabelling_can_be_undone(opened: Work) -> None:
    revision = opened.revision
    opened.relabel(LABELS.confirmed())
    assert opened.labels == LABELS.confirmed()
    opened.undo()
    assert opened.labels == LABELS
    assert opened.revision == revision + 2
    opened.undo()
    assert opened.revision == revision + 2, "there is nothing left to undo"
    opened.redo()
    assert opened.labels == LABELS.confirmed()
    assert opened.revision == revision + 3
    opened.redo()
    assert opened.revision == revision + 3, "there is nothing left to redo"


def test_an_edit_in_the_table_can_be_undone_and_ends_redo(opened: Work) -> None:
    assert opened.labels is not None
    first = opened.labels
    edited(opened)
    second = opened.labels
    opened.undo()
    assert opened.labels == first
    edited(opened)
    assert opened.labels == second
    assert opened.future == []
    opened.undo()
    opened.relabel(LABELS.confirmed())
    assert opened.future == []


def test_only_so_many_steps_are_kept(opened: Work) -> None:
    for at in range(MOST_STEPS + 5):
        opened.relabel(Labels({"user": InputLabel(role=Role.USER, range=(0, at + 1))}))
    assert len(opened.history) == MOST_STEPS


def test_another_model_starts_over(measured: Work) -> None:
    assert measured.opened is not None
    measured.relabel(LABELS.confirmed())
    measured.open(replace(measured.opened, key="other"), LABELS)
    assert stages(measured)[1:] == ["not confirmed", "not verified", "not measured"]
    assert measured.history == []


@pytest.mark.parametrize("step", ["edit", "open", "confirm"])
def test_what_is_out_of_date_is_cancelled(confirmed: Work, step: str) -> None:
    go_on = threading.Event()

    def run(progress: Progress) -> None:
        go_on.wait(LONG)
        progress(0.5, "")

    job = Job(run)
    confirmed.check = confirmed.benchmark = job  # type: ignore[assignment]
    if step == "edit":
        edited(confirmed)
    elif step == "open":
        assert confirmed.opened is not None
        confirmed.open(confirmed.opened, LABELS)
    else:
        confirmed.confirm(Options(), ended(lambda progress: make_plan()), CONFIRMED)
    go_on.set()
    job.wait(LONG)
    assert job.state == "cancelled"


def test_the_work_of_a_closed_session_is_cancelled() -> None:
    go_on = threading.Event()

    def run(progress: Progress) -> None:
        go_on.wait(LONG)
        progress(0.5, "")

    work = Work()
    job = Job(run)
    work.measure(job)  # type: ignore[arg-type]
    del work
    gc.collect()
    go_on.set()
    job.wait(LONG)
    assert job.state == "cancelled"


def test_a_running_check_is_not_a_passed_one(opened: Work) -> None:
    go_on = threading.Event()

    def run(progress: Progress) -> None:
        progress(0.42, "batch 17")
        go_on.wait(LONG)

    opened.confirm(Options(), Job(run), CONFIRMED)  # type: ignore[arg-type]
    while opened.check is not None and not opened.check.message:
        opened.check.wait(0.01)
    assert opened.unverified() == "The check still runs."
    assert list_items(opened)[2].line == "42% batch 17"
    go_on.set()


def test_a_failed_check_says_why(opened: Work) -> None:
    def run(progress: Progress) -> None:
        raise ModelError("tower.onnx: node 'x' is odd")

    opened.confirm(Options(), ended(run), CONFIRMED)
    item = list_items(opened)[2]
    assert (item.tone, item.word, item.line) == ("wrong", "failed", "tower.onnx: node 'x' is odd")
    assert opened.unverified() == "The rewrite or its check failed; see the reason above."


def test_an_unequal_model_is_not_verified(opened: Work) -> None:
    result = make_plan(certificate=make_certificate(passed=False))
    opened.confirm(Options(), ended(lambda progress: result), CONFIRMED)
    assert not opened.verified
    assert stages(opened)[2] == "not equal"
    assert opened.unverified() == "The optimized model is not equal to the original."


def test_names_in_the_strip_are_escaped(opened: Work) -> None:
    assert opened.opened is not None
    hostile = replace(opened.opened.model, name="<script>alert(1)</script>")
    opened.opened = replace(opened.opened, model=hostile)
    assert "<script" not in status_html(opened)
    assert "&lt;script" in status_html(opened)
