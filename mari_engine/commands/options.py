"""The arguments and options that several commands share, and how their texts are read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import mari_engine as mari
from mari_engine.errors import LabelError, ModelError
from mari_engine.isolation import start_ahead
from mari_engine.types import Arm, Labels, RequestIndex, Signature

if TYPE_CHECKING:
    from mari_engine.artifact import Optimized

ModelArgument = Annotated[Path, typer.Argument(metavar="MODEL", help="The ONNX file.")]
LabelsOption = Annotated[
    Path | None, typer.Option("--labels", metavar="F", help="labels.json: the role of each input.")
]
NeededLabels = Annotated[
    Path, typer.Option("--labels", metavar="F", help="labels.json: the role of each input.")
]
FreeBatch = Annotated[
    bool,
    typer.Option("--free-batch", help="Let a batch size that the export fixed vary."),
]
JsonOption = Annotated[
    str | None, typer.Option("--json", metavar="F", help="Write it as JSON; - for stdout.")
]
Requests = Annotated[
    list[Path] | None,
    typer.Option(
        "--request",
        metavar="F",
        help="Check this request, too: an .npz of arrays by input name; repeatable.",
    ),
]
Force = Annotated[
    bool,
    typer.Option("--force", help="Overwrite files that mari did not write, or that were changed."),
]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Print the tables, too.")]
Measured = Annotated[
    bool,
    typer.Option("--measure", help="Run the model, and measure what could be saved."),
]
LoggedRequests = Annotated[
    list[Path] | None,
    typer.Option(
        "--request",
        metavar="F",
        help="Learn from this logged request of one user: an .npz of arrays by input name, rows of "
        "candidates; repeatable.",
    ),
]
Corrected = Annotated[
    Path | None,
    typer.Option("--labels", metavar="F", help="Keep these answers, and propose the rest."),
]
Vouched = Annotated[
    str | None,
    typer.Option(
        "--vouched",
        metavar="NAME",
        help="With --labels: who vouches for what was set by hand.",
    ),
]
OwnRequests = Annotated[
    list[Path] | None,
    typer.Option(
        "--request",
        metavar="F",
        help="With --measure: a request (.npz) to hold the labels to; repeatable.",
    ),
]
OriginalArgument = Annotated[Path, typer.Argument(metavar="ORIGINAL", help="The ONNX file.")]
OptimizedArgument = Annotated[
    Path, typer.Argument(metavar="OPTIMIZED", help="The rewritten file, or its folder.")
]
MaybeOptimized = Annotated[
    Path | None, typer.Argument(metavar="OPTIMIZED", help="The rewritten file, or its folder.")
]
MoreNodes = Annotated[
    list[str] | None, typer.Argument(metavar="NODE", help="More nodes for --keep.")
]
Keep = Annotated[
    list[str] | None,
    typer.Option("--keep", metavar="NODE", help="Leave this node as it is; repeatable."),
]
Folder = Annotated[
    Path, typer.Option("-o", "--output", metavar="DIR", help="The folder to write to.")
]
Called = Annotated[
    Signature,
    typer.Option(
        help="drop-in: the original's inputs; compact: request inputs have one row; "
        "batched: several requests in one call."
    ),
]
Indexed = Annotated[
    RequestIndex | None,
    typer.Option(
        "--index",
        help="With --signature batched: the request of each candidate (rows, the default), or "
        "the number of candidates of each request (lengths).",
    ),
]
Autotune = Annotated[
    bool,
    typer.Option(
        "--autotune/--no-autotune",
        help="Choose the way to rewrite by timing it here, or by expected times.",
    ),
]
Calibrated = Annotated[
    bool,
    typer.Option(
        "--calibrated",
        help="Expect times by this machine's prices (see 'mari calibrate').",
    ),
]
Like = Annotated[
    Path | None,
    typer.Option(
        "--like",
        metavar="DIR",
        help="Take labels, options and way from this artifact of the same model with other "
        "weights, tables of more rows among them; nothing is timed.",
    ),
]
PlannedFor = Annotated[
    int | None,
    typer.Option(
        min=1, max=1_000_000_000, metavar="N",
        help="Candidates per request to optimize for; those of the artifact, else 500.",
    ),
]  # fmt: skip
Sweep = Annotated[
    str | None,
    typer.Option(
        metavar="N,N,…",
        help="Candidates per request, one run for each; 100, 500, 2000 and those planned for.",
    ),
]
Batches = Annotated[
    str, typer.Option(metavar="N,N,…", help="Candidates per request, one run for each.")
]
Seeds = Annotated[
    list[int] | None, typer.Option(metavar="N", help="Of generated requests; repeatable.")
]
Seed = Annotated[int, typer.Option(metavar="N", help="Of generated requests.")]
Threads = Annotated[int, typer.Option(min=0, metavar="N", help="0: as many as there are cores.")]
DeviceName = Annotated[str, typer.Option(metavar="NAME", help="cpu, cuda, tensorrt, …")]
Arms = Annotated[
    str | None,
    typer.Option(
        metavar="ARM,…",
        help="What to time: some of original,one-shot,mari,per-fragment, and, of a folder of mari "
        "offload, offloaded.",
    ),
]
CsvOption = Annotated[
    Path | None, typer.Option("--csv", metavar="F", help="Write the timings as CSV.")
]
BenchmarkFiles = Annotated[
    list[Path] | None,
    typer.Option("--benchmark", metavar="F", help="Timings from 'mari bench --json'; repeatable."),
]
LoadFiles = Annotated[
    list[Path] | None,
    typer.Option("--load", metavar="F", help="Capacity from 'mari load --json'; repeatable."),
]
ReviewFile = Annotated[
    Path | None, typer.Option("--review", metavar="F", help="review.json: notes and sign-offs.")
]
OriginalFile = Annotated[
    Path | None,
    typer.Option(
        "--original", metavar="MODEL", help="With DIR: draw this graph before the rewrite, too."
    ),
]
Candidates = Annotated[
    int,
    typer.Option(
        min=1, max=1_000_000_000, metavar="N", help="Candidates per request to optimize for."
    ),
]


def read_prices(calibrated: bool) -> mari.Prices:
    """Return the built-in prices, or this machine's: those on file, or measured now."""
    return mari.measured_prices().prices if calibrated else mari.Prices()


