"""`mari offload`: a model cut into what is computed beforehand, and what is left online."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypedDict

import typer

import mari_engine as mari
from mari_engine.commands.byte_sizes import read_bytes
from mari_engine.commands.console import show, show_progress, show_table
from mari_engine.commands.documents import STDOUT, check_json, write_json
from mari_engine.commands.headlines import exactness_line
from mari_engine.commands.options import (
    Calibrated,
    Candidates,
    Force,
    FreeBatch,
    JsonOption,
    Keep,
    ModelArgument,
    NeededLabels,
    Requests,
    Verbose,
    check_offload_folder,
    read_kept,
    read_labels,
    read_model,
    read_prices,
)
from mari_engine.commands.tables import show_certificate
from mari_engine.types import Feeds, PartKind, Store
from mari_engine.wording import first_names, format_count, format_seconds, format_whole, make_plain

_REASONS = 3
"""What stays online is named so often; the JSON has all."""
_NANO = 1e-9

_Folder = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="DIR", help="The folder to write the parts to."),
]
_Parts = Annotated[
    str, typer.Option(metavar="PART,…", help="What is computed beforehand: request, item, or both.")
]
_Bytes = Annotated[
    str | None,
    typer.Option(
        "--bytes",
        metavar="N",
        help="Fetch at most so much of each candidate: 512, 2kB; also between the cuts shown.",
    ),
]
_Bandwidth = Annotated[
    str | None,
    typer.Option(metavar="B", help="What fetching takes: the best cut at so much, 1GB/s."),
]
_Store = Annotated[
    Store, typer.Option(help="How values of items are stored; float16 is not lossless.")
]
_Autotune = Annotated[
    bool,
    typer.Option(
        "--autotune/--no-autotune",
        help="Scale expected times to what the uncut model takes on this machine.",
    ),
]
_TableWeight = Annotated[
    float,
    typer.Option(
        min=0.0,
        metavar="NS",
        help="What a GiB of tables in the online model counts as: nanoseconds per candidate.",
    ),
]


def offload(
    model: ModelArgument,
    labels: NeededLabels,
    output: _Folder = None,
    parts: _Parts = "request,item",
    most_bytes: _Bytes = None,
    bandwidth: _Bandwidth = None,
    store: _Store = Store.FLOAT32,
    candidates: Candidates = 500,
    keep: Keep = None,
    autotune: _Autotune = True,
    table_weight: _TableWeight = 100.0,
    request: Requests = None,
    free_batch: FreeBatch = False,
    calibrated: Calibrated = False,
    json: JsonOption = None,
    force: Force = False,
    verbose: Verbose = False,
) -> None:
    """Cut a model into parts for serving, and check their chain.

    request.onnx runs once a request, item.onnx over the catalogue, and online.onnx takes what both
    give. Without --bytes or --bandwidth it shows what cuts there are, and writes nothing.
    Features with "volatile": true in labels.json stay online. With --store float16 the result is
    not lossless, and the certificate tells the error that was measured. Exit status 1 where the
    check fails; nothing is written then.
    """
    asked = _Asked.read(parts, most_bytes, bandwidth, output)
    check_json(json, force=force)
    loaded = read_model(model, free_batch)
    if asked.is_chosen and output is not None:
        check_offload_folder(loaded, output, force=force)
    known, kept = read_labels(loaded, labels), read_kept(loaded, keep or ())
    common: _Common = {
        "parts": asked.parts, "store": store, "candidates": candidates, "keep": kept,
        "table_seconds": table_weight * _NANO, "autotune": autotune,
        "prices": read_prices(calibrated),
    }  # fmt: skip
    if not asked.is_chosen or output is None:
        frontier = mari.cut_frontier(loaded, known, **common)
        _tell_frontier(loaded.name, frontier, json, force=force)
        return
    requests = tuple(mari.load_requests(path, loaded) for path in request or ())
    result = asked.cut(loaded, known, common, requests)
    _tell_result(result, json, force=force, verbose=verbose)
    result.save(output, force=force)
    if json != STDOUT:
        show(f"Written to {output}; open report.html there.")


@dataclass(frozen=True)
class _Asked:
    """Which parts are made, and how the cut is chosen."""

    parts: tuple[PartKind, ...]
    most_bytes: int | None
    bandwidth: int | None

    @property
    def is_chosen(self) -> bool:
        """True where something says which cut to make; the request part alone needs nothing."""
        given = self.most_bytes is not None or self.bandwidth is not None
        return given or PartKind.ITEM not in self.parts

    def cut(
        self, model: mari.Model, labels: mari.Labels, common: _Common, requests: Sequence[Feeds]
    ) -> mari.OffloadResult:
        """Return the parts, checked."""
        with show_progress() as progress:
            return mari.offload(
                model, labels, most_bytes=self.most_bytes, bandwidth=self.bandwidth, **common,
                requests=requests, progress=progress,
            )  # fmt: skip

    @staticmethod
    def read(
        parts: str, most_bytes: str | None, bandwidth: str | None, output: Path | None
    ) -> _Asked:
        """Return what options ask for; raises BadParameter for what cannot be done."""
        if most_bytes is not None and bandwidth is not None:
            raise typer.BadParameter("give --bytes or --bandwidth, and not both")
        asked = _Asked(
            parts=_read_parts(parts),
            most_bytes=None if most_bytes is None else read_bytes(most_bytes, "--bytes"),
            bandwidth=_read_bandwidth(bandwidth),
        )
        if asked.is_chosen and output is None:
            raise typer.BadParameter("give a folder for the parts: -o DIR")
        return asked


class _Common(TypedDict):
    """What the frontier and the cut are both asked with."""

    parts: tuple[PartKind, ...]
    store: Store
    candidates: int
    keep: tuple[str, ...]
    table_seconds: float
    autotune: bool
    prices: mari.Prices


def _read_bandwidth(text: str | None) -> int | None:
    return None if text is None else read_bytes(text, "--bandwidth", per_second=True)


def _read_parts(text: str) -> tuple[PartKind, ...]:
    names = [part.strip() for part in text.split(",")]
    known = {str(PartKind.REQUEST), str(PartKind.ITEM)}
    if not set(names) <= known or len(set(names)) < len(names):
        raise typer.BadParameter(f"--parts {text!r}: use request, item, or request,item")
    return tuple(PartKind(name) for name in names)


def _write(document: dict[str, Any], json: str | None, *, force: bool) -> None:
    if json is not None:
        write_json({"version": 1, **document}, json, force=force)


def _tell_result(
    result: mari.OffloadResult, json: str | None, *, force: bool, verbose: bool
) -> None:
    document = {
        "frontier": result.frontier,
        "cut": result.point,
        "item_hash": result.item_hash,
        "certificate": result.certificate.to_json(),
    }
    _write(document, json, force=force)
    if json != STDOUT:
        _show_result(result, verbose=verbose)


def _tell_frontier(name: str, frontier: mari.Frontier, json: str | None, *, force: bool) -> None:
    _write({"frontier": frontier}, json, force=force)
    if json == STDOUT:
        return
    _show_table(frontier, None)
    show(*_stays(frontier))
    if not any(point.fetched for point in frontier.points):
        show(make_plain(f"{name}: there is nothing that could be fetched of a store."))
        return
    show(
        "",
        "Nothing was cut. Give --bytes N (at most so many bytes fetched of each candidate) or "
        "--bandwidth B (what fetching takes, such as 1GB/s), and -o DIR.",
    )


def _show_table(frontier: mari.Frontier, made: mari.CutPoint | None) -> None:
    rows = [_row("uncut", frontier.whole)]
    cuts = [point for point in frontier.points if point.fetched]
    rows += [_row("made" if point == made else "", point) for point in cuts]
    columns = (
        "cut", "bytes/candidate#", "FLOPs/candidate online#",
        f"expected at {frontier.candidates:,}#", "tables online#", "fetched values#", "way",
    )  # fmt: skip
    show_table("Cuts: fewer bytes to fetch against less to compute", columns, rows)


def _row(title: str, point: mari.CutPoint) -> tuple[str, ...]:
    return (
        title,
        format_whole(point.bytes),
        format_count(point.flops),
        format_seconds(point.seconds),
        format_count(point.table_bytes, "B"),
        str(len(point.fetched)),
        str(point.way),
    )


def _stays(frontier: mari.Frontier) -> Sequence[str]:
    """Return what only item features reach and yet stays online, and why."""
    told = [make_plain(f"{name}: {why}") for name, why in frontier.reasons.items()]
    return ("", f"Stays online: {first_names(told, _REASONS)}") if told else ()


def _show_result(result: mari.OffloadResult, *, verbose: bool) -> None:
    point, whole = result.point, result.frontier.whole
    files = ", ".join(f"{kind}.onnx" for kind in PartKind if kind in result.parts)
    show(
        make_plain(f"{result.checked.original.name}: cut into {files}"),
        f"Fetched of each candidate: {format_whole(point.bytes)} bytes as {result.options.store} "
        f"({format_whole(whole.bytes)} bytes of item features uncut)",
        f"Online FLOPs per candidate: {format_count(whole.flops)} → {format_count(point.flops)} "
        f"(arithmetic, not time); expected at {result.options.candidates:,} candidates: "
        f"{format_seconds(whole.seconds)} → {format_seconds(point.seconds)}",
        exactness_line(result.certificate),
        *_stays(result.frontier)[1:],
    )
    if verbose:
        _show_table(result.frontier, point)
        show_certificate(result.certificate)
