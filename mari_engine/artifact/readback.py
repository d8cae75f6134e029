"""Findings for a report, read back from an artifact's manifest.json and certificate.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from mari_engine.artifact.decision_rows import (
    read_decision,
    read_entries,
    read_flops,
    read_selection,
)
from mari_engine.artifact.folder import Artifact, load_artifact
from mari_engine.artifact.target import CERTIFICATE_FILE, MANIFEST_FILE
from mari_engine.coloring import color
from mari_engine.errors import ModelError
from mari_engine.graph import Model, describe, fingerprint
from mari_engine.loading import load
from mari_engine.report import Findings, Picture, draw, emitted_sides, list_hashes
from mari_engine.types import (
    CandidateAxis,
    Certificate,
    Decision,
    FusionLayout,
    Interface,
    JsonDocument,
    JsonObject,
    Segment,
    Side,
    Signature,
    is_whole,
)


@dataclass(frozen=True, eq=False)
class Optimized:
    """A rewritten model from a file, and what is known of how it is called."""

    model: Model
    signature: Signature = Signature.DROP_IN
    interface: Interface | None = None
    """None without a manifest: then it is called as the original is."""
    source: Mapping[str, Any] = field(default_factory=dict)
    """The manifest's digests of the model that it was made from; empty without a manifest."""
    candidates: int | None = None
    """That it was made for; None without a manifest."""

    def may_be_of(self, model: Model) -> bool:
        """Return False where it was made from another model, or from other large weights."""
        return not self.source or _is_source(model, self.source)


def open_optimized(path: Path) -> Optimized:
    """Return a rewritten model from an artifact's folder, or a file with or without a manifest."""
    beside = path.parent / MANIFEST_FILE
    if path.is_file() and not beside.is_file():
        return Optimized(load(path))
    artifact = load_artifact(path.parent if path.is_file() else path)
    if path.is_file() and artifact.manifest.get("optimized", {}).get("file") != path.name:
        return Optimized(load(path))
    source = artifact.manifest.get("source", {})
    made_for = number if is_whole(number := artifact.manifest.get("candidates")) else None
    return Optimized(artifact.model, artifact.signature, artifact.interface, source, made_for)


def read_findings(artifact: Artifact, original: Model | None = None) -> Findings:
    """Return an artifact's findings; the graph before only where the original is given.

    Raises ModelError when the manifest or the certificate lacks what this version writes, or when
    the original is not the model that the artifact was made from.
    """
    where = f"{artifact.directory}: the manifest is incomplete"
    top = JsonObject(artifact.manifest, where, JsonDocument(ModelError, "run 'mari optimize'"))
    source, flops = top.nested("source", f"{where}: source"), top.nested("flops", f"{where}: flops")
    decisions = tuple(read_decision(row) for row in read_entries(top, "decisions"))
    if original is not None and not _is_source(original, source.fields):
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
        flops_before=read_flops(flops, "before"),
        flops_after=read_flops(flops, "after"),
        uncounted=(),
        decisions=decisions,
        axes=_axes(top),
        selection=read_selection(top),
        layout=_layouts(top.nested("layout", f"{where}: layout")),
        interface=artifact.interface,
        certificate=Certificate.from_json(
            artifact.certificate, str(artifact.directory / CERTIFICATE_FILE)
        ),
        elapsed=None,
        hashes=list_hashes(artifact.manifest),
        pictures=_pictures(artifact, original, decisions),
    )


def _is_source(model: Model, source: Mapping[str, Any]) -> bool:
    """Return whether a model is the one of these digests, external data included."""
    if model.sha256 != source.get("sha256"):
        return False
    stated = sorted(str(each.get("sha256")) for each in source.get("data", []))
    return sorted(map(fingerprint, model.data_files)) == stated


def _axes(top: JsonObject) -> dict[str, CandidateAxis]:
    """Return the candidates' axis by input; empty where a version did not write it."""
    rows = read_entries(top, "labels") if "labels" in top.fields else iter(())
    return {
        row.text("input"): None if row.fields.get("axis") is None else row.whole("axis")
        for row in rows
    }


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
        for node, group in groupby(read_entries(entry, field), key=lambda row: row.text("node"))
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
