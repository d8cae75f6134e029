"""Sessions whose visitors left give back what they held."""

from __future__ import annotations

import gc
import threading
import tomllib
import weakref
from functools import partial
from pathlib import Path

import pytest

import app
import mari_engine as mari
from app.jobs import Job, give_back_memory
from app.server.session_end import Absence
from app.services import cache_of, engine_cache
from app.session import MOST_UPLOADED, Opened, Options, Uploads, Visits, Work
from mari_engine import Progress
from support.app_visits import LABELS, LONG
from support.builders import ranking_tower


def test_a_session_has_left_when_it_was_absent_for_long() -> None:
    absence = Absence(60.0)
    assert absence.find_left({"a", "b"}, {"a", "b"}, 0.0) == []
    assert absence.find_left({"a", "b"}, {"a"}, 10.0) == []
    assert absence.find_left({"a", "b"}, {"a"}, 70.0) == []
    assert absence.find_left({"a", "b"}, {"a"}, 71.0) == ["b"]


def test_a_session_that_came_back_has_not_left() -> None:
    absence = Absence(60.0)
    absence.find_left({"a"}, set(), 0.0)
    absence.find_left({"a"}, {"a"}, 59.0)
    assert absence.find_left({"a"}, set(), 61.0) == []
    assert absence.find_left({"a"}, set(), 121.0) == []
    assert absence.find_left({"a"}, set(), 122.0) == ["a"]


def waiting() -> Job[None]:
    """Return a job that runs until it is cancelled."""
    begun = threading.Event()

    def run(progress: Progress) -> None:
        while True:
            progress(0.0, "")
            begun.set()
            begun.wait(0.001)

    job = Job(run)
    begun.wait(LONG)
    return job


def test_the_end_of_a_session_removes_its_folders_and_cancels_its_jobs(tmp_path: Path) -> None:
    visits, work, told = Visits(), Work(), []
    visits.begin("a", work, lambda: told.append("a"))
    folder = tmp_path / "uploads"
    folder.mkdir()
    (folder / "m.onnx").write_bytes(ranking_tower())
    work.folders.append(folder)
    jobs = [waiting() for _ in range(3)]
    for job in jobs:
        work.watch(job)
    assert visits.sessions() == ("a",)
    visits.end("a")
    for job in jobs:
        job.wait(LONG)
    assert [job.state for job in jobs] == ["cancelled"] * 3
    assert not folder.exists()
    assert visits.sessions() == ()
    visits.end("a")
    assert told == ["a"]


def test_work_that_is_let_go_ends_the_same_way(tmp_path: Path) -> None:
    work, job = Work(), waiting()
    (tmp_path / "uploads").mkdir()
    work.folders.append(tmp_path / "uploads")
    work.watch(job)
    del work
    gc.collect()
    job.wait(LONG)
    assert job.state == "cancelled"
    assert list(tmp_path.iterdir()) == []


def open_tower(key: str) -> Opened:
    return Opened(mari.load(ranking_tower(), name="tower"), key, "tower.onnx")


def test_what_was_made_of_a_model_is_shared_and_goes_with_the_last_session_that_has_it_open() -> (
    None
):
    works = [Work(), Work()]
    for work in works:
        work.open(open_tower("one"), LABELS)
    first, second = (work.opened for work in works)
    assert first is not None
    assert second is not None
    plan = engine_cache.make_plan(first, LABELS.confirmed(), Options())
    assert engine_cache.make_plan(second, LABELS.confirmed(), Options()) is plan
    assert engine_cache.describe(first) is engine_cache.describe(second)
    made, cache = weakref.ref(plan), weakref.ref(cache_of(first))
    models = weakref.ref(first.model), weakref.ref(second.model)
    del plan, first, second
    works[0].close()
    give_back_memory()
    assert (made() is None, cache() is None) == (False, False)
    works[1].close()
    give_back_memory()
    assert (made(), cache(), *(model() for model in models)) == (None,) * 4


def test_what_fails_is_not_kept() -> None:
    cache = cache_of(open_tower("two"))

    def fail() -> int:
        raise mari.LabelError("no")

    with pytest.raises(mari.LabelError):
        cache.get("kind", 1, fail)
    assert not cache.has("kind", 1)
    assert cache.get("kind", 1, lambda: 5) == 5
    assert cache.get("kind", 1, fail) == 5


def test_the_latest_of_each_kind_are_kept() -> None:
    cache = cache_of(open_tower("three"))
    for at in range(5):
        cache.get("kind", at, partial(int, at), most=2)
    assert [cache.has("kind", at) for at in range(5)] == [False, False, False, True, True]


def test_a_file_that_is_still_coming_stays_counted_and_keeps_its_session() -> None:
    uploads = Uploads(each=10 << 20, in_all=20 << 20)
    assert uploads.begin("s", "f", 10 << 20) == ""
    uploads.release("s", "f")
    assert uploads.sending() == {"s"}
    assert "in one session" in uploads.begin("s", "g", 2 << 20)
    uploads.finish("s", "f", kept=True)
    assert uploads.sending() == frozenset()
    assert uploads.sessions() == {"s"}
    uploads.release_all("s")
    assert uploads.begin("s", "g", 10 << 20) == ""


def test_streamlit_and_the_doors_have_one_limit() -> None:
    settings = Path(app.__file__).parent / ".streamlit/config.toml"
    limit = tomllib.loads(settings.read_text(encoding="utf-8"))["server"]["maxUploadSize"]
    assert limit << 20 == MOST_UPLOADED
