"""`mari diff`: what differs between two models or artifacts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import mari_engine as mari
from mari_engine.commands.console import show
from mari_engine.commands.documents import STDOUT, check_json, write_json
from mari_engine.commands.options import (
    Candidates,
    Force,
    JsonOption,
    LabelsOption,
    read_labels,
    read_model,
)
from mari_engine.types import Change, ChangeKind, Difference, Flops
from mari_engine.wording import change_in_words, difference_in_words, format_count, make_plain

if TYPE_CHECKING:
    from mari_engine.graph_diff import Compared

DIFFERENT = 1
"""The exit status where structure, labels, sides or decisions differ."""
_FEW = 3
"""Changes of a kind that are told; -v tells all."""
_SHARE_TOLD = 10.0
"""The change by the norm up to which it is told as a share."""
_HEADS = {
    "Graph": (ChangeKind.INPUT, ChangeKind.OUTPUT, ChangeKind.OPSET, ChangeKind.ORDER),
    "Nodes": (ChangeKind.NODE,),
    "Shapes of weights, and constants": (ChangeKind.WEIGHT, ChangeKind.CONSTANT),
    "Labels and sides": (ChangeKind.LABEL, ChangeKind.SIDE),
    "Options and decisions": (ChangeKind.OPTION, ChangeKind.DECISION),
}


def diff(
    first: Annotated[Path, typer.Argument(metavar="A", help="An ONNX file, or an artifact.")],
    second: Annotated[Path, typer.Argument(metavar="B", help="An ONNX file, or an artifact.")],
    labels: LabelsOption = None,
    candidates: Candidates = 500,
    json: JsonOption = None,
    force: Force = False,
    verbose: Annotated[
        bool, typer.Option("-v", "--verbose", help="Tell all changes, not the first of each kind.")
    ] = False,
) -> None:
    """Tell what differs between two models or artifacts.

    Nodes are matched by what they compute, whatever their names: graphs, shapes, weights, FLOPs;
    of two artifacts, or of models with --labels, sides and decisions, too. An artifact stands for
    the model that it was made from. The exit status is 0 where only weights differ, otherwise 1.
    """
    check_json(json, force=force)
    found = mari.diff(*(_read(each, labels, candidates) for each in (first, second)))
    if json is not None:
        write_json(found.to_json(), json, force=force)
    if json != STDOUT:
        show(*_lines(found, candidates, None if verbose else _FEW))
    if not found.same:
        raise typer.Exit(DIFFERENT)


def _read(path: Path, labels: Path | None, candidates: int) -> Compared:
    if path.is_dir():
        return mari.load_artifact(path)
    model = read_model(path)
    if labels is None:
        return model
    return mari.plan(model, read_labels(model, labels), candidates=candidates)


def _lines(found: Difference, candidates: int, most: int | None) -> Iterator[str]:
    yield make_plain(f"{found.first} and {found.second}: {difference_in_words(found)}")
    for head, kinds in _HEADS.items():
        yield from _listed(head, found.of_kind(*kinds), most)
    yield from _weights(found, most)
    for which, (was, now) in found.flops.items():
        yield f"FLOPs of the {which} at {candidates:,} candidates: {_flops(was, now, candidates)}"


def _flops(was: Flops | None, now: Flops | None, candidates: int) -> str:
    """Return the FLOPs of both in words; a model that was not rewritten tells no optimized ones."""
    told = [format_count(each.at(candidates), "FLOP") for each in (was, now) if each is not None]
    if len(told) == 1:
        has, lacks = ("first", "second") if now is None else ("second", "first")
        return f"{told[0]} of the {has}; the {lacks} tells none"
    return told[0] if was == now else " → ".join(told)


def _listed(head: str, changes: Sequence[Change], most: int | None) -> Iterator[str]:
    if not changes:
        return
    yield f"{head}: {len(changes):,} changed"
    for change in changes[:most]:
        yield f"  {make_plain(change_in_words(change))}"
    if most is not None and len(changes) > most:
        yield f"  and {len(changes) - most:,} more (-v)"


def _how_far(weight: mari.WeightChange) -> str:
    """Return how far a weight moved, in words: one that was near 0 has no share to tell."""
    if weight.relative is not None and weight.relative <= _SHARE_TOLD:
        return f", by {weight.relative:.2%} of their norm"
    return "" if weight.largest is None else f", by up to {weight.largest:.3g} each, from near 0"


def _weights(found: Difference, most: int | None) -> Iterator[str]:
    if found.weights is None:
        yield "Weights: not compared; an artifact holds those of the optimized model alone"
        return
    changed = found.weights.changed
    of = f"of {found.weights.compared:,} weights of the {found.weights.of} have other values"
    yield f"Weights: {len(changed):,} {of}"
    for each in changed[:most]:
        yield f"  {make_plain(each.name)}: {each.changed:.0%} of the elements{_how_far(each)}"
    if most is not None and len(changed) > most:
        yield f"  and {len(changed) - most:,} more (-v)"
