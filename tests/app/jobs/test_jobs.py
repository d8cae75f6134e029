from __future__ import annotations

import threading

import numpy as np
import pytest

from app.jobs import Job, undisturbed
from mari_engine import Feeds, ModelError, Progress, load, open_session
from support.bombs import loop

LONG = 30.0


def test_a_job_gives_its_result() -> None:
    def run(progress: Progress) -> int:
        progress(0.5, "half")
        return 7

    job = Job(run)
    job.wait(LONG)
    assert (job.state, job.result, job.share, job.message) == ("done", 7, 0.5, "half")
    assert not job.active


def test_an_error_of_the_engine_is_told_in_its_words() -> None:
    def run(progress: Progress) -> int:
        raise ModelError("ranker.onnx: is empty")

    job = Job(run)
    job.wait(LONG)
    assert (job.state, job.error, job.result) == ("failed", "ranker.onnx: is empty", None)


def test_an_unexpected_error_ends_the_job_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    def run(progress: Progress) -> int:
        raise KeyError("secret")

    job = Job(run)
    job.wait(LONG)
    assert job.state == "failed"
    assert "secret" not in job.error
    assert "KeyError" in caplog.text


def test_a_model_that_runs_for_ever_ends_with_its_job() -> None:
    started = threading.Event()

    def run(progress: Progress) -> Feeds:
        session = open_session(load(loop(10**12)), optimize=False)
        started.set()
        return session.run({name: np.ones((2, 8), np.float32) for name in "ui"})

    job = Job(run)
    started.wait(LONG)
    job.cancel()
    job.wait(LONG)
    assert (job.state, job.result) == ("cancelled", None)


def test_a_job_stops_at_its_next_report() -> None:
    started, go_on = threading.Event(), threading.Event()

    def run(progress: Progress) -> int:
        started.set()
        go_on.wait(LONG)
        progress(0.1, "never shown")
        return 7

    job = Job(run)
    started.wait(LONG)
    job.cancel()
    go_on.set()
    job.wait(LONG)
    assert (job.state, job.result, job.message) == ("cancelled", None, "")


def test_jobs_that_run_alone_take_turns() -> None:
    running, end = threading.Event(), threading.Event()

    def first(progress: Progress) -> str:
        running.set()
        end.wait(LONG)
        return "first"

    one = Job(first, alone=True)
    running.wait(LONG)
    other = Job(lambda progress: "other", alone=True)
    while not other.message:
        other.wait(0.01)
    assert (other.state, other.result) == ("waiting", None)
    end.set()
    one.wait(LONG)
    other.wait(LONG)
    assert (one.result, other.result) == ("first", "other")


def test_a_waiting_job_can_be_cancelled() -> None:
    running, end = threading.Event(), threading.Event()

    def first(progress: Progress) -> None:
        running.set()
        end.wait(LONG)

    one = Job(first, alone=True)
    running.wait(LONG)
    other = Job(lambda progress: "other", alone=True)
    other.cancel()
    other.wait(LONG)
    assert other.state == "cancelled"
    end.set()
    one.wait(LONG)
    last = Job(lambda progress: "last", alone=True)
    last.wait(LONG)
    assert last.result == "last"


def test_a_job_rests_while_a_page_is_drawn_and_can_be_cancelled_then() -> None:
    reported = threading.Event()

    def run(progress: Progress) -> None:
        progress(0.1, "resting")
        reported.set()

    with undisturbed():
        resting, cancelled = Job(run), Job(run)
        cancelled.cancel()
        cancelled.wait(LONG)
        assert cancelled.state == "cancelled"
        resting.wait(0.2)
        assert resting.active
        assert not reported.is_set()
    resting.wait(LONG)
    assert resting.state == "done"
