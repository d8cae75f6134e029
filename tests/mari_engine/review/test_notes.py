import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mari_engine.errors import ReviewError
from mari_engine.review import Note, Review, Section, SignOff, Stamp, Turn
from mari_engine.review.notes import LARGEST_FILE, LONGEST_NAME, LONGEST_TEXT, MOST_ENTRIES

ANN, BOB = Stamp("Ann", "2026-11-20"), Stamp("Bob", "on Monday")
NOTE = Note(Section.DECISIONS, "/mlp/0/MatMul", "Why was this one kept?", ANN)
SIGNED = SignOff(Section.LABELS, ANN, "a digest", "as discussed")


def test_a_note_is_open_until_settled_and_can_be_reopened() -> None:
    review = Review("sha").add(NOTE).add(replace(NOTE, text="Another"))
    settled = review.turn(0, Turn(True, BOB, "its columns all vary"))
    assert [note.is_resolved for note in settled.notes] == [True, False]
    assert settled.open_notes == (review.notes[1],)
    reopened = settled.turn(0, Turn(False, ANN))
    assert not reopened.notes[0].is_resolved
    assert [turn.by for turn in reopened.notes[0].turns] == [BOB, ANN]
    assert review.notes[0].turns == ()


def test_a_sign_off_stands_while_what_it_accepted_is_the_same() -> None:
    review = Review("sha").sign(SIGNED)
    (signed,) = review.sign_offs
    assert signed.stands({Section.LABELS: "a digest"})
    assert not signed.stands({Section.LABELS: "another"})
    assert not signed.stands({Section.LAYOUT: "a digest"})
    withdrawn = review.withdraw(0, BOB).sign_offs[0]
    assert withdrawn.withdrawn == BOB
    assert not withdrawn.stands({Section.LABELS: "a digest"})


def test_json_holds_all_of_it(tmp_path: Path) -> None:
    review = Review("sha").add(NOTE).turn(0, Turn(True, BOB, "done")).sign(SIGNED).withdraw(0, BOB)
    assert Review.from_json(json.loads(json.dumps(review.to_json()))) == review
    review.save(tmp_path / "review.json")
    assert Review.load(tmp_path / "review.json") == review


def entry(**changes: Any) -> dict[str, Any]:
    return Review("sha").add(NOTE).sign(SIGNED).to_json() | changes


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "review: must be an object"),
        (entry(version=2), "version is 2"),
        (entry(more=1), "unknown field 'more'"),
        (entry(model=3), "review: 'model' must be text"),
        (entry(notes={}), "'notes' must be a list"),
        (entry(notes=[{}] * (MOST_ENTRIES + 1)), "'notes' must be a list of at most 2,000"),
        (entry(notes=[{"section": "price"}]), "review notes 0: unknown section 'price'"),
        (entry(notes=[NOTE]), "review notes 0: must be an object"),
        (entry(notes=[{"section": "labels", "text": "a"}]), "review notes 0 by: must be an object"),
        (
            entry(notes=[{"section": "labels", "text": "", "by": {"name": "A", "date": "B"}}]),
            "the note is empty",
        ),
        (
            entry(sign_offs=[{"section": "labels", "seen": "x", "by": {"name": "A"}}]),
            "the date is empty",
        ),
    ],
)
def test_malformed_reviews_are_refused_in_one_line(data: object, message: str) -> None:
    with pytest.raises(ReviewError, match=message) as caught:
        Review.from_json(data)
    assert "\n" not in str(caught.value)


def test_sizes_are_bounded() -> None:
    with pytest.raises(ReviewError, match="longer than 120"):
        Stamp("a" * (LONGEST_NAME + 1), "today")
    with pytest.raises(ReviewError, match="longer than 4,000"):
        replace(NOTE, text="a" * (LONGEST_TEXT + 1))
    full = Review("sha", notes=(NOTE,) * MOST_ENTRIES)
    with pytest.raises(ReviewError, match="more than 2,000 notes"):
        full.add(NOTE)
    busy = Review("sha").add(replace(NOTE, turns=(Turn(True, BOB),) * MOST_ENTRIES))
    with pytest.raises(ReviewError, match="more than 2,000 answers"):
        busy.turn(0, Turn(False, BOB))


def test_half_a_character_is_refused() -> None:
    with pytest.raises(ReviewError, match="half a character"):
        replace(NOTE, text=json.loads('"\\ud83d"'))


def test_files_that_are_no_review_are_named(tmp_path: Path) -> None:
    path = tmp_path / "review.json"
    for text, message in [
        ("{", "cannot be read"),
        ("[" * 100_000, "cannot be read"),
        ('{"version": 1}', "the model's SHA-256 is empty"),
        (" " * (LARGEST_FILE + 1), "larger than 16 MiB"),
    ]:
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ReviewError, match=message) as caught:
            Review.load(path)
        assert str(caught.value).startswith(str(path))
        assert str(caught.value).count(str(path)) == 1
