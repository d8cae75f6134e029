"""`mari fuzz`: random ranking graphs through the engine."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mari_engine.commands.console import show, show_progress, show_table
from mari_engine.commands.documents import STDOUT, check_json, write_json
from mari_engine.commands.options import Force, JsonOption
from mari_engine.errors import VerificationError
from mari_engine.types import Progress, Signature
from mari_engine.wording import format_seconds

if TYPE_CHECKING:
    from mari_engine.fuzzing import Tally

_LISTED = 10
"""Seeds that the last line names."""


def fuzz(
    seed: Annotated[int, typer.Option(min=0, metavar="S", help="The first graph's seed.")] = 0,
    count: Annotated[int, typer.Option(min=1, metavar="N", help="How many graphs.")] = 100,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="DIR", help="Where failures are written, shrunk."),
    ] = None,
    signature: Annotated[
        list[Signature] | None,
        typer.Option(
            help="Only this signature, for more graphs in the same time; may be given again."
        ),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, metavar="N", help="Processes at a time.")] = 1,
    json: JsonOption = None,
    force: Force = False,
) -> None:
    """Rewrite random ranking graphs, and check each of them.

    Each is rewritten in every way and run beside its original. The exit status is 1 where one came
    out wrong or was refused by the check, or the engine crashed. With -o each of these is made as
    small as it still fails, and written to DIR/SEED.
    """
    from mari_engine.fuzzing import Tally, check_places, write_failure  # help starts without ONNX

    check_json(json, force=force)
    if output is not None:
        check_places(output, range(seed, seed + count), force=force)
    tally = Tally(seed, count, tuple(dict.fromkeys(signature or Signature)))
    try:
        with show_progress() as progress:
            _examine_all(tally, jobs, progress)
    finally:
        if output is not None:
            for failure in tally.failures:
                write_failure(failure, output)
        if json != STDOUT:
            _show(tally)
        if json is not None:
            write_json(tally.to_json(), json, force=force)
    if tally.failures:
        raise VerificationError(_describe_failures(tally, output))


def _describe_failures(tally: Tally, output: Path | None) -> str:
    seeds = ", ".join(str(failure.seed) for failure in tally.failures[:_LISTED])
    more = len(tally.failures) - _LISTED
    where = f"see {output}" if output is not None else "-o DIR writes them, shrunk"
    return (
        f"{len(tally.failures)} of {tally.done} graphs failed (seeds {seeds}"
        f"{f' and {more} more' if more > 0 else ''}); {where}"
    )


def _examine_all(tally: Tally, jobs: int, progress: Progress | None) -> None:
    from mari_engine.fuzzing import examine_seeds

    began = time.monotonic()
    seeds = iter(range(tally.seed, tally.seed + tally.count))
    for examined in examine_seeds(seeds, jobs, signatures=tally.signatures):
        tally.add(examined)
        if progress is not None:
            rate = tally.done / (time.monotonic() - began)
            left = format_seconds((tally.count - tally.done) / rate)
            what = f"{tally.done:,} of {tally.count:,} graphs, {rate:.1f} a second, {left} left, "
            progress(tally.done / tally.count, what + f"{len(tally.failures)} failed")


def _show(tally: Tally) -> None:
    from mari_engine.fuzzing import Outcome

    rows = [
        (dialect, *(tally.outcomes[dialect, outcome] for outcome in Outcome))
        for dialect in tally.dialects
    ]
    rows.append(("all", *map(tally.of, Outcome)))
    title = f"{tally.done:,} of {tally.count:,} graphs, seeds from {tally.seed}"
    show_table(title, ("dialect", *(f"{outcome}#" for outcome in Outcome)), rows)
    if tally.refusals:
        refusals = [(number, reason) for reason, number in tally.refusals.most_common()]
        show_table("Refused or not run", ("graphs#", "reason"), refusals)
    if tally.failures:
        failures = [
            (failure.seed, failure.found.outcome, failure.found.signature, failure.found.way,
             failure.found.reason)
            for failure in tally.failures
        ]  # fmt: skip
        show_table("Failures", ("seed#", "outcome", "signature", "way", "reason"), failures)
    show("")
