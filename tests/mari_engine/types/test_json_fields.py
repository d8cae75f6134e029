"""JSON is read strictly: bounded, typed, and with one line for each mistake."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import pytest

from mari_engine.errors import MariError
from mari_engine.types import JsonDocument, JsonError, JsonObject, parse_json
from mari_engine.types.json_fields import DEEPEST


class Color(StrEnum):
    YELLOW = "yellow"
    BLUE = "blue"


def entry(**fields: object) -> JsonObject:
    return JsonObject(fields, "box", JsonDocument(MariError))


@pytest.mark.parametrize(
    ("text", "why", "line"),
    [
        ("", "Expecting value at column 1", 1),
        ('{\n "a": x}', "Expecting value at column 7", 2),
        (b"\xff", "byte 0 is not UTF-8", 1),
        ('{"a": NaN}', "NaN is no JSON number", 1),
        ("[-Infinity]", "-Infinity is no JSON number", 1),
        ('["\\ud83d"]', "half a character", 1),
        ('{"\\ud83d": 1}', "half a character", 1),
        ("[" * (DEEPEST + 1) + "]" * (DEEPEST + 1), f"nested deeper than {DEEPEST}", 1),
        ('{"a": {"b": 1, "c": 2, "b": 3}}', "the field 'b' stands twice in one object", 1),
        ("9" * 401, "a number of 401 digits", 1),
        ("[" * 100_000, f"nested deeper than {DEEPEST}", 1),
    ],
)
def test_what_is_not_strict_json_is_refused(text: str | bytes, why: str, line: int) -> None:
    with pytest.raises(JsonError, match=why) as caught:
        parse_json(text)
    assert caught.value.line == line
    assert "\n" not in str(caught.value)


def test_strict_json_is_what_python_reads() -> None:
    assert parse_json('{"a": [1, 2.5, null, true, "\\ud83d\\ude00"]}') == {
        "a": [1, 2.5, None, True, "😀"]
    }
    assert parse_json(b"\xef\xbb\xbf[1]") == [1]
    nested = "[" * (DEEPEST - 1) + "]" * (DEEPEST - 1)
    assert parse_json(nested)


@pytest.mark.parametrize(
    ("read", "message"),
    [
        (lambda: entry(a=1).text("a"), "box: 'a' is missing or not a text"),
        (lambda: entry(a=1).text("a", ""), "box: 'a' must be text"),
        (lambda: entry(a="abc").text("a", longest=2), "box: 'a' must be text of at most 2"),
        (lambda: entry(a=True).whole("a"), "box: 'a' is missing or not a whole number"),
        (lambda: entry(a=9).whole("a", within=(0, 5)), "not a whole number from 0 to 5"),
        (lambda: entry().number("a"), "box: 'a' is missing or not a number"),
        (lambda: entry(a=1).flag("a"), "box: 'a' must be true or false"),
        (lambda: entry(a={}).items("a"), "box: 'a' must be a list"),
        (lambda: entry(a=[1, 2]).items("a", most=1), "'a' must be a list of at most 1 entries"),
        (lambda: entry(a="red").choice("a", Color), "unknown a 'red'; use one of yellow, blue"),
        (lambda: entry(a=[]).nested("a", "box a"), "box a: must be an object"),
        (lambda: entry(a=1, b=2).allow(("a",)), "box: unknown field 'b'; remove it"),
        (lambda: entry(a=1).require("a", "b"), "box: field 'b' is missing; add it"),
        (lambda: entry(version=2).check_version(1), "box: version is 2; write 1"),
    ],
)
def test_a_mistake_names_its_field(read: Callable[[], object], message: str) -> None:
    with pytest.raises(MariError, match=message):
        read()


def test_the_documents_remedy_goes_before_the_fields() -> None:
    top = JsonObject({"a": 1}, "box", JsonDocument(MariError, "save it again"))
    with pytest.raises(MariError, match=r"^box: unknown field 'a'; save it again$"):
        top.allow(())


def test_an_error_stays_short_whatever_it_repeats() -> None:
    with pytest.raises(MariError) as caught:
        entry(**{"a\n" * 5000: 1}).allow(())
    assert len(str(caught.value)) < 700
    assert "\n" not in str(caught.value)


def test_what_may_be_missing_has_a_default() -> None:
    assert entry().text("a", "none") == "none"
    assert entry().items("a", (1,)) == [1]
    assert entry().flag("a", True) is True
    assert entry().number("a", 2.5) == 2.5
