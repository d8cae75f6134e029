"""The figures that an output tells of one rewrite, and those that its manifest holds."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from mari_engine.types import Flops
from mari_engine.wording import format_band, format_count, format_ratio, format_times

Figures = frozenset[str]
_TAGS = re.compile(r"<style>.*?</style>|<[^>]*>", re.DOTALL)
_AMOUNT = r"[\d.]+ [kMGTP]?"
_PATTERNS = {
    "speedups": r"([\d.,]+×) (?:faster|slower)\b",
    "noise": r"\(([\d.,]+ to [\d.,]+) in 8 of 10 rounds\)",
    "work": rf"({_AMOUNT}FLOP → {_AMOUNT}FLOP)",
    "fewer": r"([\d.,]+×) fewer",
    "candidates": r"(?:\b[Aa]t|multiplied|for each of|request of) ([\d,]+) (?:candidates|times)",
    "checked": r"(\d+) (?:requests )?checked",
    "actions": r"(\d+ split · \d+ once per request · \d+ fused · \d+ kept)",
}


@dataclass(frozen=True)
class Told:
    """Figures by what they are of, as they are written."""

    speedups: Figures = frozenset()
    noise: Figures = frozenset()
    work: Figures = frozenset()
    fewer: Figures = frozenset()
    candidates: Figures = frozenset()
    checked: Figures = frozenset()
    actions: Figures = frozenset()

    def beyond(self, other: Told) -> dict[str, Figures]:
        """Return the figures that another does not have."""
        more = {
            one.name: getattr(self, one.name) - getattr(other, one.name) for one in fields(Told)
        }
        return {name: figures for name, figures in more.items() if figures}


def read_told(text: str) -> Told:
    """Return the figures in a page, a Markdown text or what a terminal shows."""
    plain = html.unescape(_TAGS.sub(" ", text)).replace("\\", "")
    plain = " ".join(plain.replace("**", "").split())
    return Told(
        **{name: frozenset(re.findall(pattern, plain)) for name, pattern in _PATTERNS.items()}
    )


def told_by_manifest(manifest: Mapping[str, Any], certificate: Mapping[str, Any]) -> Told:
    """Return the figures that follow from an artifact's files, rounded as all outputs do."""
    candidates, selection = manifest["candidates"], manifest["selection"]
    before, after = (Flops(**manifest["flops"][which]) for which in ("before", "after"))
    trials = {trial["way"]: trial for trial in selection["trials"]}
    own, original = trials[selection["way"]], trials["as it was"]
    ratio, noise = original["expected"] / own["expected"], frozenset[str]()
    if selection["chosen_by"] == "measured":
        ratio = own["speedup"]["ratio"]
        noise = frozenset({format_band(own["speedup"]["low"], own["speedup"]["high"])})
    saved = [each["action"] for each in manifest["decisions"]]
    tally = Counter(saved)
    names = {"split": "split", "once": "once per request", "fused": "fused", "kept": "kept"}
    return Told(
        speedups=frozenset({format_times(ratio)}),
        noise=noise,
        work=frozenset(
            {" → ".join(format_count(each.at(candidates), "FLOP") for each in (before, after))}
        ),
        fewer=frozenset(
            {
                format_ratio(before.at(candidates), after.at(candidates)),
                format_ratio(before.each(candidates), after.each(candidates)),
            }
        ),
        candidates=frozenset({f"{candidates:,}"}),
        checked=frozenset({str(len(certificate["checks"]))}),
        actions=frozenset({" · ".join(f"{tally[key]} {name}" for key, name in names.items())}),
    )
