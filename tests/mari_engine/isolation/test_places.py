import os
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import psutil
import pytest

from mari_engine.errors import Cancelled, FeedError, LimitError
from mari_engine.isolation import (
    Isolation,
    NativeError,
    call,
    isolated,
    limits,
    make,
    places,
    start_beside,
)
from mari_engine.isolation.limits import Limits
from support import hosted

ROOT = Path(__file__).parents[3]
MIB = 1 << 20


@pytest.fixture(autouse=True)
def _as_users_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MARI_ISOLATION", "MARI_SECONDS", "MARI_MEMORY"):
        monkeypatch.delenv(name, raising=False)


def isolate(*calls: Callable[[], object], **allowed: Any) -> None:
    """Make calls in a process of their own, going on after each LimitError."""
    with isolated(**allowed):
        for each in calls:
            with suppress(LimitError):
                each()


def test_calls_run_in_one_other_process_and_outside_in_this_one() -> None:
    assert call(hosted.pid, about="m") == os.getpid()
    with isolated():
        first = call(hosted.pid, about="m")
        with isolated():
            assert call(hosted.pid, about="m") == first
    assert first != os.getpid()
    assert not psutil.pid_exists(first)


def test_it_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARI_ISOLATION", "off")
    with isolated():
        assert call(hosted.pid, about="m") == os.getpid()


@pytest.mark.parametrize(
    "array",
    [
        np.arange(12, dtype=np.float32).reshape(3, 4),
        np.arange(12).reshape(3, 4).T[::2],
        np.zeros((0, 3), np.int64),
        np.array(2.5),
        np.array(["a", "Ω"], object),
        np.array([1, 2], ml_dtypes.bfloat16),
        np.array([True, False]),
    ],
)
def test_arrays_come_back_as_they_were(array: np.ndarray) -> None:
    with isolated():
        (found,) = call(hosted.echo, [array], about="m")
    assert (found.dtype, found.shape) == (array.dtype, array.shape)
    assert np.array_equal(found, array)


def test_objects_stay_there_until_nobody_needs_them() -> None:
    with isolated():
        counter = make(hosted.Counter, 5, about="m")
        twin = counter.make("twin")
        assert (counter.call("step", 2), twin.call("step", 1)) == (7, 6)
        assert call(hosted.alive, about="m") == 2
        del counter
        assert call(hosted.alive, about="m") == 1
    here = make(hosted.Counter, 5, about="m")
    assert here.make("twin").call("step", 3) == 8


def test_errors_of_the_engine_come_as_they_are_and_others_in_their_words() -> None:
    with isolated():
        with pytest.raises(FeedError, match=r"^x: has no rows; give some$"):
            call(hosted.refuse, about="m")
        with pytest.raises(NativeError, match="a library's"):
            call(hosted.fail, about="m")
        assert call(hosted.echo, 1, about="m") == 1


def test_a_call_without_an_answer_is_stopped_and_so_is_all_that_follows() -> None:
    later: list[object] = []
    with pytest.raises(LimitError) as caught:
        isolate(
            partial(call, hosted.sleep, 60, about="ranker"),
            lambda: later.append(call(hosted.pid, about="ranker")),
            seconds=0.5,
        )
    assert later == []
    assert str(caught.value) == (
        "ranker: no answer within 0.5 s, so it was stopped; shorten its loops or tensors, or allow "
        "more seconds: MARI_SECONDS=1"
    )


def test_slow_calls_are_bounded_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_SLOW", 0.2)
    slow = partial(call, hosted.sleep, 1.5, about="ranker")
    isolate(slow, seconds=5)
    with pytest.raises(LimitError, match=r"no answer within .* s, after slow ones of \d+ s"):
        isolate(*[slow] * 6, seconds=5)


def test_memory_that_grows_at_once_is_refused_by_the_system() -> None:
    """A look every now and then comes too late for what is filled within it."""
    with pytest.raises(LimitError, match="takes more than"):
        isolate(partial(call, hosted.fill, 20_000 * MIB, about="big"), memory=300 * MIB)


def test_what_hides_the_end_of_the_process_is_overruled() -> None:
    def told_otherwise() -> None:
        with pytest.raises(LimitError):
            call(hosted.leave, about="m")
        raise ValueError("not a valid model")

    with pytest.raises(LimitError, match="ended the process"):
        isolate(told_otherwise)


