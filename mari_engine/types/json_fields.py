"""Strict JSON: text is parsed and its fields are read, and each mistake is an error of one line.

>>> top = JsonObject(parse_json('{"batch": "9"}'), "benchmark", JsonDocument(MariError, "mend it"))
>>> top.whole("batch")
Traceback (most recent call last):
    ...
mari_engine.errors.MariError: benchmark: 'batch' is missing or not a whole number; mend it
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeGuard, TypeVar

from mari_engine.errors import MariError

E = TypeVar("E", bound=StrEnum)

DEEPEST = 64
"""Objects and lists inside one another; documents of this project need fewer than ten."""
_MOST_DIGITS = 400
"""Of a whole number; no float is longer."""
_LONGEST_SHOWN = 300
"""Characters of a name or value that an error repeats."""
_MISSING: Any = object()


class JsonError(ValueError):
    """Text is no JSON; `line` is where, counted from 1, and the text of the error says why."""

    def __init__(self, why: str, line: int = 1) -> None:
        super().__init__(why)
        self.line = line


def read_object(path: Path) -> dict[str, Any] | None:
    """Return the JSON object that a file holds, None where it holds none: asked of any file."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def parse_json(text: str | bytes) -> Any:
    """Return what JSON text holds; bytes are UTF-8.

    Raises JsonError for anything else: NaN and infinities, which Python would take, half surrogate
    pairs, which cannot be written again, whole numbers of more than 400 digits, a field that an
    object has twice, and nesting deeper than 64.
    """
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8-sig")
        data = json.loads(
            text, parse_constant=_refuse_constant, parse_int=_read_whole,
            object_pairs_hook=_read_fields,
        )  # fmt: skip
    except json.JSONDecodeError as error:
        raise JsonError(f"{error.msg} at column {error.colno}", error.lineno) from error
    except UnicodeDecodeError as error:
        raise JsonError(f"byte {error.start} is not UTF-8") from error
    except RecursionError as error:
        raise JsonError(f"nested deeper than {DEEPEST}") from error
    _check_values(data)
    return data


