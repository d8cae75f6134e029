"""An artifact → the findings that its report tells, read back from its files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from mari_engine.artifact.folder import MANIFEST_FILE, Artifact, load_artifact
from mari_engine.coloring import color
from mari_engine.errors import ModelError
from mari_engine.graph import Model, describe
from mari_engine.loading import load
from mari_engine.report import Findings, Picture, draw, emitted_sides, list_hashes
from mari_engine.types import (
    Action,
    BreakEven,
    Certificate,
    Check,
    Decision,
    Flops,
    FusionLayout,
    Interface,
    OutputError,
    Segment,
    Selection,
    Side,
    Signature,
    Trial,
    Way,
)


@dataclass(frozen=True, eq=False)
class Optimized:
    """A rewritten model from a file, and what is known of how it is called."""

    model: Model
    signature: Signature = Signature.DROP_IN
    interface: Interface | None = None
    """None where no manifest tells it: then it is called as the original is."""
    source_sha256: str = ""
    """Of the model that it was made from; "" where no manifest tells it."""


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


def recollect(artifact: Artifact, original: Model | None = None) -> Findings:
    """Return what a report tells of an artifact; the graph before only where the original is given.

    Raises ModelError when the manifest or the certificate lacks what this version writes, or when
    the original is not the model that the artifact was made from.
    """
    manifest, where = artifact.manifest, artifact.directory
    try:
        source = manifest["source"]
        decisions = tuple(_decision(entry) for entry in manifest["decisions"])
        if original is not None and original.sha256 != source["sha256"]:
            raise ModelError(f"{where}: was made from another model; give {source['file']}")
        return Findings(
            source=source["file"],
            source_sha256=source["sha256"],
            labels=artifact.labels,
            signature=artifact.signature,
            candidates=int(manifest["candidates"]),
            keep=tuple(manifest["keep"]),
            autotune=bool(manifest["autotune"]),
            flops_before=Flops(**manifest["flops"]["before"]),
            flops_after=Flops(**manifest["flops"]["after"]),
            uncounted=(),
            decisions=decisions,
            selection=_selection(manifest.get("selection")),
            layout=_layouts(manifest["layout"]),
            interface=artifact.interface,
            certificate=_certificate(artifact.certificate),
            elapsed=None,
            hashes=list_hashes(manifest),
            pictures=_pictures(artifact, original, decisions),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(
            f"{where}: the manifest or certificate is incomplete ({error!r}); run 'mari optimize'"
        ) from error


def _decision(entry: Mapping[str, Any]) -> Decision:
    return Decision(
        node=entry["node"],
        op=entry["op"],
        action=Action(entry["action"]),
        reason=entry["reason"],
        flops_before=Flops(**entry["flops_before"]),
        flops_after=Flops(**entry["flops_after"]),
        new_nodes=tuple(entry["new_nodes"]),
        break_even=_break_even(entry.get("break_even")),
    )


def _break_even(entry: Mapping[str, Any] | None) -> BreakEven | None:
    return None if entry is None else BreakEven(entry["original"], entry["split"])


def _selection(entry: Mapping[str, Any] | None) -> Selection | None:
    """Return how the way was chosen; None for an artifact that was made before it was told."""
    if entry is None:
        return None
    trials = tuple(Trial(Way(t["way"]), t["expected"], t["measured"]) for t in entry["trials"])
    even = _break_even(entry["break_even"])
    chosen_by, reason, prices = (str(entry[of]) for of in ("chosen_by", "reason", "prices"))
    return Selection(Way(entry["way"]), chosen_by, reason, trials, even, prices)


def _layouts(entry: Mapping[str, Any]) -> tuple[FusionLayout, ...]:
    before, after = (_segments(entry[which]) for which in ("before", "after"))
    return tuple(FusionLayout(node, before[node], after[node]) for node in before)


def _segments(entries: list[dict[str, Any]]) -> dict[str, tuple[Segment, ...]]:
    return {
        node: tuple(
            Segment(
                start=entry["start"],
                stop=entry["stop"],
                side=Side(entry["side"]),
                source=entry["source"],
                source_start=entry["source_start"],
            )
            for entry in group
        )
        for node, group in groupby(entries, key=lambda entry: entry["node"])
    }


def _certificate(entry: Mapping[str, Any]) -> Certificate:
    fields = {key: value for key, value in entry.items() if key not in ("version", "checks")}
    checks = tuple(
        Check(**check | {"outputs": tuple(OutputError(**output) for output in check["outputs"])})
        for check in entry["checks"]
    )
    lists = {key: tuple(value) for key, value in fields.items() if isinstance(value, list)}
    return Certificate(checks=checks, **fields | lists)


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
