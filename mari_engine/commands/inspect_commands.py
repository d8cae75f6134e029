"""`mari samples`, `mari labels`, `mari inspect`: what comes before a rewrite."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mari_engine.commands.console import show, show_progress, show_table
from mari_engine.commands.documents import STDOUT, inspection, write_json
from mari_engine.commands.measurement_tables import show_measurement
from mari_engine.commands.options import (
    Called,
    Candidates,
    Folder,
    FreeBatch,
    JsonOption,
    LabelsOption,
    Measured,
    ModelArgument,
    OwnRequests,
    read_labels,
    read_model,
)
from mari_engine.commands.tables import (
    show_decisions,
    show_flops,
    show_labels,
    show_segments,
    show_selection,
)
from mari_engine.feeds import load_requests
from mari_engine.graph import describe
from mari_engine.labeling import propose_labels
from mari_engine.metering import measure as measure_plan
from mari_engine.pipeline import plan
from mari_engine.plan_types import Plan
from mari_engine.types import Side, Signature
from mari_engine.wording import format_count
from sample_models import sample_description, sample_names, write_samples


def samples(output: Folder) -> None:
    """Write the sample models, NAME.onnx and NAME.labels.json side by side."""
    paths = write_samples(output)
    rows = [(name, sample_description(name)) for name in sample_names()]
    show_table("Samples", ("name", "what it is"), rows)
    show("", f"{len(paths)} files in {output}")


def labels(
    model: ModelArgument,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="F", help="The labels.json to write.")
    ] = None,
    free_batch: FreeBatch = False,
) -> None:
    """Propose a role for every input and column, each with a confidence and the evidence."""
    proposed = propose_labels(read_model(model, free_batch))
    show_labels(proposed, evidence=True)
    if output is not None:
        proposed.save(output)
        show("", f"written: {output}")
    if proposed.confidence < 1:
        show("Those with a confidence below 1 are guesses: correct the file before you use it.")


def inspect(
    model: ModelArgument,
    labels: LabelsOption = None,
    json: JsonOption = None,
    signature: Called = Signature.DROP_IN,
    candidates: Candidates = 500,
    measure: Measured = False,
    request: OwnRequests = None,
    free_batch: FreeBatch = False,
) -> None:
    """Show inputs, colors, segments and what would become of each product; write nothing else."""
    if request and not measure:
        raise typer.BadParameter("--request is read by --measure; add it")
    loaded = read_model(model, free_batch)
    known = read_labels(loaded, labels)
    own = tuple(load_requests(path, loaded) for path in request or ())
    with show_progress() as progress:
        found = plan(loaded, known, signature=signature, candidates=candidates, progress=progress)
    measured = None
    if measure:
        with show_progress() as progress:
            measured = measure_plan(found, requests=own, progress=progress)
    if json is not None:
        write_json(inspection(found, measured), json)
    if json != STDOUT:
        _show_inspection(found)
        if measured is not None:
            show_measurement(measured)
        if known.confidence < 1:
            show("", "Some labels are guesses: 'mari labels' writes them to a file to correct.")


def _show_inspection(found: Plan) -> None:
    info = describe(found.original)
    show(
        f"{found.original.name}: {len(info.nodes)} nodes, opset {info.opset}, "
        f"{format_count(info.parameters)} parameters, {format_count(info.bytes, 'B')}"
    )
    inputs = [
        (tensor.name, tensor.dtype, tensor.shape or "?", found.coloring.values[tensor.name].side)
        for tensor in info.inputs
        if tensor.name in found.coloring.values
    ]
    show_table("Inputs", ("input", "type", "shape", "side"), inputs)
    show_labels(found.labels, evidence=False)
    sides = [color.side for color in found.coloring.values.values()]
    show_table("Colors", ("side", "values#"), [(side, sides.count(side)) for side in Side])
    show_segments(found.coloring.segments)
    show_decisions(found.decisions)
    unknown = list(found.coloring.unknown.items())
    if unknown:
        show_table("Not understood, and left as they are", ("node", "reason"), unknown)
    show_flops(found)
    show_selection(found.selection)
