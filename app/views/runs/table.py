"""Runs as the columns of a table: what was chosen, what was found."""

from __future__ import annotations

from collections.abc import Sequence

from app.session import Run
from app.views.text import count, name_some, one_line, shorten
from mari_engine import (
    Arm,
    InputLabel,
    Labels,
    Timing,
    format_count,
    format_seconds,
    format_times,
)

Row = dict[str, str]
MOST_NAMED = 3


def compare_runs(runs: Sequence[Run], shown: int | None) -> list[Row]:
    """Return one row for each thing to compare, one column a run; the shown one is marked.

    Labels are told as what differs from those of the shown run, else of the last.
    """
    base = runs[-1 if shown is None else shown]
    columns = [_tell(run, base) for run in runs]
    titles = [_title(run, at, shown) for at, run in enumerate(runs)]
    return [
        {"": name, **{title: told[name] for title, told in zip(titles, columns, strict=True)}}
        for name in columns[0]
    ]


def _title(run: Run, at: int, shown: int | None) -> str:
    """Return a column's title; its number tells runs of one name apart."""
    mark = ", shown" if at == shown else ""
    return f"{at + 1} · {shorten(one_line(run.name), 40)}{mark}"


def _tell(run: Run, base: Run) -> Row:
    before, after = run.flops
    timing = _timing(run)
    return {
        "Contract": str(run.options.signature),
        "Candidates": f"{run.options.candidates:,}",
        "Left alone": _name(run.options.keep) or "nothing",
        "Labels": "the same" if run is base else differ_in(base.labels, run.labels),
        "Confirmed by": shorten(one_line(run.by), 40),
        "FLOPs of a request": f"{format_count(before)} → {format_count(after)}",
        "Fewer FLOPs": format_times(before / max(1, after)),
        "Check": f"passed {count(run.checks, 'check')}",
        "Speedup, measured": _tell_speedup(timing),
        "Latency p50": "not measured" if timing is None else format_seconds(timing.p50),
    }


def _timing(run: Run) -> Timing | None:
    """Return the rewritten model's time at the run's candidates, else at the most measured."""
    if run.benchmark is None:
        return None
    planned = run.benchmark.timing(Arm.MARI, run.options.candidates)
    return planned or run.benchmark.timing(Arm.MARI, max(run.benchmark.batches))


def _tell_speedup(timing: Timing | None) -> str:
    if timing is None:
        return "not measured"
    noise = f"{timing.speedup_low:.2f} to {timing.speedup_high:.2f}"
    return f"{format_times(timing.speedup)} ({noise}) at {timing.batch:,}"


def differ_in(base: Labels, other: Labels) -> str:
    """Return which inputs have other roles in other labels, in a few words."""
    names = [
        name
        for name, label in other.inputs.items()
        if _roles(label) != _roles(base.inputs.get(name))
    ]
    return f"other in {_name(names)}" if names else "the same roles"


def _name(names: Sequence[str]) -> str:
    return name_some([shorten(one_line(name), 30) for name in names], MOST_NAMED)


def _roles(label: InputLabel | None) -> tuple[object, ...]:
    if label is None:
        return ()
    return label.role, *((one.start, one.stop, one.role) for one in label.columns)
