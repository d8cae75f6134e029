"""Escaping: text that comes from models, for Markdown, HTML and CSV."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Mapping, Sequence

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+")


def plain(text: str) -> str:
    """Return text that Markdown shows as it is, on one line."""
    return _PUNCTUATION.sub(r"\\\1", one_line(text))


def markup(text: str) -> str:
    """Return text that HTML (and Plotly's labels) show as it is, on one line."""
    return html.escape(one_line(text)).replace("&quot;", "&#34;")  # Plotly knows no &quot;


def one_line(text: str) -> str:
    """Return text without control characters, which could hide or reorder it."""
    return _CONTROL.sub(" ", text).strip()


def shorten(text: str, width: int = 48) -> str:
    """Return at most `width` characters, the middle left out: ends tell names apart."""
    if len(text) <= width:
        return text
    head = (width - 1) // 2
    return f"{text[:head]}…{text[-(width - 1 - head) :]}"


def count(number: int, noun: str) -> str:
    """Return "1 node", "1,200 nodes"."""
    if number == 1:
        return f"1 {noun}"
    plural = noun[:-1] + "ies" if noun.endswith("y") else noun + "s"
    return f"{number:,} {plural}"


def name_some(names: Sequence[str], most: int) -> str:
    """Return "a, b and 3 more": at most so many of the names, and how many are left."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def rows_csv(rows: Sequence[Mapping[str, object]]) -> str:
    """Return rows as a CSV table; no cell is one that a spreadsheet takes for a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(list(rows[0]) if rows else [])
    for row in rows:
        writer.writerow([harmless(cell) for cell in row.values()])
    return text.getvalue()


def harmless(cell: object) -> object:
    """Return a text that starts like a formula with an apostrophe before it, all else as it is."""
    formula = isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    return f"'{cell}" if formula else cell


def shape(extents: tuple[int | str, ...] | None) -> str:
    """Return "[N, 16]", or "?" when the rank is unknown."""
    return "?" if extents is None else f"[{', '.join(map(str, extents))}]"
