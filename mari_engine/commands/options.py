"""The arguments and options that several commands share, and how their texts are read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from mari_engine.errors import LabelError, ModelError
from mari_engine.graph import Model
from mari_engine.labeling import check_labels, propose_labels
from mari_engine.loading import load
from mari_engine.rewriting.cost import Prices, measured_prices
from mari_engine.types import Arm, Labels, Signature

ModelArgument = Annotated[Path, typer.Argument(metavar="MODEL", help="The ONNX file.")]
LabelsOption = Annotated[
    Path | None, typer.Option("--labels", metavar="F", help="labels.json: who owns which input.")
]
NeededLabels = Annotated[
    Path, typer.Option("--labels", metavar="F", help="labels.json: who owns which input.")
]
FreeBatch = Annotated[
    bool,
    typer.Option("--free-batch", help="Let a batch size that the exporter froze vary."),
]
JsonOption = Annotated[
    str | None, typer.Option("--json", metavar="F", help="Write JSON here; - for stdout.")
]
Requests = Annotated[
    list[Path] | None,
    typer.Option("--request", metavar="F", help="Check this .npz request, too; repeatable."),
]
Measured = Annotated[
    bool,
    typer.Option("--measure", help="Run it, and measure what it could save and what is reached."),
]
OwnRequests = Annotated[
    list[Path] | None,
    typer.Option(
        "--request",
        metavar="F",
        help="With --measure: an .npz that labels are held to; repeatable.",
    ),
]
OriginalArgument = Annotated[Path, typer.Argument(metavar="ORIGINAL", help="The ONNX file.")]
OptimizedArgument = Annotated[
    Path, typer.Argument(metavar="OPTIMIZED", help="The rewritten file, or its folder.")
]
MaybeOptimized = Annotated[
    Path | None, typer.Argument(metavar="[OPTIMIZED]", help="The rewritten file, or its folder.")
]
MoreNodes = Annotated[
    list[str] | None, typer.Argument(metavar="[NODE …]", help="More nodes after --keep.")
]
Keep = Annotated[
    list[str] | None,
    typer.Option("--keep", metavar="NODE", help="Leave this node as it is; repeatable."),
]
Folder = Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="Where to.")]
Called = Annotated[Signature, typer.Option(help="How the optimized model is called.")]
Autotune = Annotated[
    bool,
    typer.Option(
        "--autotune/--no-autotune",
        help="Time the ways to rewrite on this machine, or compare them by expectation.",
    ),
]
Calibrated = Annotated[
    bool,
    typer.Option(
        "--calibrated",
        help="Expect times by prices measured on this machine (see 'mari calibrate').",
    ),
]
Batches = Annotated[str, typer.Option(metavar="N,N,…", help="Numbers of candidates.")]
Seeds = Annotated[list[int] | None, typer.Option(help="For made-up requests; repeatable.")]
Seed = Annotated[int, typer.Option(help="For made-up requests.")]
Threads = Annotated[int, typer.Option(min=0, help="0: as many as there are cores.")]
DeviceName = Annotated[str, typer.Option(help="cpu, cuda, tensorrt, …")]
Arms = Annotated[
    str | None, typer.Option(metavar="ARM,…", help="Some of original,one-shot,mari,per-fragment.")
]
CsvOption = Annotated[
    Path | None, typer.Option("--csv", metavar="F", help="Write the timings as CSV.")
]
BenchmarkFiles = Annotated[
    list[Path] | None,
    typer.Option("--benchmark", metavar="F", help="From 'mari bench --json'; repeatable."),
]
ReviewFile = Annotated[
    Path | None, typer.Option("--review", metavar="F", help="review.json: notes and sign-offs.")
]
OriginalFile = Annotated[
    Path | None,
    typer.Option("--original", metavar="MODEL", help="Beside DIR: to draw the graph before, too."),
]
Candidates = Annotated[
    int, typer.Option(min=1, metavar="N", help="How many candidates a request has, usually.")
]


def read_prices(calibrated: bool) -> Prices:
    """Return the built-in prices, or this machine's: those on file, or measured now."""
    return measured_prices().prices if calibrated else Prices()


def read_labels(model: Model, path: Path | None) -> Labels:
    """Return the labels of a file, checked against the model; without a file, the proposals."""
    if path is None:
        return propose_labels(model)
    labels = Labels.load(path)
    try:
        check_labels(model, labels)
    except LabelError as error:
        raise LabelError(f"{path}: {error}") from error
    return labels


def read_model(path: Path, free_batch: bool = False) -> Model:
    """Return the normalized model of a file."""
    return load(path, free_batch=free_batch)


def read_kept(model: Model, names: Sequence[str]) -> tuple[str, ...]:
    """Return the names of nodes to keep; raises ModelError for one that the model does not have."""
    known = {node.name for node in model.ir.graph}
    for name in names:
        if name not in known:
            raise ModelError(
                f"--keep {name}: the model has no such node; 'mari inspect' lists them"
            )
    return tuple(names)


def read_numbers(text: str) -> tuple[int, ...]:
    """Return the batch sizes of a text such as "100,500,2000"."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise typer.BadParameter(
            f"{text!r} is not a list of sizes; write for instance 100,500,2000"
        )
    return tuple(dict.fromkeys(int(part) for part in parts))


def read_arms(text: str | None) -> tuple[Arm, ...]:
    """Return the arms of a text such as "original,mari"; all where there is none."""
    if text is None:
        return tuple(Arm)
    try:
        return tuple(Arm(part.strip()) for part in text.split(","))
    except ValueError:
        names = ", ".join(Arm)
        raise typer.BadParameter(f"{text!r} names an unknown arm; use some of {names}") from None
