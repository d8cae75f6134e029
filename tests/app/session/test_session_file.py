import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import mari_engine as mari
from app.services import find_model, open_sample, server_files, take_up
from app.services.model_sources import open_path
from app.session import (
    Options,
    Session,
    SessionError,
    Work,
    read_session,
    session_file,
    write_session,
)
from mari_engine import Note, Review, Section, SignOff, Stamp
from support.app_visits import CONFIRMED, LABELS, LONG
from support.builders import ranking_tower
from support.handmade_results import make_benchmark

ANN = Stamp("Ann", "2026-11-20")
ADDRESS = {"fold": ["parts"], "select": ["a", "b"]}


@pytest.fixture
def reviewed(measured: Work) -> Work:
    """All that a session file can hold."""
    assert measured.opened is not None
    measured.history.append(LABELS)
    measured.elsewhere.append(make_benchmark(device="cuda"))
    review = Review(measured.opened.model.sha256)
    review = review.add(Note(Section.LAYOUT, "x", "Why?\nReally?", ANN))
    measured.review = review.sign(SignOff(Section.LABELS, ANN, "digest"))
    measured.reviewer = "Ann"
    return measured


def test_a_session_file_holds_the_whole_work(reviewed: Work) -> None:
    data = write_session(reviewed, page="layout", address=ADDRESS)
    found = read_session(data)
    assert found == read_session(data)
    assert reviewed.opened is not None
    assert reviewed.result is not None
    assert found.sha256 == reviewed.opened.model.sha256
    assert found.labels == reviewed.labels
    assert found.history == (LABELS,)
    assert found.confirmed
    assert found.confirmed_by == reviewed.confirmed_by
    assert found.options == reviewed.options
    assert list(found.benchmarks) == reviewed.benchmarks
    assert found.review == reviewed.review
    assert (found.reviewer, found.page, found.address) == ("Ann", "layout", ADDRESS)
    assert found.certificate == json.loads(json.dumps(reviewed.result.certificate.to_json()))


def test_without_a_model_there_is_nothing_to_save() -> None:
    with pytest.raises(SessionError, match="open one first"):
        write_session(Work(), page="model", address={})


def changed(data: bytes, *, sealed: bool = True, **fields: Any) -> bytes:
    """Return a session file with other fields, its digest made to fit unless not `sealed`."""
    document = json.loads(data) | fields
    if sealed:
        document.pop("digest")
        text = json.dumps(document, sort_keys=True, ensure_ascii=True)
        document["digest"] = hashlib.sha256(text.encode()).hexdigest()
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"version": 2}, "version is '2', and this app reads 1"),
        ({"kind": "labels"}, "another kind of file"),
        ({"more": 1}, "field 'more' is missing or unknown"),
        ({"labels": {"version": 1, "inputs": {"x": 3}}}, "input 'x': must be an object"),
        ({"history": [{}] * 21}, "'history' must be a list of at most 20"),
        ({"benchmarks": [{}] * 9}, "'benchmarks' must be a list of at most 8"),
        ({"benchmarks": [{}]}, "benchmark: version is None"),
        ({"review": Review("other").to_json()}, "review is about another model"),
        ({"options": {"signature": "both", "candidates": 5, "keep": []}}, "'options' is malformed"),
        (
            {"options": {"signature": "compact", "candidates": 10**9, "keep": []}},
            "'options' is malformed",
        ),
        ({"certificate": []}, "'certificate' must be an object"),
        ({"page": "x" * 3000}, "'page' must be text"),
        ({"address": {"a": "b"}}, "'a' must be a list"),
        ({"reviewer": "\ud800"}, "is not JSON"),
    ],
)
def test_malformed_sessions_are_refused_in_one_line(
    reviewed: Work, fields: dict[str, Any], message: str
) -> None:
    data = write_session(reviewed, page="layout", address={})
    with pytest.raises(mari.MariError, match=message) as caught:
        read_session(changed(data, **fields))
    assert "\n" not in str(caught.value)


def test_a_session_that_was_tampered_with_is_refused(reviewed: Work) -> None:
    data = write_session(reviewed, page="layout", address={})
    with pytest.raises(SessionError, match="was changed after it was saved"):
        read_session(changed(data, sealed=False, confirmed=False))


