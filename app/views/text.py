"""Numbers and foreign text, made fit to be read; names from models are never trusted."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Mapping, Sequence

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+")
_PREFIXES = ("", "k", "M", "G", "T", "P")


def plain(text: str) -> str:
    """Return text that Markdown shows as it is, on one line."""
    return _PUNCTUATION.sub(r"\\\1", one_line(text))


def markup(text: str) -> str:
    """Return text that HTML (and Plotly's labels) show as it is, on one line."""
    return html.escape(one_line(text))


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


def scaled(number: float, unit: str) -> str:
    """Return three digits and a prefix of the unit: "1.23 MFLOP"."""
    at = 0
    while abs(number) >= 999.5 and at < len(_PREFIXES) - 1:
        number, at = number / 1000, at + 1
    digits = f"{number:.0f}" if at == 0 and float(number).is_integer() else f"{number:.3g}"
    return f"{digits} {_PREFIXES[at]}{unit}".strip()


def seconds(duration: float) -> str:
    """Return three digits and the unit that fits: "1.23 ms"."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if duration >= size:
            return f"{duration / size:.3g} {unit}"
    return f"{duration / 1e-9:.3g} ns"


def times(ratio: float) -> str:
    """Return a ratio: "3.4×"."""
    return f"{ratio:.1f}×" if ratio < 99.95 else f"{ratio:,.0f}×"


def shape(extents: tuple[int | str, ...] | None) -> str:
    """Return "[N, 16]", or "?" when the rank is unknown."""
    return "?" if extents is None else f"[{', '.join(map(str, extents))}]"