def test_memory_is_bounded_beyond_the_models_own_size() -> None:
    fill = partial(call, hosted.fill, 1000 * MIB, about="big")
    with pytest.raises(LimitError, match=r"^big: takes more than 0\.3 GiB .*MARI_MEMORY="):
        isolate(fill, memory=300 * MIB)
    kept: list[object] = []
    with pytest.raises(LimitError, match="no answer within"):
        isolate(
            lambda: kept.append(make(hosted.Counter, 0, about="big", room=1500 * MIB)),
            fill,
            memory=300 * MIB,
            seconds=1,
        )


def test_an_answer_is_bounded_too() -> None:
    with pytest.raises(LimitError, match="takes more than"), isolated(memory=200 * MIB):
        call(np.zeros, 300 * MIB, np.uint8, about="big")


def test_an_abort_is_told_in_one_line_with_the_last_of_what_was_said(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(LimitError) as caught, isolated():
        call(hosted.abort, about="gru")
    line = str(caught.value)
    how = "SIGABRT: " if os.name == "posix" else "exit status"
    assert line.startswith(f"gru: ended the process that ran it ({how}")
    assert "Gru: axis of 0" in line
    assert "\n" not in line
    assert capfd.readouterr() == ("", "")


def test_a_thread_can_cancel_what_another_waits_for() -> None:
    def wait(place: Isolation) -> None:
        threading.Timer(0.2, place.cancel).start()
        call(hosted.sleep, 25, about="m")

    def begin(place: Isolation) -> None:
        place.cancel()
        call(hosted.pid, about="m")

    for work in (wait, begin):
        with pytest.raises(Cancelled), isolated() as place:
            work(place)


def test_what_is_no_data_is_not_taken_from_there() -> None:
    with pytest.raises(LimitError, match="ended the process"), isolated():
        call(hosted.hand_back_code, about="m")


def test_a_process_ahead_of_need_is_used_next() -> None:
    with isolated(ahead=True):
        call(hosted.pid, about="m")
    children = {child.pid for child in psutil.Process().children()}
    with isolated():
        assert call(hosted.pid, about="m") in children


@pytest.mark.parametrize("text", ["none", "-1", "0", "inf", "nan"])
def test_limits_of_the_environment_are_numbers(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARI_SECONDS", text)
    with pytest.raises(LimitError, match=r"MARI_SECONDS=.* is not a positive number; write"):
        isolate()


PROGRAM = """
from mari_engine.isolation import call, isolated
from support import hosted
with isolated():
    print(call(hosted.pid, about="m"), flush=True)
    call(hosted.sleep, 1, about="m")
    input()
"""


def test_no_process_is_left_when_its_parent_is_killed() -> None:
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    parent = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], env=os.environ | {"PYTHONPATH": paths},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with parent:
        assert parent.stdout is not None
        worker = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    for _ in range(300):
        if not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE:
            return
        time.sleep(0.1)
    raise AssertionError("it still runs")


def test_two_threads_at_once_start_no_process_that_nobody_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started: list[object] = []
    taken: list[object] = []
    limits = Limits(1.0, MIB)
    other = threading.Thread(target=lambda: taken.append(places._take_process(limits, ahead=True)))

    class Started:
        def __init__(self, limits: Limits) -> None:
            started.append(self)
            if len(started) == 2:  # while the spare one starts
                other.start()
                other.join(0.2)

    monkeypatch.setattr(places, "WorkerProcess", Started)
    monkeypatch.setattr(places, "_SPARE", deque())
    taken.append(places._take_process(limits, ahead=True))
    other.join()
    assert {*taken, *places._SPARE} == {*started}
    assert len(places._SPARE) == 1


def test_a_further_process_may_end_and_ends_with_the_first() -> None:
    assert start_beside() is None
    with isolated() as place:
        first = call(hosted.pid, about="m")
        other, third = start_beside(), start_beside()
        assert other is not None
        assert third is not None
        with other.used():
            assert call(hosted.pid, about="m") != first
            with pytest.raises(LimitError, match="ended the process"):
                call(hosted.leave, about="m")
        assert call(hosted.pid, about="m") == first
        with third.used():
            last = call(hosted.pid, about="m")
    assert place.failure is None
    assert not psutil.pid_exists(last)


def test_cancelling_ends_a_further_process_too() -> None:
    def sleep_beside() -> None:
        with isolated() as place:
            other = start_beside()
            assert other is not None
            threading.Timer(0.5, place.cancel).start()
            with other.used():
                call(hosted.sleep, 60, about="m")

    with pytest.raises(Cancelled):
        sleep_beside()