@pytest.mark.parametrize("data", [b"", b"\xff", b"[" * 100_000, b'{"a": NaN}', b"\x80\x04."])
def test_what_is_no_json_is_refused(data: bytes) -> None:
    with pytest.raises(SessionError, match="is not JSON"):
        read_session(data)


def test_large_files_are_not_even_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_file, "LARGEST_FILE", 1 << 20)
    with pytest.raises(SessionError, match="larger than 1 MiB"):
        read_session(b" " * ((1 << 20) + 1))


@pytest.fixture
def tower(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("sys.argv", ["main.py", "--folder", str(tmp_path)])
    path = tmp_path / "tower.onnx"
    path.write_bytes(ranking_tower())
    return path


def save(path: Path, **options: Any) -> Session:
    """Return the session of a model on the server, its labels confirmed."""
    work = Work()
    work.open(open_path(str(path), server_files()), LABELS, CONFIRMED)
    return Session(
        **{
            **vars(read_session(write_session(work, page="graph", address={}))),
            "confirmed": True,
            "confirmed_by": "Ada",
            **options,
        }
    )


def test_what_a_session_says_was_checked_is_checked_again(tower: Path) -> None:
    session = save(
        tower,
        options=Options(mari.Signature.COMPACT, 50),
        history=(LABELS, mari.Labels()),
        benchmarks=(make_benchmark(), replace(make_benchmark(), source_sha256="0" * 64)),
        certificate={"passed": True, "checks": [1, 2]},
        tool="0.0.1",
    )
    opened = find_model(session)
    assert opened is not None
    work = Work()
    take_up(work, session, opened)
    assert work.confirmed == mari.propose_axes(opened.model, CONFIRMED)
    assert work.confirmed_by == "Ada"
    assert work.options == session.options
    assert work.history == [LABELS], "labels that do not fit are left out"
    assert work.elsewhere == [make_benchmark()], "another model's benchmark is left out"
    assert work.check is not None
    work.check.wait(LONG)
    assert work.verified
    for words in ("The check runs again", "had passed in 2 checks", "saved by version 0.0.1"):
        assert words in work.notice


def test_a_session_with_doubts_or_without_a_name_is_not_confirmed_again(tower: Path) -> None:
    for session, why in (
        (save(tower, labels=LABELS), "1 row is left to answer: user"),
        (save(tower, confirmed_by=""), "does not say who did"),
    ):
        opened = find_model(session)
        assert opened is not None
        work = Work()
        take_up(work, session, opened)
        assert work.confirmed is None
        assert why in work.notice


def test_older_session_files_do_not_say_who_confirmed(reviewed: Work) -> None:
    document = json.loads(write_session(reviewed, page="layout", address={}))
    del document["confirmed_by"]
    assert read_session(changed(json.dumps(document).encode())).confirmed_by == ""


def test_a_model_that_changed_or_went_is_not_taken(tower: Path) -> None:
    session = save(tower)
    assert find_model(session) is not None
    tower.write_bytes(ranking_tower(seed=1))
    assert find_model(session) is None
    work = Work()
    with pytest.raises(SessionError, match=r"tower: is another model \(SHA-256 [0-9a-f]{12}\)"):
        take_up(work, session, open_path(str(tower), server_files()))
    assert work.opened is None
    tower.unlink()
    assert find_model(session) is None
    assert find_model(replace(session, path="")) is None
    assert find_model(replace(session, sample="no_such")) is None


def test_a_session_opens_no_file_outside_the_servers_folders(
    tower: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = save(tower)
    monkeypatch.setattr("sys.argv", ["main.py"])
    assert find_model(session) is None


def test_labels_that_do_not_fit_change_nothing() -> None:
    opened = open_sample("two_tower")
    work = Work()
    work.open(opened, mari.propose_labels(opened.model))
    session = read_session(write_session(work, page="graph", address={}))
    other = Work()
    with pytest.raises(mari.LabelError):
        take_up(other, replace(session, labels=LABELS), opened)
    assert other.opened is None