def read_index(index: RequestIndex | None, signature: Signature) -> RequestIndex:
    """Return how several requests are told apart; BadParameter where a call holds one."""
    if index is not None and signature != Signature.BATCHED:
        raise typer.BadParameter(f"--index {index} is of --signature batched; add it")
    return index or RequestIndex.ROWS


def read_labels(model: mari.Model, path: Path | None) -> Labels:
    """Return the labels of a file, checked against the model; without a file, the proposals."""
    if path is None:
        return mari.propose_labels(model)
    labels = Labels.load(path)
    try:
        mari.check_labels(model, labels)
    except LabelError as error:
        raise LabelError(f"{path}: {error}") from error
    return labels


def read_model(path: Path, free_batch: bool = False) -> mari.Model:
    """Return the normalized model of a file."""
    start_ahead()  # the process for the model starts while this one imports the engine
    return mari.load(path, free_batch=free_batch)


_TAKEN_FROM_THE_ARTIFACT = (
    "labels", "signature", "index", "candidates", "keep", "autotune", "calibrated",
)  # fmt: skip


def check_alone(context: typer.Context, like: Path | None) -> None:
    """Return unless an option is given beside --like that the earlier artifact decides."""
    sources = {name: context.get_parameter_source(name) for name in _TAKEN_FROM_THE_ARTIFACT}
    given = [name for name, source in sources.items() if source and source.name == "COMMANDLINE"]
    if like is not None and given:
        raise typer.BadParameter(f"--like takes --{given[0]} from {like}; leave it out")


def read_optimized(path: Path) -> Optimized:
    """Return the rewritten model of a file, or of an artifact's folder."""
    from mari_engine.artifact import open_optimized  # here, so that help starts without ONNX

    return open_optimized(path)


def check_output_folder(model: mari.Model, path: Path, *, force: bool) -> None:
    """Return if an artifact may be written to this folder; asked before the work."""
    from mari_engine.artifact import OPTIMIZED, check_target  # so that help starts without ONNX

    check_target(model, path, OPTIMIZED, force=force)


def check_offload_folder(model: mari.Model, path: Path, *, force: bool) -> None:
    """Return if parts may be written to this folder; asked before the work."""
    from mari_engine.artifact import check_target  # here, so that help starts without ONNX
    from mari_engine.serving.offload import OFFLOADED

    check_target(model, path, OFFLOADED, force=force)


def read_kept(model: mari.Model, names: Sequence[str]) -> tuple[str, ...]:
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
    """Return the arms of a text such as "original,mari"; those of any model where there is none."""
    if text is None:
        return tuple(arm for arm in Arm if arm != Arm.OFFLOADED)
    try:
        return tuple(Arm(part.strip()) for part in text.split(","))
    except ValueError:
        names = ", ".join(Arm)
        raise typer.BadParameter(f"{text!r} names an unknown arm; use some of {names}") from None
