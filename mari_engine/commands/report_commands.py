"""`mari report`: what people look at."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import mari_engine as mari
from mari_engine.commands.console import show, show_progress
from mari_engine.commands.documents import read_benchmark
from mari_engine.commands.options import (
    BenchmarkFiles,
    Called,
    Candidates,
    FreeBatch,
    LabelsOption,
    OriginalFile,
    ReviewFile,
    read_labels,
    read_model,
)
from mari_engine.errors import VerificationError
from mari_engine.types import Signature


def report(
    source: Annotated[
        Path, typer.Argument(metavar="DIR|MODEL", help="An artifact, or a model to optimize.")
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="F", help="report.html, or report.md.")
    ] = Path("report.html"),
    labels: LabelsOption = None,
    benchmark: BenchmarkFiles = None,
    review: ReviewFile = None,
    original: OriginalFile = None,
    signature: Called = Signature.DROP_IN,
    candidates: Candidates = 500,
    free_batch: FreeBatch = False,
) -> None:
    """Write the report for a review, in one file.

    HTML that opens offline, or Markdown for a pull request where the name ends in .md.
    """
    from mari_engine.artifact import read_findings  # here, so that help starts without ONNX
    from mari_engine.report import find, render_findings, render_findings_markdown

    said = mari.Review.load(review) if review is not None else None
    measured = [read_benchmark(path) for path in benchmark or ()]
    if source.is_dir():
        before = read_model(original, free_batch) if original is not None else None
        found = read_findings(mari.load_artifact(source), before)
    else:
        model = read_model(source, free_batch)
        known = read_labels(model, labels) if labels is not None else None
        with show_progress() as progress:
            found = find(
                mari.optimize(
                    model, known, signature=signature, candidates=candidates, progress=progress
                )
            )
    markdown = output.suffix.lower() in (".md", ".markdown")
    render = render_findings_markdown if markdown else render_findings
    output.write_text(render(found, measured, said), encoding="utf-8")
    show(f"written: {output}")
    if not found.certificate.passed:
        reason = found.certificate.reason
        raise VerificationError(f"{source}: not equal ({reason}); {output} says more")
