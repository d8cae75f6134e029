"""Findings for a report, read back from an artifact's manifest.json and certificate.json."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import groupby
from pathlib import Path

from mari_engine.artifact.folder import CERTIFICATE_FILE, MANIFEST_FILE, Artifact, load_artifact
from mari_engine.coloring import color
from mari_engine.errors import ModelError
from mari_engine.graph import Model, describe
from mari_engine.loading import load
from mari_engine.report import Findings, Picture, draw, emitted_sides, list_hashes
from mari_engine.types import (
    Action,
    BreakEven,
    CandidateAxis,
    Certificate,
    Decision,
    Flops,
    FusionLayout,
    Interface,
    JsonDocument,
    JsonObject,
    Segment,
    Selection,
    Side,
    Signature,
    StackedLookups,
    Trial,
    Way,
)


@dataclass(frozen=True, eq=False)
class Optimized:
    """A rewritten model from a file, and what is known of how it is called."""

    model: Model
    signature: Signature = Signature.DROP_IN
    interface: Interface | None = None
    """None without a manifest: then it is called as the original is."""
    source_sha256: str = ""
    """Of the model that it was made from; "" without a manifest."""


def open_optimized(path: Path) -> Optimized:
    """Return a rewritten model from an artifact's folder, or a file with or without a manifest."""
    beside = path.parent / MANIFEST_FILE
    if path.is_file() and not beside.is_file():
        return Optimized(load(path))
    artifact = load_artifact(path.parent if path.is_file() else path)
    if path.is_file() and artifact.manifest.get("optimized", {}).get("file") != path.name:
        return Optimized(load(path))
    source = str(artifact.manifest.get("source", {}).get("sha256", ""))
    return Optimized(artifact.model, artifact.signature, artifact.interface, source)


def read_findings(artifact: Artifact, original: Model | None = None) -> Findings:
    """Return an artifact's findings; the graph before only where the original is given.

    Raises ModelError when the manifest or the certificate lacks what this version writes, or when
    the original is not the model that the artifact was made from.
    """
    where = f"{artifact.directory}: the manifest is incomplete"
    top = JsonObject(artifact.manifest, where, JsonDocument(ModelError, "run 'mari optimize'"))
    source, flops = top.nested("source", f"{where}: source"), top.nested("flops", f"{where}: flops")
    decisions = tuple(_decision(row) for row in _rows(top, "decisions"))
    if original is not None and original.sha256 != source.text("sha256"):
        raise ModelError(
            f"{artifact.directory}: was made from another model; give {source.text('file')}"
        )
    return Findings(
        source=source.text("file"),
        source_sha256=source.text("sha256"),
        labels=artifact.labels,
        signature=artifact.signature,
        candidates=top.whole("candidates"),
        keep=tuple(top.items("keep")),
        autotune=top.flag("autotune"),
        flops_before=_flops(flops, "before"),
        flops_after=_flops(flops, "after"),
        uncounted=(),
        decisions=decisions,
        axes=_axes(top),
        selection=_selection(top),
        layout=_layouts(top.nested("layout", f"{where}: layout")),
        interface=artifact.interface,
        certificate=Certificate.from_json(
            artifact.certificate, str(artifact.directory / CERTIFICATE_FILE)
        ),
        elapsed=None,
        hashes=list_hashes(artifact.manifest),
        pictures=_pictures(artifact, original, decisions),
    )


def _rows(entry: JsonObject, field: str) -> Iterator[JsonObject]:
    for at, row in enumerate(entry.items(field)):
        yield entry.entry(row, f"{entry.where}: {field} {at}")


def _flops(entry: JsonObject, field: str) -> Flops:
    flops = entry.nested(field, f"{entry.where} {field}")
    each = flops.whole("per_request"), flops.whole("per_candidate")
    return Flops(*each, flops.whole("per_pair") if "per_pair" in flops.fields else 0)


def _decision(row: JsonObject) -> Decision:
    return Decision(
        node=row.text("node"),
        op=row.text("op"),
        action=row.choice("action", Action),
        reason=row.text("reason"),
        flops_before=_flops(row, "flops_before"),
        flops_after=_flops(row, "flops_after"),
        new_nodes=tuple(row.items("new_nodes")),
        break_even=_break_even(row),
    )


def _break_even(entry: JsonObject) -> BreakEven | None:
    if entry.fields.get("break_even") is None:
        return None
    even = entry.nested("break_even", f"{entry.where} break_even")
    even.require("original", "split")
    original, split = (
        None if even.fields[name] is None else even.whole(name) for name in ("original", "split")
    )
    return BreakEven(original, split)


def _selection(top: JsonObject) -> Selection | None:
    """Return how the way was chosen; None for an artifact of a version that did not write it."""
    if top.fields.get("selection") is None:
        return None
    entry = top.nested("selection", f"{top.where}: selection")
    return Selection(
        way=entry.choice("way", Way),
        chosen_by=entry.text("chosen_by"),
        reason=entry.text("reason"),
        trials=tuple(_trial(row) for row in _rows(entry, "trials")),
        break_even=_break_even(entry),
        prices=entry.text("prices"),
        stacked=_stacked(entry),
    )


def _stacked(entry: JsonObject) -> StackedLookups | None:
    """Return what became of lookups; None where none were stacked or a version wrote nothing."""
    if entry.fields.get("stacked") is None:
        return None
    found = entry.nested("stacked", f"{entry.where} stacked")
    return StackedLookups(*(found.whole(field.name) for field in fields(StackedLookups)))


def _axes(top: JsonObject) -> dict[str, CandidateAxis]:
    """Return the candidates' axis by input; empty where a version did not write it."""
    rows = _rows(top, "labels") if "labels" in top.fields else iter(())
    return {
        row.text("input"): None if row.fields.get("axis") is None else row.whole("axis")
        for row in rows
    }


def _trial(row: JsonObject) -> Trial:
    timed = row.fields.get("measured") is not None
    measured = row.number("measured") if timed else None
    return Trial(row.choice("way", Way), row.number("expected"), measured)


def _layouts(entry: JsonObject) -> tuple[FusionLayout, ...]:
    before, after = (_segments(entry, which) for which in ("before", "after"))
    if set(before) != set(after):
        raise entry.wrong("'before' and 'after' must be of the same nodes")
    return tuple(FusionLayout(node, before[node], after[node]) for node in before)


def _segments(entry: JsonObject, field: str) -> dict[str, tuple[Segment, ...]]:
    return {
        node: tuple(
            Segment(
                start=row.whole("start"),
                stop=row.whole("stop"),
                side=row.choice("side", Side),
                source=row.text("source"),
                source_start=row.whole("source_start"),
            )
            for row in group
        )
        for node, group in groupby(_rows(entry, field), key=lambda row: row.text("node"))
    }


def _pictures(
    artifact: Artifact, original: Model | None, decisions: tuple[Decision, ...]
) -> dict[str, Picture]:
    drawn = {}
    if original is not None:
        values = color(original, artifact.labels).values
        sides = {name: known.side for name, known in values.items()}
        drawn["Before"] = draw(describe(original), sides, decisions)
    after = emitted_sides(artifact.model, artifact.interface)
    drawn["After"] = draw(describe(artifact.model), after, ())
    return drawn
