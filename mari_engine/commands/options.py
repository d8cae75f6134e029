"""The arguments and options that several commands share, and how their texts are read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mari_engine.labeling import check_labels, propose_labels
from mari_engine.labels import Labels
from mari_engine.loading import Model, load
from mari_engine.results import Arm

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
Candidates = Annotated[
    int, typer.Option(min=1, metavar="N", help="How many candidates a request has, usually.")
]


def read_labels(model: Model, path: Path | None) -> Labels:
    """Return the labels of a file, checked against the model; without a file, the proposals."""
    if path is None:
        return propose_labels(model)
    labels = Labels.load(path)
    check_labels(model, labels)
    return labels


def read_model(path: Path, free_batch: bool = False) -> Model:
    """Return the normalized model of a file."""
    return load(path, free_batch=free_batch)


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
