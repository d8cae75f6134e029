"""The tables of README.md that can be computed: `python -m sample_models.figures` writes them.

The FLOPs are those of the rewrite that is expected to be fastest at 500 candidates, by built-in
prices and the drop-in signature: the same on every machine. A test compares them with the paper.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import mari_engine as mari
from sample_models import labels_path, sample_names, sample_path
from sample_models.catalog import SAMPLES

README = Path(__file__).with_name("README.md")
MARKS = {name: (f"<!-- {name}: begin -->", f"<!-- {name}: end -->") for name in ("what", "flops")}
"""By table: the comments that it stands between."""
PLANNED_FOR = 500
"""Candidates."""
TOLD_FOR = (500, 2000)
"""Candidates."""


def what_they_are() -> str:
    """Return the table of what each sample is, from the catalog."""
    rows = (
        (
            f"`{each.name}`",
            each.title,
            f"{each.exporter}, opset {each.opset}",
            each.style,
            each.shows,
        )
        for each in SAMPLES
    )
    return _table(("sample", "what it is", "exporter", "style", "shows"), rows)


def flops_before_and_after() -> str:
    """Return the table of MFLOP per request, before and after, at each number of candidates."""
    titles = ("sample", "way", *(f"MFLOP at {count:,}" for count in TOLD_FOR))
    return _table(titles, (_flops_row(name) for name in sample_names()))


def _flops_row(name: str) -> tuple[str, ...]:
    model, labels = mari.load(sample_path(name)), mari.Labels.load(labels_path(name))
    found = mari.plan(model, labels, candidates=PLANNED_FOR)
    before, after = found.flops.before.flops, found.flops.after.flops
    amounts = (
        f"{before.at(count) / 1e6:,.1f} → {after.at(count) / 1e6:,.1f}"
        f" ({found.flops.ratio(count):.1f}x)"
        for count in TOLD_FOR
    )
    return (f"`{name}`", str(found.selection.way), *amounts)


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (titles, ["---"] * len(titles), *rows)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def replace_tables(text: str) -> str:
    """Return the paper with its tables computed anew."""
    tables = {"what": what_they_are(), "flops": flops_before_and_after()}
    for name, table in tables.items():
        begin, end = MARKS[name]
        before, rest = text.split(begin)
        text = f"{before}{begin}\n{table}\n{end}{rest.split(end)[1]}"
    return text


def main() -> int:
    """Write the tables into the paper."""
    README.write_text(replace_tables(README.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
