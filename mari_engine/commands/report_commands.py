"""`mari report`: what people look at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import mari_engine as mari
from mari_engine.commands.console import show, show_progress
from mari_engine.commands.documents import read_benchmark, read_load
from mari_engine.commands.options import (
    BenchmarkFiles,
    Called,
    Candidates,
    Force,
    FreeBatch,
    LabelsOption,
    LoadFiles,
    OriginalFile,
    ReviewFile,
    read_labels,
    read_model,
)
from mari_engine.commands.output_files import check_output, is_report, write_output
from mari_engine.errors import VerificationError
from mari_engine.types import Signature

if TYPE_CHECKING:
    from mari_engine.report import Findings


def report(
    source: Annotated[
        Path, typer.Argument(metavar="DIR|MODEL", help="An artifact, or a model to optimize.")
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="F", help="report.html, or report.md.")
    ] = Path("report.html"),
    labels: LabelsOption = None,
    benchmark: BenchmarkFiles = None,
    load: LoadFiles = None,
    review: ReviewFile = None,
    original: OriginalFile = None,
    signature: Called = Signature.DROP_IN,
    candidates: Candidates = 500,
    free_batch: FreeBatch = False,
    force: Force = False,
) -> None:
    """Write the report for a review, in one file.

    HTML that opens offline, or Markdown for a pull request where the name ends in .md.
    """
    from mari_engine.report import render_findings, render_findings_markdown  # help needs no ONNX

    check_output(output, is_report, force=force)
    said = mari.Review.load(review) if review is not None else None
    measured = [read_benchmark(path) for path in benchmark or ()]
    loads = [read_load(path) for path in load or ()]
    if source.is_dir():
        found = _read(source, read_model(original, free_batch) if original is not None else None)
    else:
        model = read_model(source, free_batch)
        found = _make(model, labels, signature, candidates)
    markdown = output.suffix.lower() in (".md", ".markdown")
    render = render_findings_markdown if markdown else render_findings
    write_output(output, render(found, measured, said, loads), is_report, force=force)
    show(f"written: {output}")
    if not found.certificate.passed:
        reason = found.certificate.reason
        raise VerificationError(f"{source}: not equal ({reason}); {output} says more")


def _read(source: Path, before: mari.Model | None) -> Findings:
    """Return the findings of an artifact."""
    from mari_engine.artifact import read_findings

    return read_findings(mari.load_artifact(source), before)


def _make(
    model: mari.Model, labels: Path | None, signature: Signature, candidates: int
) -> Findings:
    """Return the findings of a model that is optimized for its report."""
    from mari_engine.report import find

    known = read_labels(model, labels) if labels is not None else None
    with show_progress() as progress:
        return find(
            mari.optimize(
                model, known, signature=signature, candidates=candidates, progress=progress
            )
        )
