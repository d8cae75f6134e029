"""A review: notes that are open until resolved, and sign-offs that may be withdrawn.

An append-only record: nothing is removed, each entry has a name and a date, so that a meeting's
outcome can be followed later. Names and dates are free text; nobody's identity is checked. All of
it is plain data, bounded in size, that goes to review.json.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from mari_engine.errors import ReviewError
from mari_engine.files import write_whole
from mari_engine.types import JsonDocument, JsonError, JsonObject, parse_json

VERSION = 1
LONGEST_NAME = 120
"""For names of people and for dates."""
LONGEST_TEXT = 4000
LONGEST_SUBJECT = 1000
MOST_ENTRIES = 2000
"""Notes, sign-offs, and turns of one note."""
LARGEST_FILE = 16 << 20
"""Bytes of a review.json."""


class Section(StrEnum):
    """What is reviewed: the parts of a report."""

    LABELS = "labels"
    DECISIONS = "decisions"
    """The colored graph, and what became of each product."""
    LAYOUT = "layout"
    LOSSLESSNESS = "losslessness"
    BENCHMARK = "benchmark"

    @property
    def heading(self) -> str:
        """The section's name for readers."""
        return "Graph and decisions" if self is Section.DECISIONS else self.value.capitalize()


@dataclass(frozen=True)
class Stamp:
    """Who said something, and when: free text, neither of it empty."""

    name: str
    date: str

    def __post_init__(self) -> None:
        _check_text(self.name, "the name", LONGEST_NAME)
        _check_text(self.date, "the date", LONGEST_NAME)


@dataclass(frozen=True)
class Turn:
    """A note was settled, or reopened."""

    settled: bool
    by: Stamp
    text: str = ""

    def __post_init__(self) -> None:
        _check_text(self.text, "the answer", LONGEST_TEXT, empty=True)


@dataclass(frozen=True)
class Note:
    """A question or a finding, pinned to one thing of a section."""

    section: Section
    about: str
    """A node, an input or its column, an output, an arm; "" for the section as a whole."""
    text: str
    by: Stamp
    turns: tuple[Turn, ...] = ()
    """What became of it since, the latest last."""

    def __post_init__(self) -> None:
        _check_text(self.about, "what the note is about", LONGEST_SUBJECT, empty=True)
        _check_text(self.text, "the note", LONGEST_TEXT)

    @property
    def is_resolved(self) -> bool:
        """True when it was settled and not reopened since."""
        return bool(self.turns) and self.turns[-1].settled


@dataclass(frozen=True)
class SignOff:
    """Somebody accepted a section as it stood."""

    section: Section
    by: Stamp
    seen: str
    """The digest of what was accepted (see `digest_sections`)."""
    text: str = ""
    withdrawn: Stamp | None = None

    def __post_init__(self) -> None:
        _check_text(self.seen, "the digest", LONGEST_NAME)
        _check_text(self.text, "the remark", LONGEST_TEXT, empty=True)

    def stands(self, seen: Mapping[Section, str]) -> bool:
        """Return True when it is not withdrawn and `seen` has the digest that it accepted."""
        return self.withdrawn is None and seen.get(self.section) == self.seen


