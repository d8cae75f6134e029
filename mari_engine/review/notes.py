"""What people said of a rewrite: notes that stay open until settled, and sign-offs.

Nothing said is ever removed: a note is settled or reopened, a sign-off is withdrawn, each with a
name and a date, so that a meeting's outcome can be followed later. Names and dates are free text;
nobody's identity is checked. All of it is plain data, bounded in size, that goes to review.json.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from mari_engine.errors import ReviewError

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
    """The digest of what was accepted (see `evidence.digest_sections`)."""
    text: str = ""
    withdrawn: Stamp | None = None

    def __post_init__(self) -> None:
        _check_text(self.seen, "the digest", LONGEST_NAME)
        _check_text(self.text, "the remark", LONGEST_TEXT, empty=True)

    def stands(self, seen: Mapping[Section, str]) -> bool:
        """Return True when it is not withdrawn and what it accepted is what `seen` tells."""
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
        top = _entry(data, {"version", "model", "notes", "sign_offs"}, "review")
        if top.get("version") != VERSION:
            raise ReviewError(f"review: version is {top.get('version')!r}; write {VERSION}")
        return Review(
            model=_text(top, "model", "review"),
            notes=tuple(_note(entry, where) for where, entry in _list(top, "notes", "review")),
            sign_offs=tuple(
                _sign_off(entry, where) for where, entry in _list(top, "sign_offs", "review")
            ),
        )

    @staticmethod
    def load(path: str | Path) -> Review:
        """Read a review.json; raises ReviewError naming the file."""
        try:
            if Path(path).stat().st_size > LARGEST_FILE:
                raise ReviewError(f"{path}: larger than {LARGEST_FILE >> 20} MiB; not a review")
            return Review.from_json(json.loads(Path(path).read_text(encoding="utf-8")))
        except (OSError, ValueError, RecursionError) as error:
            raise ReviewError(f"{path}: cannot be read ({error}); give a review.json") from error
        except ReviewError as error:
            raise ReviewError(f"{path}: {str(error).removeprefix(f'{path}: ')}") from error

    def save(self, path: str | Path) -> None:
        """Write review.json, indented, ending in a newline."""
        text = json.dumps(self.to_json(), indent=2, ensure_ascii=False) + "\n"
        Path(path).write_text(text, encoding="utf-8")


def _note(data: object, where: str) -> Note:
    entry = _entry(data, {"section", "about", "text", "by", "turns"}, where)
    return Note(
        section=_section(entry, where),
        about=_text(entry, "about", where),
        text=_text(entry, "text", where),
        by=_stamp(entry.get("by"), f"{where} by"),
        turns=tuple(_turn(item, place) for place, item in _list(entry, "turns", where)),
    )


def _turn(data: object, where: str) -> Turn:
    entry = _entry(data, {"settled", "by", "text"}, where)
    if not isinstance(entry.get("settled"), bool):
        raise ReviewError(f"{where}: 'settled' must be true or false")
    by = _stamp(entry.get("by"), f"{where} by")
    return Turn(entry["settled"], by, _text(entry, "text", where))


def _sign_off(data: object, where: str) -> SignOff:
    entry = _entry(data, {"section", "by", "seen", "text", "withdrawn"}, where)
    gone = entry.get("withdrawn")
    return SignOff(
        section=_section(entry, where),
        by=_stamp(entry.get("by"), f"{where} by"),
        seen=_text(entry, "seen", where),
        text=_text(entry, "text", where),
        withdrawn=None if gone is None else _stamp(gone, f"{where} withdrawn"),
    )


def _stamp(data: object, where: str) -> Stamp:
    entry = _entry(data, {"name", "date"}, where)
    return Stamp(_text(entry, "name", where), _text(entry, "date", where))


def _section(entry: Mapping[str, Any], where: str) -> Section:
    try:
        return Section(str(entry.get("section")))
    except ValueError:
        known = ", ".join(Section)
        raise ReviewError(
            f"{where}: unknown section {entry.get('section')!r}; use one of {known}"
        ) from None


def _list(entry: Mapping[str, Any], name: str, where: str) -> list[tuple[str, object]]:
    found = entry.get(name, [])
    if not isinstance(found, (list, tuple)) or len(found) > MOST_ENTRIES:
        raise ReviewError(f"{where}: {name!r} must be a list of at most {MOST_ENTRIES:,} entries")
    return [(f"{where} {name} {at}", item) for at, item in enumerate(found)]


def _entry(data: object, fields: set[str], where: str) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise ReviewError(f"{where}: must be an object")
    unknown = {str(name) for name in data} - fields
    if unknown:
        raise ReviewError(f"{where}: unknown field {sorted(unknown)[0]!r}; remove it")
    return data


def _text(entry: Mapping[str, Any], name: str, where: str) -> str:
    value = entry.get(name, "")
    if not isinstance(value, str):
        raise ReviewError(f"{where}: {name!r} must be text")
    return value


def _check_text(text: str, what: str, longest: int, *, empty: bool = False) -> None:
    if not empty and not text.strip():
        raise ReviewError(f"review: {what} is empty; fill it in")
    if len(text) > longest:
        raise ReviewError(f"review: {what} is longer than {longest:,} characters; shorten it")
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ReviewError(f"review: {what} holds half a character; type it again")
