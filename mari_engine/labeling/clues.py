"""What speaks for a role, and how clues are weighed against each other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mari_engine.types import Role

SURE = 1.0
STRONG = 0.9
MILD = 0.6
FAINT = 0.4
_NOTHING = 0.3
_DISPUTED = 0.5

_EXACT = {
    Role.USER: {"member", "uid", "user", "userid", "users", "usr"},
    Role.CONTEXT: {"context", "ctx"},
    Role.ITEM: {"cand", "candidate", "candidates", "iid", "item", "itemid", "items"},
    Role.CROSS: {"cross", "crossed"},
}
_MILD = {
    Role.USER: {
        "account", "age", "buyer", "customer", "follower", "gender", "interest", "interests",
        "occupation", "profile", "purchases", "reader", "sex", "viewer", "zip", "zipcode",
    },
    Role.CONTEXT: {
        "channel", "city", "country", "day", "device", "hour", "lang", "language", "locale",
        "location", "network", "os", "page", "platform", "query", "region", "request", "scene",
        "search", "session", "time", "timestamp", "weekday",
    },
    Role.ITEM: {
        "ad", "adgroup", "ads", "advertiser", "article", "author", "book", "brand", "campaign",
        "cat", "cate", "category", "creative", "doc", "document", "feed", "film", "genre",
        "genres", "goods", "merchant", "movie", "music", "news", "note", "photo", "post", "price",
        "product", "seller", "shop", "sku", "song", "target", "title", "track", "vid", "video",
    },
    Role.CROSS: {"affinity", "match", "matches", "overlap"},
}  # fmt: skip
_LETTERS = {"u": Role.USER, "c": Role.CONTEXT, "i": Role.ITEM, "ui": Role.CROSS}
_HISTORY = {
    "behavior", "behaviors", "behaviour", "behaviours", "clicked", "hist", "history", "past",
    "recent", "seq", "sequence", "viewed", "visited", "watched",
}  # fmt: skip


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


def weigh(clues: Sequence[Clue]) -> Verdict:
    """Return the role of the strongest clue.

    It is sure when nothing contradicts and the clue is unmistakable or another kind agrees. Only
    the side counts, per request or per candidate: user against context is no contradiction.
    """
    if not clues:
        text = "nothing tells: taken per candidate, which is always right but saves nothing"
        return Verdict(Role.ITEM, _NOTHING, (text,))
    best = max(clues, key=lambda clue: clue.strength)
    agreeing = [clue for clue in clues if clue.role.per_request == best.role.per_request]
    against = [clue for clue in clues if clue not in agreeing]
    named = [clue for clue in agreeing if clue.kind in ("name", "table")]
    role = max(named or agreeing, key=lambda clue: clue.strength).role
    texts = [clue.text for clue in agreeing] + [f"but {clue.text}" for clue in against]
    confidence = 1.0 if _is_sure(best, agreeing) else best.strength
    if any(clue.strength >= MILD for clue in against):
        confidence = min(_DISPUTED, best.strength)
    return Verdict(role, confidence, tuple(dict.fromkeys(texts)))


def _is_sure(best: Clue, agreeing: Sequence[Clue]) -> bool:
    """True for an unmistakable clue, and for two of different kinds that are not both weak."""
    others = [clue for clue in agreeing if clue.kind != best.kind]
    if best.strength >= STRONG:
        return best.strength >= SURE or bool(others)
    return best.strength >= MILD and any(clue.strength >= MILD for clue in others)


def read_name(name: str, *, kind: str, where: str) -> Clue | None:
    """Return what the words of a name say about the role; `where` says whose name it is."""
    words = split_words(name)
    shown = f"{where} {name!r}"
    history = [word for word in words if word in _HISTORY]
    if history:
        text = f"{shown} says {history[0]!r}: a history is the user's"
        return Clue(kind, Role.USER, SURE if _roles(words, _EXACT) == [Role.USER] else STRONG, text)
    exact = _roles(words, _EXACT)
    if Role.CROSS in exact or len(set(exact)) > 1:
        crossed = Role.CROSS in exact
        text = f"{shown} says 'cross'" if crossed else f"{shown} names more than one side"
        return Clue(kind, Role.CROSS, SURE if crossed else MILD, text)
    if exact:
        return Clue(kind, exact[0], SURE, f"{shown} says {_word(words, _EXACT[exact[0]])!r}")
    mild = _roles(words, _MILD)
    if mild:
        role = mild[0]
        strength = MILD if len(set(mild)) == 1 else FAINT
        return Clue(kind, role, strength, f"{shown} says {_word(words, _MILD[role])!r}")
    if len(words) > 1 and words[0] in _LETTERS:
        return Clue(kind, _LETTERS[words[0]], MILD, f"{shown} begins with {words[0]!r}")
    return None


def split_words(name: str) -> list[str]:
    """Return the words of an identifier in lower case: "hist_itemIds2" → hist, item, ids.

    >>> split_words("hist_itemIds2")
    ['hist', 'item', 'ids']
    """
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name[:200])
    return [word.lower() for word in re.findall(r"[A-Za-z]+", spaced)]


def _roles(words: list[str], table: dict[Role, set[str]]) -> list[Role]:
    return [role for word in words for role, known in table.items() if word in known]


def _word(words: list[str], known: set[str]) -> str:
    return next(word for word in words if word in known)
