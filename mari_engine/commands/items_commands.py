"""`mari items`: what the item part gives for a whole catalogue."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

import mari_engine as mari
from mari_engine.commands.console import show, show_progress
from mari_engine.commands.documents import STDOUT, check_json, write_json
from mari_engine.commands.options import JsonOption
from mari_engine.isolation import start_ahead
from mari_engine.wording import format_count, format_whole

_RAY = "--ray"
_HERE = "local"
_ADDRESS = re.compile(r"local|auto|[a-z]+://\S+|[\w.\-\[\]:]+:\d+")
"""What Ray takes as the address of a cluster."""


_Offloaded = Annotated[
    Path, typer.Argument(metavar="DIR", help="The folder that mari offload wrote.")
]
_Catalogue = Annotated[
    Path, typer.Argument(metavar="CATALOGUE", help="A Parquet file, or a folder of them.")
]
_Store = Annotated[
    Path, typer.Option("-o", "--output", metavar="STORE", help="The store to publish to.")
]
_Key = Annotated[
    str, typer.Option(metavar="NAME", help="The catalogue's column of keys: whole numbers or text.")
]
_Since = Annotated[
    Path | None,
    typer.Option(metavar="STORE", help="Keep the vectors of items that did not change."),
]
_Batch = Annotated[
    int, typer.Option(min=1, metavar="N", help="Items at once: fewer for a large item part.")
]
_OnRay = Annotated[
    str | None,
    typer.Option(
        _RAY, metavar="[ADDRESS]", help="Compute on Ray: on this machine, or on a cluster."
    ),
]
_Workers = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="With --ray; as many as processors if left out."),
]
_Replace = Annotated[
    bool, typer.Option("--force", help="Replace a store of another model, or other JSON.")
]


class ItemsCommand(TyperCommand):
    """A command whose `--ray` may stand without its address."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the words, with this machine for an address that is left out."""
        return super().parse_args(ctx, _with_address(args))


def _with_address(words: list[str]) -> list[str]:
    if _RAY not in words:
        return words
    at = words.index(_RAY) + 1
    given = at < len(words) and _ADDRESS.fullmatch(words[at])
    return words if given else [*words[:at], _HERE, *words[at:]]


def items(
    offloaded: _Offloaded,
    catalogue: _Catalogue,
    output: _Store,
    key: _Key,
    since: _Since = None,
    batch: _Batch = 4096,
    ray: _OnRay = None,
    workers: _Workers = None,
    json: JsonOption = None,
    force: _Replace = False,
) -> None:
    """Store what item.onnx gives for a catalogue.

    The catalogue has a column of keys, and one for each input of item.onnx. Memory does not grow
    with the number of items. A run that was stopped is gone on with by the same command; readers
    see the store before or the new one, never less. mari.ItemStore looks items up.
    """
    if workers is not None and ray is None:
        raise typer.BadParameter("--workers goes with --ray")
    check_json(json, force=force)
    if ray is None:
        start_ahead()  # the process for the model starts while this one imports the engine
    options = None if ray is None else mari.RayOptions(None if ray == _HERE else ray, workers)
    with show_progress() as progress:
        written = mari.write_items(
            offloaded, catalogue, output, key=key, since=since, batch=batch, ray=options,
            force=force, progress=progress,
        )  # fmt: skip
    if json is not None:
        write_json(_document(written), json, force=force)
    if json != STDOUT:
        _show(written)


def _document(written: mari.WrittenItems) -> dict[str, Any]:
    return {
        "version": 1,
        "folder": str(written.folder),
        "item_hash": written.item_hash,
        "rows": written.rows,
        "computed": written.computed,
        "kept": written.rows - written.computed,
        "resumed": written.resumed,
        "row_bytes": written.row_bytes,
    }


def _show(written: mari.WrittenItems) -> None:
    kept = written.rows - written.computed
    unchanged = f", {format_whole(kept)} unchanged" if kept else ""
    resumed = written.resumed and f", {format_whole(written.resumed)} by a run that was stopped"
    show(
        f"{format_whole(written.rows)} items: {format_whole(written.computed)} computed{unchanged}"
        f"{resumed or ''}; {format_count(written.row_bytes, 'B')} each.",
        f"Published as {written.folder}; look items up with mari.ItemStore.",
    )
