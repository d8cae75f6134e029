"""What an artifact says about how it was made, so that a model of the same structure can be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from mari_engine.artifact.decision_rows import (
    read_decision,
    read_entries,
    read_flops,
    read_selection,
)
from mari_engine.artifact.folder import STRUCTURE_FILE, Artifact
from mari_engine.artifact.json_files import read_document
from mari_engine.artifact.target import MANIFEST_FILE
from mari_engine.errors import ModelError
from mari_engine.graph import fingerprint
from mari_engine.rewriting.cost import Prices
from mari_engine.types import (
    Decision,
    Flops,
    JsonDocument,
    JsonObject,
    Labels,
    RequestIndex,
    Signature,
    Structure,
    Way,
)


@dataclass(frozen=True, eq=False)
class EarlierChoices:
    """Labels, options and way of an artifact, and the structures before and after its rewrite."""

    labels: Labels
    signature: Signature
    index: RequestIndex
    """How several requests in one call are told apart."""
    candidates: int
    keep: tuple[str, ...]
    way: Way
    prices: Prices
    decisions: tuple[Decision, ...]
    flops_before: Flops
    flops_after: Flops
    structure: Structure
    """Of the original."""
    optimized_digest: str
    """Of the structure of the optimized model."""
    manifest_sha256: str
    tool_version: str


def read_choices(artifact: Artifact) -> EarlierChoices:
    """Return how an artifact was made.

    Raises ModelError for one of a version that did not keep it, and where a file was changed.
    """
    where = str(artifact.directory / MANIFEST_FILE)
    top = JsonObject(artifact.manifest, where, JsonDocument(ModelError, "run 'mari optimize'"))
    digests = _digests(top, artifact)
    selection, flops = read_selection(top), top.nested("flops", f"{where}: flops")
    if selection is None:
        raise _too_old(artifact)
    return EarlierChoices(
        labels=artifact.labels,
        signature=artifact.signature,
        index=artifact.interface.index or RequestIndex.ROWS,
        candidates=top.whole("candidates"),
        keep=tuple(top.items("keep")),
        way=selection.way,
        prices=_prices(top.nested("prices", f"{where}: prices")),
        decisions=tuple(read_decision(row) for row in read_entries(top, "decisions")),
        flops_before=read_flops(flops, "before"),
        flops_after=read_flops(flops, "after"),
        structure=_read_structure(artifact.directory / STRUCTURE_FILE, digests["source"]),
        optimized_digest=digests["optimized"],
        manifest_sha256=fingerprint(artifact.directory / MANIFEST_FILE),
        tool_version=top.nested("tool", f"{where}: tool").text("version"),
    )


def _read_structure(path: Path, stated: str) -> Structure:
    found = Structure.from_json(read_document(path), str(path))
    if found.digest != stated:
        raise ModelError(f"{path}: was changed after it was written; run 'mari optimize' again")
    return found


def _digests(top: JsonObject, artifact: Artifact) -> Mapping[str, str]:
    if "structure" not in top.fields:
        raise _too_old(artifact)
    entry = top.nested("structure", f"{top.where}: structure")
    return {name: entry.text(name) for name in ("source", "optimized")}


def _too_old(artifact: Artifact) -> ModelError:
    return ModelError(
        f"{artifact.directory}: was written by a version that did not keep the structure of the "
        "model; run 'mari optimize' again, without --like, and take its artifact"
    )


def _prices(entry: JsonObject) -> Prices:
    numbers = {each.name: entry.number(each.name) for each in fields(Prices) if each.type != "str"}
    return Prices(**numbers, source=entry.text("source"))