def digest_document(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a JSON object's values, whatever the order of its fields.

    It tells that a file was damaged or edited, and is no signature.
    """
    text = json.dumps(document, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _read_whole(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise JsonError(f"a number of {len(digits)} digits")
    return int(digits)


def _read_fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        (twice, _), *_ = Counter(name for name, _ in pairs).most_common(1)
        raise JsonError(f"the field {shown(twice)} stands twice in one object")
    return fields


def _refuse_constant(name: str) -> None:
    raise JsonError(f"{name} is no JSON number")


def _check_values(data: Any) -> None:
    """Raise JsonError for half surrogate pairs, and for nesting deeper than 64."""
    level = [data]
    for _ in range(DEEPEST):
        for value in level:
            for text in value if isinstance(value, dict) else (value,):
                if isinstance(text, str) and any("\ud800" <= at <= "\udfff" for at in text):
                    raise JsonError("a text holds half a character")
        level = [item for value in level for item in _contents(value)]
        if not level:
            return
    raise JsonError(f"nested deeper than {DEEPEST}")


def _contents(value: Any) -> Collection[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


@dataclass(frozen=True)
class JsonDocument:
    """How mistakes in one kind of document are reported."""

    error: type[MariError]
    remedy: str = ""
    """What to do about any mistake, such as "save it again"; "" where each has its own."""


class JsonObject:
    """An object of a document, read field by field.

    Every reader raises the document's error, naming `where` and the field, for a value of another
    type. A field with a `default` may be missing. Values that are already Python's (what `to_json`
    returned) are taken as well, tuples for lists.
    """

    def __init__(self, data: object, where: str, document: JsonDocument) -> None:
        """Raise the document's error when `data` is no object."""
        self.where, self._document = where, document
        if not isinstance(data, Mapping):
            raise self.wrong("must be an object")
        self.fields: Mapping[str, Any] = data

    def wrong(self, what: str, remedy: str = "") -> MariError:
        """Return the error for a mistake here; the document's remedy goes before this one."""
        remedy = self._document.remedy or remedy
        return self._document.error(f"{self.where}: {what}" + (f"; {remedy}" if remedy else ""))

    def entry(self, data: object, where: str) -> JsonObject:
        """Return an object of the same document, such as a list's entry, called `where`."""
        return JsonObject(data, where, self._document)

    def nested(self, name: str, where: str) -> JsonObject:
        """Return the object in a field."""
        return self.entry(self.fields.get(name), where)

    def check_version(self, version: int) -> None:
        """Return when `version` is this number."""
        found = self.fields.get("version")
        if found != version:
            raise self.wrong(f"version is {shown(found)}", f"write {version}")

    def allow(self, names: Collection[str]) -> None:
        """Return when there are no other fields than these."""
        unknown = sorted({str(name) for name in self.fields} - set(names))
        if unknown:
            raise self.wrong(f"unknown field {shown(unknown[0])}", "remove it")

    def require(self, *names: str) -> None:
        """Return when all of these fields are there."""
        for name in names:
            if name not in self.fields:
                raise self.wrong(f"field {name!r} is missing", "add it")

    def text(self, name: str, default: str = _MISSING, *, longest: int | None = None) -> str:
        """Return a text of at most so many characters."""
        found = self.fields.get(name, default)
        if not isinstance(found, str):
            missing = "must be text" if default is not _MISSING else "is missing or not a text"
            raise self.wrong(f"{shown(name)} {missing}")
        if longest is not None and len(found) > longest:
            raise self.wrong(f"{shown(name)} must be text of at most {longest:,} characters")
        return found

    def flag(self, name: str, default: bool = _MISSING) -> bool:
        """Return true or false."""
        found = self.fields.get(name, default)
        if not isinstance(found, bool):
            raise self.wrong(f"{shown(name)} must be true or false")
        return found

    def whole(self, name: str, *, within: tuple[int, int] | None = None) -> int:
        """Return a whole number, both bounds included."""
        found = self.fields.get(name)
        if is_whole(found) and (within is None or within[0] <= found <= within[1]):
            return found
        between = "" if within is None else f" from {within[0]} to {within[1]:g}"
        raise self.wrong(f"{shown(name)} is missing or not a whole number{between}")

    def number(self, name: str, default: float = _MISSING) -> float:
        """Return a number as it stands, whole or not."""
        found = self.fields.get(name, default)
        if not is_number(found):
            raise self.wrong(f"{shown(name)} is missing or not a number")
        return found

    def items(
        self, name: str, default: Collection[Any] = _MISSING, *, most: int | None = None
    ) -> list[Any]:
        """Return a list of at most so many entries."""
        found = self.fields.get(name, default)
        bound = "" if most is None else f" of at most {most:,} entries"
        if not isinstance(found, (list, tuple)) or (most is not None and len(found) > most):
            raise self.wrong(f"{shown(name)} must be a list{bound}")
        return list(found)

    def choice(self, name: str, kind: type[E]) -> E:
        """Return one of an enumeration's values."""
        found = self.fields.get(name)
        try:
            return kind(str(found))
        except ValueError:
            known = ", ".join(kind)
            raise self.wrong(f"unknown {name} {shown(found)}", f"use one of {known}") from None


def is_whole(value: object) -> TypeGuard[int]:
    """Return True for a whole number; JSON's true and false are none, though Python's are."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: object) -> TypeGuard[float]:
    """Return True for a number; JSON's true and false are none, though Python's are."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def shown(value: object) -> str:
    """Return a value as an error repeats it: in quotes, on one line, cut when it is long."""
    text = repr(value[:_LONGEST_SHOWN] if isinstance(value, str) else value)
    return text if len(text) <= 2 * _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"
