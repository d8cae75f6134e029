"""Outcomes as JUnit's XML, which build servers show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

_DECLARATION = "<?xml version='1.0' encoding='utf-8'?>\n"
_BEGIN = f"{_DECLARATION}<testsuites"


@dataclass(frozen=True)
class Case:
    """One thing that was looked at."""

    subject: str
    name: str
    failure: str = ""
    """Why it failed, in one line; "" where it did not."""


def write_cases(suite: str, cases: Sequence[Case]) -> str:
    """Return the document, one suite with a case for each."""
    counts = {"tests": str(len(cases)), "failures": str(sum(bool(each.failure) for each in cases))}
    root = ElementTree.Element("testsuites", counts)
    inside = ElementTree.SubElement(root, "testsuite", {"name": suite, **counts, "errors": "0"})
    for each in cases:
        named = {"classname": each.subject, "name": each.name}
        case = ElementTree.SubElement(inside, "testcase", named)
        if each.failure:
            failure = ElementTree.SubElement(case, "failure", {"message": each.failure})
            failure.text = f"{each.subject}: {each.failure}"
    ElementTree.indent(root)
    return f"{_DECLARATION}{ElementTree.tostring(root, encoding='unicode')!s}\n"


def is_junit(path: Path) -> bool:
    """Return True for such a document."""
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.read(len(_BEGIN)) == _BEGIN
