"""What speaks for a role, and how clues are weighed against each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mari_engine.labeling.name_conventions import read_convention
from mari_engine.types import Role

SURE = 1.0
STRONG = 0.9
MILD = 0.6
FAINT = 0.4
_NOTHING = 0.3
_DISPUTED = 0.5

OBSERVED = "request"
"""The kind of clues that logged requests give."""
_WORDS = frozenset({"name", "table"})
"""Kinds of clues that words give: a table is named after its feature, so they are one source."""


@dataclass(frozen=True)
class Clue:
    """One piece of evidence: clues of different kinds are independent of each other."""

    kind: str
    role: Role
    strength: float
    text: str


@dataclass(frozen=True)
class Verdict:
    """The role that clues lead to, how sure that is (0 to 1), and why."""

    role: Role
    confidence: float
    evidence: tuple[str, ...]
    vouched: str = ""
    """`graph`, `request` or `name` for a role that is certain, else ""."""


def weigh(clues: Sequence[Clue]) -> Verdict:
    """Return the role of the weightiest clue: a request, then the graph, then words.

    It is sure when nothing contradicts and the clue is unmistakable or another kind agrees. Only
    the side counts, per request or per candidate: user against context is no contradiction. Values
    that differ among the candidates of one request are beyond contradiction.
    """
    if not clues:
        text = "nothing tells: taken per candidate, which is always right but saves nothing"
        return Verdict(Role.ITEM, _NOTHING, (text,))
    ordered = sorted(clues, key=_weight, reverse=True)  # evidence begins with what decides
    best = ordered[0]
    agreeing = [clue for clue in ordered if clue.role.per_request == best.role.per_request]
    against = [clue for clue in ordered if clue not in agreeing]
    named = [clue for clue in agreeing if clue.kind in ("name", "table")]
    role = max(named or agreeing, key=lambda clue: clue.strength).role
    texts = [clue.text for clue in agreeing] + [f"but {clue.text}" for clue in against]
    confidence = 1.0 if _is_sure(best, agreeing) else best.strength
    observed = best.kind == OBSERVED and best.strength >= SURE
    if any(clue.strength >= MILD for clue in against) and not observed:
        confidence = min(_DISPUTED, best.strength)
    sources = [_source(clue) for clue in agreeing if clue.strength >= STRONG]
    vouched = _voucher(sources) if confidence == 1.0 else ""
    return Verdict(role, confidence, tuple(dict.fromkeys(texts)), vouched)


def _voucher(sources: Sequence[str]) -> str:
    if OBSERVED in sources:
        return "request"
    return "name" if set(sources) == {"name"} else "graph"


def _weight(clue: Clue) -> tuple[int, float]:
    """Return what a clue weighs: a request before facts of the graph, these before words."""
    rank = {OBSERVED: 2, "name": 0}.get(_source(clue), 1)
    return rank if clue.strength >= STRONG else 0, clue.strength


def _is_sure(best: Clue, agreeing: Sequence[Clue]) -> bool:
    """True for an unmistakable clue, and for two of different kinds that are not both weak."""
    others = [clue for clue in agreeing if _source(clue) != _source(best)]
    if best.strength >= STRONG:
        return best.strength >= SURE or bool(others)
    return best.strength >= MILD and any(clue.strength >= MILD for clue in others)


def _source(clue: Clue) -> str:
    """Return where a clue comes from; facts of the graph of different kinds are independent."""
    return "name" if clue.kind in _WORDS else clue.kind


def read_name(name: str, *, kind: str, where: str) -> Clue | None:
    """Return what the words of a name say about the role; `where` says whose name it is."""
    reading = read_convention(name)
    if reading is None:
        return None
    strength = SURE if reading.certain else STRONG if reading.likely else MILD
    return Clue(kind, reading.role, strength, f"{where} {name!r} {reading.why}")
