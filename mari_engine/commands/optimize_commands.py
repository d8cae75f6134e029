"""`mari optimize` and `mari verify`: the rewrite, and its check on two files."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import typer

import mari_engine as mari
from mari_engine.commands.console import show, show_progress
from mari_engine.commands.documents import STDOUT, check_json, inspection, write_json
from mari_engine.commands.headlines import optimize_headline
from mari_engine.commands.options import (
    Autotune,
    Batches,
    Calibrated,
    Called,
    Candidates,
    Folder,
    Force,
    FreeBatch,
    Indexed,
    JsonOption,
    Keep,
    LabelsOption,
    Like,
    ModelArgument,
    MoreNodes,
    NeededLabels,
    OptimizedArgument,
    OriginalArgument,
    Requests,
    Seeds,
    Verbose,
    check_alone,
    check_output_folder,
    read_index,
    read_kept,
    read_labels,
    read_model,
    read_numbers,
    read_optimized,
    read_prices,
)
from mari_engine.commands.tables import show_certificate, show_decisions, show_flops, show_selection
from mari_engine.errors import VerificationError
from mari_engine.types import Signature
from mari_engine.wording import format_seconds


def optimize(
    context: typer.Context,
    model: ModelArgument,
    output: Folder,
    more: MoreNodes = None,
    labels: LabelsOption = None,
    signature: Called = Signature.DROP_IN,
    index: Indexed = None,
    candidates: Candidates = 500,
    keep: Keep = None,
    request: Requests = None,
    free_batch: FreeBatch = False,
    autotune: Autotune = True,
    calibrated: Calibrated = False,
    like: Like = None,
    json: JsonOption = None,
    force: Force = False,
    verbose: Verbose = False,
) -> None:
    """Rewrite a model, verify it, and write the artifact.

    Says how much faster it became, whether it computes the same numbers, what was saved where, and
    what needs a look; -v prints the tables. Without --labels, proposed roles are taken where each
    is certain. Where the check fails, or a request (--request) contradicts a label, the exit status
    is 1, and nothing is written. With --like, labels and choices are an earlier artifact's, and a
    model that differs from its in more than weights and rows of its tables is refused.
    """
    check_alone(context, like)
    left_alone = _names_to_keep(keep, more)
    check_json(json, force=force)
    loaded = read_model(model, free_batch)
    check_output_folder(loaded, output, force=force)
    requests = tuple(mari.load_requests(path, loaded) for path in request or ())
    rewrite = partial(
        mari.optimize, loaded, read_labels(loaded, labels) if labels else None,
        keep=read_kept(loaded, left_alone), signature=signature,
        index=read_index(index, signature), candidates=candidates, autotune=autotune,
        prices=read_prices(calibrated),
    )  # fmt: skip
    if like is not None:
        rewrite = partial(mari.optimize_like, loaded, mari.load_artifact(like))
    with show_progress() as progress:
        result = rewrite(requests=requests, progress=progress)
    _write_document(result, json, force=force)
    if json != STDOUT:
        _show_result(result, confirmed=bool(labels or like), verbose=verbose)
    result.save(output, force=force)
    _show_place(result, output, quiet=json == STDOUT)


def _names_to_keep(keep: list[str] | None, more: list[str] | None) -> list[str]:
    """Return the names of --keep, of which one may have several; else a second name is a model."""
    if more and not keep:
        raise typer.BadParameter(f"one model at a time: {more[0]!r} is one too many")
    return [*(keep or ()), *(more or ())]


def _write_document(result: mari.OptimizeResult, json: str | None, *, force: bool) -> None:
    if json is not None:
        document = inspection(result) | {"certificate": result.certificate.to_json()}
        write_json(document, json, force=force)


def _show_place(result: mari.OptimizeResult, output: Path, *, quiet: bool) -> None:
    if quiet:
        return
    took = format_seconds(result.elapsed)
    show(f"Written to {output}; open report.html there. Planning took {took}.")


def _show_result(result: mari.OptimizeResult, *, confirmed: bool, verbose: bool) -> None:
    """Print the result in a few lines, and the tables that it rests on where they are asked for."""
    show(*optimize_headline(result, confirmed=confirmed))
    if not verbose:
        return
    show_decisions(result.decisions, result.candidates)
    show_flops(result)
    show_selection(result.selection)
    show_certificate(result.certificate)
    show("")


def verify(
    original: OriginalArgument,
    optimized: OptimizedArgument,
    labels: NeededLabels,
    request: Requests = None,
    batch: Batches = "1,2,3,17,128",
    seed: Seeds = None,
    free_batch: FreeBatch = False,
    json: JsonOption = None,
    force: Force = False,
) -> None:
    """Check again that two models compute the same numbers.

    The exit status is 1 where they do not, and where a request (--request) contradicts a label.
    """
    check_json(json, force=force)
    batches = read_numbers(batch)
    first = read_model(original, free_batch)
    known = read_labels(first, labels)
    second = read_optimized(optimized)
    with show_progress() as progress:
        certificate = mari.verify(
            first,
            second.model,
            known,
            interface=second.interface,
            signature=second.signature,
            requests=tuple(mari.load_requests(path, first) for path in request or ()),
            batches=batches,
            seeds=tuple(seed or (0, 1)),
            progress=progress,
        )
    if json is not None:
        write_json(certificate.to_json(), json, force=force)
    if json != STDOUT:
        show_certificate(certificate)
    if not certificate.passed:
        raise VerificationError(
            f"{optimized}: not equal to the original ({certificate.reason}); do not use it"
        )
