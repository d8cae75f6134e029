"""The tables of the papers that can be made: `python -m sample_models.figures` writes them.

The FLOPs are those of the rewrite that is expected to be fastest at 500 candidates, by built-in
prices and the drop-in signature: the same on every machine. Times are those of `measured.json`,
which `--measure` makes anew here. A test compares both with the papers.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import mari_engine as mari
from sample_models import labels_path, sample_names, sample_path
from sample_models.catalog import SAMPLES

README = Path(__file__).with_name("README.md")
FRONT = README.parents[1] / "README.md"
MEASURED = Path(__file__).with_name("measured.json")
MARKS = {
    name: (f"<!-- {name}: begin -->", f"<!-- {name}: end -->")
    for name in ("what", "flops", "times")
}
"""By table: the comments that it stands between."""
PLANNED_FOR = 500
"""Candidates."""
TOLD_FOR = (500, 2000)
"""Candidates."""
_FRONT = re.compile(r"Among the samples\n.*?: \[all figures\]", re.DOTALL)


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
    """Return the table of FLOPs per request, before and after, at each number of candidates."""
    titles = ("sample", "way", *(f"at {count:,} candidates" for count in TOLD_FOR))
    return _table(titles, (_flops_row(name) for name in sample_names()))


def _flops_row(name: str) -> tuple[str, ...]:
    found = mari.plan(*_sample(name), candidates=PLANNED_FOR)
    before, after = found.flops.before.flops, found.flops.after.flops
    amounts = (
        f"{mari.format_count(before.at(count), 'FLOP')} →"
        f" {mari.format_count(after.at(count), 'FLOP')}"
        f" ({mari.format_times(found.flops.ratio(count))})"
        for count in TOLD_FOR
    )
    return (f"`{name}`", str(found.selection.way), *amounts)


def _sample(name: str) -> tuple[mari.Model, mari.Labels]:
    return mari.load(sample_path(name)), mari.Labels.load(labels_path(name))


def measure_all() -> dict[str, Any]:
    """Return the speedup of each sample at each number of candidates, measured here.

    It is the figure that `mari optimize` tells: processor time of one thread, in rounds.
    """
    versions = mari.describe_versions()
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "onnxruntime": versions["onnxruntime"],
        "speedups": {
            name: {str(count): _measure(name, count) for count in TOLD_FOR}
            for name in sample_names()
        },
    }


def _measure(name: str, count: int) -> dict[str, Any]:
    selection = mari.plan(*_sample(name), candidates=count, autotune=True).selection
    speedup = None if selection.way == mari.Way.ORIGINAL else selection.speedup
    return {"way": str(selection.way), "speedup": speedup and asdict(speedup)}


def measured_times(measured: dict[str, Any]) -> str:
    """Return the table of speedups with their noise."""
    titles = ("sample", *(f"at {count:,} candidates" for count in TOLD_FOR))
    rows = (
        (f"`{name}`", *(_speedup(found[str(count)]) for count in TOLD_FOR))
        for name, found in measured["speedups"].items()
    )
    told = f"Measured on {measured['date']} with onnxruntime {measured['onnxruntime']}:"
    return f"{told}\n\n{_table(titles, rows)}"


def _speedup(found: dict[str, Any]) -> str:
    if found["speedup"] is None:
        return "left as it was"
    low, high = found["speedup"]["low"], found["speedup"]["high"]
    return f"{mari.format_times(found['speedup']['ratio'])} ({mari.format_band(low, high)})"


def worth_of_samples(measured: dict[str, Any]) -> str:
    """Return the sentence about the samples of the README of the project."""

    def ratio(name: str, count: int) -> str:
        found = measured["speedups"][name][str(count)]["speedup"]
        return "nothing" if found is None else mari.format_times(found["ratio"])

    return (
        "Among the samples\n"
        f"({measured['date']}) the paper's tower gains {ratio('paper_tower', 2000)} at 2,000 "
        "candidates, a Transformer over the user's history "
        f"{ratio('history_transformer', 500)} at 500,\na PLE {ratio('ple', 500)}, and a tower of "
        f"item features {ratio('all_item', 500)}, which the tool says: [all figures]"
    )


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (titles, ["---"] * len(titles), *rows)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def read_measured() -> dict[str, Any]:
    """Return what was measured last."""
    found: dict[str, Any] = json.loads(MEASURED.read_text(encoding="utf-8"))
    return found


def replace_tables(text: str) -> str:
    """Return the samples' paper with its tables computed anew."""
    tables = {
        "what": what_they_are(),
        "flops": flops_before_and_after(),
        "times": measured_times(read_measured()),
    }
    for name, table in tables.items():
        begin, end = MARKS[name]
        before, rest = text.split(begin)
        text = f"{before}{begin}\n{table}\n{end}{rest.split(end)[1]}"
    return text


def replace_worth(text: str) -> str:
    """Return the project's README with the sentence about the samples made anew."""
    made, count = _FRONT.subn(lambda _found: worth_of_samples(read_measured()), text)
    if count != 1:
        raise ValueError("README.md has no sentence 'Among the samples … [all figures]'")
    return made


def main() -> int:
    """Write the tables into the papers."""
    if sys.argv[1:] == ["--measure"]:
        text = json.dumps(measure_all(), indent=1) + "\n"
        MEASURED.write_text(text, encoding="utf-8")
    for paper, replaced in ((README, replace_tables), (FRONT, replace_worth)):
        paper.write_text(replaced(paper.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
