"""Labels in words: what a label is called, and who or what vouches for which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mari_engine.types import FROM_GRAPH, CandidateAxis, Column, InputLabel
from mari_engine.wording.name_lists import first_names

NOBODY = "nobody"
"""Vouches for what is still in doubt."""
LABELS_FILE = "the labels file"
"""Vouches for a role that stands in a file without the name of a person."""
_BY = {"graph": "the graph", "request": "logged requests", "name": "names"}
_NAMED = 8
"""Labels in doubt that a sentence names; more are counted."""


def name_label(name: str, part: InputLabel | Column) -> str:
    """Return what a label is called: `age`, or of columns `x[0:16] (user_profile)`."""
    if not isinstance(part, Column):
        return name
    feature = f" ({part.name})" if part.name and not part.name.startswith(f"{name}[") else ""
    return f"{name}[{part.start}:{part.stop}]{feature}"


def axis_in_words(axis: CandidateAxis) -> str:
    """Return along which axis of an input the candidates lie: `axis 1`."""
    if axis == FROM_GRAPH:
        return "not told"
    return "none of its axes" if axis is None else f"axis {axis}"


def voucher_of(vouched: Mapping[str, Sequence[str]], name: str, part: InputLabel | Column) -> str:
    """Return who or what vouches for a label, as a certificate lists it; "" where it lists none."""
    called = name_label(name, part)
    return next((by for by, names in vouched.items() if called in names), part.vouched)


def vouchers_in_words(vouched: Mapping[str, Sequence[str]]) -> str:
    """Return how many labels each vouches for, and the names of those for which nobody does."""
    sure = {by: names for by, names in vouched.items() if by != NOBODY and names}
    told = [f"{len(names)} by {_BY.get(by, by)}" for by, names in sure.items()]
    doubt = vouched.get(NOBODY, ())
    if doubt:
        told.append(f"nobody vouches for {first_names(doubt, _NAMED)}")
    count = sum(map(len, vouched.values()))
    labels = f"{count} {'label' if count == 1 else 'labels'}"
    if len(told) == 1 and not doubt:
        return f"{labels} {told[0].removeprefix(f'{count} ')}"
    return f"{labels} ({', '.join(told)})" if told else ""
