"""`mari bench` and `mari calibrate`: what this machine takes."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import mari_engine as mari
from mari_engine.commands.console import show, show_progress
from mari_engine.commands.documents import STDOUT, check_json, write_json
from mari_engine.commands.options import (
    Arms,
    Called,
    CsvOption,
    DeviceName,
    Force,
    FreeBatch,
    JsonOption,
    MaybeOptimized,
    NeededLabels,
    OriginalArgument,
    PlannedFor,
    Seed,
    Sweep,
    Threads,
    read_arms,
    read_labels,
    read_model,
    read_numbers,
    read_optimized,
)
from mari_engine.commands.output_files import check_output, is_timing_table, write_output
from mari_engine.commands.tables import show_benchmark, show_prices
from mari_engine.errors import ModelError
from mari_engine.types import DEFAULT_CANDIDATES, Arm, FlopsReport, RequestIndex, Signature

if TYPE_CHECKING:
    from mari_engine.artifact import Optimized
    from mari_engine.benchmarking import PreparedArm

_USUAL = (100, 500, 2000)
"""Candidates."""


_Store = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", help="With --arms offloaded: fetch from this store of mari items, as served."
    ),
]


def calibrate(device: DeviceName = "cpu", json: JsonOption = None, force: Force = False) -> None:
    """Measure this machine's prices of products, memory and nodes.

    Takes seconds; 'mari optimize --calibrated' then expects times by them.
    """
    check_json(json, force=force)
    found = mari.measured_prices(device, anew=True)
    if json is not None:
        write_json({"version": 1, **dataclasses.asdict(found)}, json, force=force)
    if json != STDOUT:
        from mari_engine.rewriting.cost import price_file  # here, so that help starts without ONNX

        show_prices(found, price_file(device))


def bench(
    original: OriginalArgument,
    labels: NeededLabels,
    optimized: MaybeOptimized = None,
    batch: Sweep = None,
    device: DeviceName = "cpu",
    threads: Threads = 1,
    arms: Arms = None,
    store: _Store = None,
    seed: Seed = 0,
    signature: Called = Signature.DROP_IN,
    candidates: PlannedFor = None,
    free_batch: FreeBatch = False,
    json: JsonOption = None,
    csv: CsvOption = None,
    force: Force = False,
) -> None:
    """Time the original and the optimized model, interleaved.

    Prints p50, p90, p99 and throughput at each number of candidates, with the FLOPs beside them.
    Both answer the same random requests, drawn by the labels' roles and ranges (--seed); a label
    that is not true changes what is timed, and is no error here: 'mari verify' holds labels to
    requests of yours. Without OPTIMIZED the original is rewritten first. --arms offloaded times the
    online part of a folder of mari offload, and the fetch of random items from --store, or from a
    store of random items; what its request part computes is not counted.
    """
    check_json(json, force=force)
    if csv is not None:
        check_output(csv, is_timing_table, force=force)
    batches, chosen = read_numbers(batch) if batch else (), read_arms(arms)
    model = read_model(original, free_batch)
    known = read_labels(model, labels)
    offloaded = _offloaded_of(optimized, chosen, store)
    called = Signature.COMPACT if offloaded else signature
    found = _plan(model, known, None if offloaded else optimized, called, candidates)
    with show_progress() as progress, _further_arms(offloaded, model, known, store, seed) as more:
        sizes = batches or _sweep(found.candidates)
        result = mari.benchmark(
            model, found, batches=sizes, device=device, threads=threads, arms=chosen, seed=seed,
            insight=True, progress=progress, further=more,
        )  # fmt: skip
        remarks = [arm.remark(max(sizes)) for arm in more if arm.remark is not None]
    if csv is not None:
        write_output(csv, result.to_csv(), is_timing_table, force=force)
    if json is not None:
        write_json(result.to_json(), json, force=force)
    if json != STDOUT:
        _show(result, found, remarks)


def _offloaded_of(optimized: Path | None, arms: Sequence[Arm], store: Path | None) -> Path | None:
    """Return the folder of parts that is timed, if one is asked for; raises BadParameter."""
    if Arm.OFFLOADED not in arms:
        if store is not None:
            raise typer.BadParameter("--store goes with --arms offloaded")
        return None
    if optimized is None:
        raise typer.BadParameter("--arms offloaded needs the folder that 'mari offload' wrote")
    return optimized


def _sweep(planned_for: int) -> tuple[int, ...]:
    """Return the usual numbers of candidates, and the one that all else is told for."""
    return tuple(sorted({*_USUAL, planned_for}))


def _plan(
    model: mari.Model, labels: mari.Labels, optimized: Path | None, signature: Signature,
    candidates: int | None,
) -> mari.Plan:  # fmt: skip
    """Return the plan of a model; a rewritten one of a file is its outcome, if one is given."""
    if optimized is None:
        number = candidates or DEFAULT_CANDIDATES
        return mari.plan(model, labels, signature=signature, candidates=number)
    second = read_optimized(optimized)
    index = (second.interface.index if second.interface else None) or RequestIndex.ROWS
    number = candidates or second.candidates or DEFAULT_CANDIDATES
    found = mari.plan(model, labels, signature=second.signature, index=index, candidates=number)
    return put_in_place(second, found, name=str(optimized))


@contextmanager
def _further_arms(
    offloaded: Path | None,
    model: mari.Model,
    labels: mari.Labels,
    store: Path | None,
    seed: int,
) -> Iterator[Sequence[PreparedArm]]:
    """Yield the arm of an offloaded model's folder, if one is asked for."""
    if offloaded is None:
        yield ()
        return
    with mari.open_offloaded_arm(offloaded, model, labels, store=store, seed=seed) as arm:
        yield (arm,)


def put_in_place(second: Optimized, found: mari.Plan, *, name: str) -> mari.Plan:
    """Return the plan with a model from a file as its outcome.

    Raises ModelError where the file was made from another original.
    """
    if not second.may_be_of(found.original):
        raise ModelError(f"{name}: was made from another model; optimize this one again")
    return dataclasses.replace(
        found,
        optimized=second.model,
        interface=second.interface or found.interface,
        flops=_flops_of(second, found),
    )


def _flops_of(second: Optimized, found: mari.Plan) -> FlopsReport:
    """Return the FLOPs with those of the model from a file.

    The graph alone does not tell how candidates of several requests lie: they are the plan's then.
    """
    if second.signature == Signature.BATCHED:
        return found.flops
    return FlopsReport(found.flops.before, mari.count_cost(second.model))


def _show(result: mari.BenchmarkResult, found: mari.Plan, remarks: Sequence[str]) -> None:
    """Print the timings; of several requests in one call what these are worth, and whether not."""
    show_benchmark(result)
    show(*remarks)
    if found.signature != Signature.BATCHED:
        return
    from mari_engine.benchmarking import weigh_batch  # here, so that help starts without ONNX

    single = mari.plan(
        found.original, found.labels, signature=Signature.COMPACT, candidates=found.candidates
    )
    worth = weigh_batch(found, single)
    advice = "" if worth.pays else "; score one request a call, with --signature compact"
    show(
        f"{worth.requests} requests of {worth.candidates} candidates in one call take "
        f"{worth.ratio:.2f} of the processor time of as many calls of the compact model{advice}"
    )
