"""`mari load`: how many requests a second are served within a latency bound."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

import mari_engine as mari
from mari_engine.commands.bench_commands import put_in_place
from mari_engine.commands.console import show, show_progress, show_table
from mari_engine.commands.documents import STDOUT, check_json, write_json
from mari_engine.commands.options import (
    Force,
    FreeBatch,
    JsonOption,
    MaybeOptimized,
    NeededLabels,
    OriginalArgument,
    Seed,
    Verbose,
    read_labels,
    read_model,
    read_optimized,
)
from mari_engine.errors import MariError
from mari_engine.types import (
    DEFAULT_CANDIDATES,
    JsonError,
    Labels,
    LoadResult,
    is_whole,
    parse_json,
)
from mari_engine.wording import format_seconds

Bound = Annotated[
    str, typer.Option(metavar="TIME", help="The bound of the p99 latency: 20ms, 0.1s.")
]
Sizes = Annotated[
    str | None,
    typer.Option(
        metavar="N|F",
        help="Candidates of a request, or a JSON list of sizes as they occur; those planned for.",
    ),
]
Workers = Annotated[int, typer.Option(min=1, max=1024, metavar="N", help="Threads that answer.")]
_SECONDS = {"ms": 1e-3, "s": 1.0}
_MOST_CANDIDATES = 10_000_000
_MOST_SIZES = 10_000


def load(
    original: OriginalArgument,
    labels: NeededLabels,
    p99: Bound,
    optimized: MaybeOptimized = None,
    candidates: Sizes = None,
    workers: Workers = 2,
    seed: Seed = 0,
    free_batch: FreeBatch = False,
    json: JsonOption = None,
    force: Force = False,
    verbose: Verbose = False,
) -> None:
    """Find the highest rate within a latency bound, before and after.

    Requests arrive at random, as in MLPerf's Server scenario, and latency counts from when they
    were scheduled; the result is none of MLPerf's. Needs the extra 'load'. -v prints each run.
    Without OPTIMIZED the original is rewritten first.
    """
    check_json(json, force=force)
    bound, sizes = _read_bound(p99), _read_sizes(candidates) if candidates else None
    model = read_model(original, free_batch)
    known = read_labels(model, labels)
    found = _plan(model, known, optimized)
    with show_progress() as progress:
        result = mari.measure_capacity(
            model, found, p99=bound, candidates=sizes or (found.candidates,), workers=workers,
            seed=seed, progress=progress,
        )  # fmt: skip
    if json is not None:
        write_json(result.to_json(), json, force=force)
    if json != STDOUT:
        _show_load(result, verbose=verbose)


def _plan(model: mari.Model, labels: Labels, optimized: Path | None) -> mari.Plan:
    """Return the model rewritten, here or in a file."""
    if optimized is None:
        return mari.plan(model, labels)
    second = read_optimized(optimized)
    number = second.candidates or DEFAULT_CANDIDATES
    found = mari.plan(model, labels, signature=second.signature, candidates=number)
    return put_in_place(second, found, name=str(optimized))


def _read_bound(text: str) -> float:
    """Return the seconds of a text such as "20ms"."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|s)", text.strip())
    if match is None or not float(match[1]):
        raise typer.BadParameter(f"--p99 {text!r} is no time; write for instance 20ms or 0.1s")
    return float(match[1]) * _SECONDS[match[2]]


def _read_sizes(text: str) -> tuple[int, ...]:
    """Return the sizes of requests: one number, or those of a JSON file's list."""
    sizes = [int(text)] if text.isdecimal() else _sizes_of_file(Path(text))
    if not sizes or not all(is_whole(each) and 1 <= each <= _MOST_CANDIDATES for each in sizes):
        raise MariError(
            f"--candidates {text}: is not a number of candidates, nor a JSON list of such; write "
            "for instance 500, or a file that holds [300, 500, 500, 800]"
        )
    if len(sizes) > _MOST_SIZES:
        raise MariError(
            f"--candidates {text}: holds {len(sizes):,} sizes; give a sample of at most "
            f"{_MOST_SIZES:,}"
        )
    return tuple(sizes)


def _sizes_of_file(path: Path) -> list[int]:
    try:
        found = parse_json(path.read_bytes())
    except OSError as error:
        raise MariError(
            f"--candidates {path}: is neither a number nor a file that can be read "
            f"({error.strerror}); write for instance 500"
        ) from error
    except JsonError as error:
        raise MariError(f"{path}: line {error.line} is not JSON ({error}); mend it") from error
    return found if isinstance(found, list) else []


def _show_load(result: LoadResult, *, verbose: bool) -> None:
    asked, *found = mari.capacity_in_words(result)
    show(f"{result.model}: requests a second with a {asked}", *found)
    columns = ["", "requests/s#", "next missed#", "saturation#", "core-s per 1,000#"]
    show_table("Capacity", columns, mari.capacity_rows(result))
    if verbose:
        show_table(
            "Runs",
            ["", "for", "requests/s#", "sent#", "p50#", "p90#", "p99#", "met"],
            [
                [
                    run.arm, run.stage, f"{run.rate:,.1f}", f"{run.queries:,}",
                    *(format_seconds(each) for each in (run.p50, run.p90, run.p99)),
                    "yes" if run.met else "no",
                ]
                for run in result.runs
            ],
        )  # fmt: skip
