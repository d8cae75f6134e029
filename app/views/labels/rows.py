"""Labels as the rows of a table, and what it can be narrowed to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from app.session import count_vouchers
from app.views.labels.doubts import SIGNS, Part, Standing
from app.views.palette import name_role
from app.views.text import shape, shorten
from mari_engine import Column, GraphInfo, Labels, Role

Row = dict[str, object]
ALL = "all"
OPEN = "open"
"""Filter: conflicts and doubts, which a person or a request has to answer."""


def list_filters(parts: Sequence[Part]) -> dict[str, int]:
    """Return what the table can be narrowed to, with the number of its rows."""
    standings = Counter(part.standing for part in parts)
    roles = Counter(part.role for part in parts)
    left = sum(1 for part in parts if part.open)
    return {
        ALL: len(parts),
        **({OPEN: left} if left else {}),
        **{str(one): standings[one] for one in Standing if standings[one]},
        **{str(one): roles[one] for one in Role if roles[one]},
    }


def name_filter(chosen: str, rows: int) -> str:
    """Return a filter in words, with its number of rows."""
    titles = {str(standing): sign for standing, sign in SIGNS.items()}
    titles |= {ALL: "All", OPEN: "To answer"}
    return f"{titles.get(chosen) or name_role(chosen)} {rows:,}"


def narrow(parts: Sequence[Part], chosen: str) -> list[Part]:
    """Return the parts that a filter lets through."""
    if chosen == OPEN:
        return [part for part in parts if part.open]
    return [part for part in parts if chosen in (ALL, str(part.standing), str(part.role))]


def make_rows(parts: Sequence[Part], info: GraphInfo) -> list[Row]:
    """Return the table's rows, one for each part."""
    types = {tensor.name: f"{tensor.dtype} {shape(tensor.shape)}" for tensor in info.inputs}
    return [_row(part, types.get(part.input, "?")) for part in parts]


def _row(part: Part, kind: str) -> Row:
    label = part.label
    return {
        "feature": part.name,
        "role": name_role(part.role),
        "standing": SIGNS[part.standing],
        "vouched": tell_voucher(part),
        "evidence": "; ".join(list_evidence(part)),
        "columns": tell_span(label) if isinstance(label, Column) else "all",
        "values": _values(part),
        "type": kind,
    }


def list_evidence(part: Part) -> list[str]:
    """Return what speaks for a label and against it, the latter first, and with a "but" if both."""
    against = f"but {part.doubt}" if part.doubt else ""
    told = [text for text in part.label.evidence if text != against]
    if not told:
        return [part.doubt] if part.doubt else []
    return ([against] if against else []) + told


def tell_voucher(part: Part) -> str:
    """Return who or what vouches for a label, in a word or two; "nobody yet" while it is open."""
    return "nobody yet" if part.open else part.label.vouched or "whoever confirms"


def vouchers_in_words(labels: Labels) -> str:
    """Return how many labels each vouches for: "graph 3, name 5, Ada 4"."""
    found = count_vouchers(labels).items()
    told = [f"{shorten(by or 'nobody named', 24)} {number:,}" for by, number in found]
    return f"vouched for by: {', '.join(told)}"


def tell_span(column: Column) -> str:
    """Return a range of columns: "3", "4 to 9"."""
    last = column.stop - 1
    return str(last) if column.start == last else f"{column.start} to {last}"


def _values(part: Part) -> str:
    """Return the values that checks generate, "" where they are inferred."""
    whole = "whole" if part.label.integer else ""
    if part.label.range is None:
        return whole
    low, high = part.label.range
    return f"{low:g} to below {high:,g}{', ' + whole if whole else ''}"


def count_sides(parts: Sequence[Part]) -> tuple[int, int]:
    """Return how many parts are request side and candidate side."""
    request = sum(1 for part in parts if part.role.per_request)
    return request, len(parts) - request
