"""The figures of an artifact by which a pipeline accepts it, read from its files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mari_engine.artifact.decision_rows import (
    read_decision,
    read_entries,
    read_flops,
    read_selection,
)
from mari_engine.artifact.folder import Artifact
from mari_engine.artifact.target import CERTIFICATE_FILE, MANIFEST_FILE
from mari_engine.errors import ModelError
from mari_engine.types import (
    Action,
    Certificate,
    Flops,
    JsonDocument,
    JsonObject,
    Selection,
    Signature,
)


@dataclass(frozen=True, eq=False)
class ArtifactFigures:
    """What one artifact is worth, in the figures that its report and the commands tell."""

    directory: Path
    model: str
    """The file that it was made from."""
    signature: Signature
    candidates: int
    flops_before: Flops
    flops_after: Flops
    selection: Selection
    certificate: Certificate
    actions: Mapping[Action, int]
    """How many products there are of each."""

    def numbers(self) -> dict[str, float | None]:
        """Return the figures that conditions may name; None for what the artifact does not tell.

        FLOPs are those of a request of the candidates that it was planned for.
        """
        speedup, even = self.selection.speedup, self.selection.break_even
        before, after = (
            flops.at(self.candidates) for flops in (self.flops_before, self.flops_after)
        )
        return {
            "speedup": speedup.ratio if speedup else None,
            "speedup_low": speedup.low if speedup else None,
            "speedup_high": speedup.high if speedup else None,
            "flops": after,
            "flops_before": before,
            "flops_ratio": before / max(1, after),
            "candidates": self.candidates,
            "break_even": even.original if even else None,
            "lossless": float(self.certificate.lossless),
            "checks": len(self.certificate.checks),
            "products": sum(self.actions.values()),
            **{str(action): self.actions.get(action, 0) for action in Action},
        }


def read_figures(artifact: Artifact) -> ArtifactFigures:
    """Return the figures of an artifact.

    Raises ModelError for one of a version that did not write them.
    """
    where = str(artifact.directory / MANIFEST_FILE)
    top = JsonObject(
        artifact.manifest, where, JsonDocument(ModelError, "run 'mari optimize' again")
    )
    selection, flops = read_selection(top), top.nested("flops", f"{where}: flops")
    if selection is None:
        raise top.wrong("'selection' is missing")
    decisions = [read_decision(row) for row in read_entries(top, "decisions")]
    return ArtifactFigures(
        directory=artifact.directory,
        model=top.nested("source", f"{where}: source").text("file"),
        signature=artifact.signature,
        candidates=top.whole("candidates"),
        flops_before=read_flops(flops, "before"),
        flops_after=read_flops(flops, "after"),
        selection=selection,
        certificate=Certificate.from_json(
            artifact.certificate, str(artifact.directory / CERTIFICATE_FILE)
        ),
        actions=Counter(each.action for each in decisions),
    )