@dataclass(frozen=True)
class Review:
    """All that was said of one model's rewrite."""

    model: str
    """The SHA-256 of the original model."""
    notes: tuple[Note, ...] = ()
    sign_offs: tuple[SignOff, ...] = ()

    def __post_init__(self) -> None:
        _check_text(self.model, "the model's SHA-256", LONGEST_NAME)
        for kind, entries in (("notes", self.notes), ("sign-offs", self.sign_offs)):
            if len(entries) > MOST_ENTRIES:
                raise ReviewError(f"review: more than {MOST_ENTRIES:,} {kind}; begin another")

    def add(self, note: Note) -> Review:
        """Return the review with one note more."""
        return replace(self, notes=(*self.notes, note))

    def turn(self, at: int, turn: Turn) -> Review:
        """Return the review with the note at this place settled or reopened."""
        if len(self.notes[at].turns) >= MOST_ENTRIES:
            raise ReviewError(f"review: more than {MOST_ENTRIES:,} answers; write a new note")
        note = replace(self.notes[at], turns=(*self.notes[at].turns, turn))
        return replace(self, notes=(*self.notes[:at], note, *self.notes[at + 1 :]))

    def sign(self, sign_off: SignOff) -> Review:
        """Return the review with one sign-off more."""
        return replace(self, sign_offs=(*self.sign_offs, sign_off))

    def withdraw(self, at: int, by: Stamp) -> Review:
        """Return the review with the sign-off at this place withdrawn."""
        gone = replace(self.sign_offs[at], withdrawn=by)
        return replace(self, sign_offs=(*self.sign_offs[:at], gone, *self.sign_offs[at + 1 :]))

    @property
    def open_notes(self) -> tuple[Note, ...]:
        """The notes that are not settled."""
        return tuple(note for note in self.notes if not note.is_resolved)

    def to_json(self) -> dict[str, Any]:
        """Return the contents of review.json."""
        return {"version": VERSION, **asdict(self)}

    @staticmethod
    def from_json(data: object) -> Review:
        """Read the contents of review.json.

        Raises ReviewError, naming the field, for anything malformed.
        """
        top = JsonObject(data, "review", JsonDocument(ReviewError))
        top.allow(("version", "model", "notes", "sign_offs"))
        top.check_version(VERSION)
        return Review(
            model=top.text("model", ""),
            notes=tuple(_note(entry) for entry in _entries(top, "notes")),
            sign_offs=tuple(_sign_off(entry) for entry in _entries(top, "sign_offs")),
        )

    @staticmethod
    def load(path: str | Path) -> Review:
        """Read a review.json; raises ReviewError naming the file."""
        try:
            if Path(path).stat().st_size > LARGEST_FILE:
                raise ReviewError(f"larger than {LARGEST_FILE >> 20} MiB; not a review")
            return Review.from_json(parse_json(Path(path).read_bytes()))
        except (OSError, JsonError) as error:
            raise ReviewError(f"{path}: cannot be read ({error}); give a review.json") from error
        except ReviewError as error:
            raise ReviewError(f"{path}: {error}") from error

    def save(self, path: str | Path) -> None:
        """Write review.json, indented, ending in a newline."""
        text = json.dumps(self.to_json(), indent=2, ensure_ascii=False) + "\n"
        write_whole(path, text)


def _note(entry: JsonObject) -> Note:
    entry.allow(("section", "about", "text", "by", "turns"))
    return Note(
        section=entry.choice("section", Section),
        about=entry.text("about", ""),
        text=entry.text("text", ""),
        by=_stamp(entry, "by"),
        turns=tuple(_turn(turn) for turn in _entries(entry, "turns")),
    )


def _turn(entry: JsonObject) -> Turn:
    entry.allow(("settled", "by", "text"))
    return Turn(entry.flag("settled"), _stamp(entry, "by"), entry.text("text", ""))


def _sign_off(entry: JsonObject) -> SignOff:
    entry.allow(("section", "by", "seen", "text", "withdrawn"))
    withdrawn = entry.fields.get("withdrawn") is not None
    return SignOff(
        section=entry.choice("section", Section),
        by=_stamp(entry, "by"),
        seen=entry.text("seen", ""),
        text=entry.text("text", ""),
        withdrawn=_stamp(entry, "withdrawn") if withdrawn else None,
    )


def _stamp(entry: JsonObject, field: str) -> Stamp:
    stamp = entry.nested(field, f"{entry.where} {field}")
    stamp.allow(("name", "date"))
    return Stamp(stamp.text("name", ""), stamp.text("date", ""))


def _entries(entry: JsonObject, field: str) -> Iterator[JsonObject]:
    for at, item in enumerate(entry.items(field, (), most=MOST_ENTRIES)):
        yield entry.entry(item, f"{entry.where} {field} {at}")


def _check_text(text: str, what: str, longest: int, *, empty: bool = False) -> None:
    if not empty and not text.strip():
        raise ReviewError(f"review: {what} is empty; fill it in")
    if len(text) > longest:
        raise ReviewError(f"review: {what} is longer than {longest:,} characters; shorten it")
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ReviewError(f"review: {what} holds half a character; type it again")
