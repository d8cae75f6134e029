"""Works that are kept on disk: bounded, whole, and found by their token alone."""

from __future__ import annotations

import os
import stat
import time
from dataclasses import replace
from pathlib import Path

import pytest

import mari_engine as mari
from app.components.model import take_back
from app.services import find_kept, is_kept, keep, take_up
from app.services.kept_works import Bounds, KeptWorks, open_works
from app.session import VISITS, Options, Visits, Work
from mari_engine import Signature
from support.app_visits import visit

A, B, C = ("a" * 32, "b" * 32, "c" * 32)


def test_what_is_kept_is_found_by_its_name_and_by_no_other(tmp_path: Path) -> None:
    works = KeptWorks(tmp_path / "works")
    assert works.load(A) is None
    works.save(A, b"one")
    works.save(A, b"two")
    assert works.load(A) == b"two"
    (tmp_path / "secret.json").write_bytes(b"secret")
    for name in (B, "", "a" * 31, A.upper(), "../secret", f"{A}\n", "*"):
        assert works.load(name) is None
    assert [place.name for place in works.folder.iterdir()] == [f"{A}.json"]


def test_only_the_servers_user_reads_the_folder(tmp_path: Path) -> None:
    works = KeptWorks(tmp_path / "deep" / "works")
    works.save(A, b"one")
    (kept,) = works.folder.iterdir()
    modes = [stat.S_IMODE(place.stat().st_mode) for place in (works.folder, kept)]
    assert modes == [0o700, 0o600]


@pytest.mark.parametrize("bounds", [Bounds(works=2), Bounds(bytes=20)])
def test_the_oldest_gives_way_where_there_is_too_much(tmp_path: Path, bounds: Bounds) -> None:
    works = KeptWorks(tmp_path, bounds)
    for at, name in enumerate((A, B)):
        works.save(name, b"x" * 10)
        os.utime(tmp_path / f"{name}.json", (time.time() - 100 + at,) * 2)
    works.save(A, b"y" * 10)  # it changed last
    works.save(C, b"x" * 10)
    assert [works.load(name) for name in (A, B, C)] == [b"y" * 10, None, b"x" * 10]


def test_work_that_grows_is_held_to_the_same(tmp_path: Path) -> None:
    works = KeptWorks(tmp_path, Bounds(bytes=30))
    for at, name in enumerate((A, B)):
        works.save(name, b"x" * 10)
        os.utime(tmp_path / f"{name}.json", (time.time() - 100 + at,) * 2)
    works.save(B, b"x" * 25)
    assert [works.load(name) for name in (A, B)] == [None, b"x" * 25]


def test_what_is_old_is_gone(tmp_path: Path) -> None:
    works = KeptWorks(tmp_path, Bounds(seconds=1000.0))
    works.save(A, b"one")
    left = tmp_path / "begun.part"
    left.write_bytes(b"cut off")
    for place in tmp_path.iterdir():
        os.utime(place, (time.time() - 1001,) * 2)
    assert works.load(A) is None
    works.save(B, b"two")
    assert [place.name for place in tmp_path.iterdir()] == [f"{B}.json"]


def test_what_cannot_be_kept_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    KeptWorks(tmp_path).save(A, b"four")
    assert KeptWorks(tmp_path, Bounds(each=3)).load(A) is None, "nothing longer is read either"
    (tmp_path / f"{A}.json").unlink()
    with pytest.raises(mari.MariError, match="at most 3 are kept; save it as a session file"):
        KeptWorks(tmp_path, Bounds(each=3)).save(A, b"four")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(mari.MariError, match="cannot be kept on this server"):
        KeptWorks(tmp_path / "file").save(A, b"four")


def test_the_command_names_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert open_works().folder == tmp_path / "state" / "mari-studio"
    monkeypatch.setattr("sys.argv", ["main.py", "--keep", str(tmp_path / "works")])
    assert open_works().folder == tmp_path / "works"


def test_work_is_kept_when_it_has_changed_and_taken_up_under_its_token(confirmed: Work) -> None:
    opened = confirmed.opened
    assert opened is not None
    confirmed.chosen = Options(Signature.COMPACT)
    confirmed.requests = [Path("log.npz")]
    assert not is_kept(confirmed)
    keep(confirmed, page="labels", address={})
    assert is_kept(confirmed)
    session = find_kept(confirmed.token)
    assert session is not None
    assert (session.labels, session.chosen) == (confirmed.labels, confirmed.chosen)
    back = Work()
    take_up(back, session, opened, token=confirmed.token)
    assert (back.token, back.chosen) == (confirmed.token, confirmed.chosen)
    assert back.options == confirmed.options
    assert "The work of" in back.notice
    assert "give log.npz again" in back.notice
    confirmed.chosen = Options()
    assert not is_kept(confirmed)


def test_a_model_that_was_only_opened_is_nothing_to_keep(opened: Work) -> None:
    keep(opened, page="model", address={})
    assert find_kept(opened.token) is None


def test_work_that_cannot_be_kept_is_told_on_every_page(
    confirmed: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setattr("sys.argv", ["main.py", "--keep", str(tmp_path / "file")])
    told = [one.value.replace("\\", "") for one in visit("model", confirmed).warning]
    assert any("work: cannot be kept on this server" in one for one in told)
    assert not is_kept(confirmed)


def test_what_is_no_kept_work_leads_nowhere() -> None:
    open_works().save(A, b"{}")
    assert find_kept(A) is None


def test_a_visitor_who_reloads_goes_on_and_the_session_that_was_left_holds_nothing() -> None:
    visits, work, told = Visits(), Work(), []
    visits.begin("left", work, lambda: told.append("left"))
    assert visits.take(work.token, lambda session: True) is None, "its page is still open"
    assert visits.take("", lambda session: False) is None
    assert visits.take(work.token, lambda session: False) is work
    assert told == ["left"]
    assert not visits.has(work.token)
    assert visits.sessions() == ("left",), "it is closed in its time"
    work.folders.append(Path("kept"))
    visits.end("left")
    assert work.folders, "and takes nothing of the work with it"


def test_work_that_another_page_shows_is_taken_up_as_a_copy(confirmed: Work) -> None:
    """Whoever goes on under the same token writes over the other's work."""
    opened, token = confirmed.opened, confirmed.token
    assert opened is not None
    keep(confirmed, page="labels", address={})
    session, back, again = find_kept(token), Work(), Work()
    assert session is not None
    VISITS.begin("other", Work(token=token), lambda: None)
    try:
        take_back(back, session, opened, token)
    finally:
        VISITS.end("other")
    assert back.token != token
    assert "It is open on another page, too" in back.notice
    take_back(again, session, opened, token)
    assert again.token == token
    assert "another page" not in again.notice


def test_tokens_are_not_alike(opened: Work) -> None:
    assert len({Work().token for _ in range(100)}) == 100
    before, model = opened.token, opened.opened
    assert model is not None
    opened.open(replace(model), opened.proposed)
    assert opened.token != before, "another model, another work"
