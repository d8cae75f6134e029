"""Findings: the names and numbers that a report shows, gathered from a rewritten model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mari_engine.analysis import read_axes
from mari_engine.graph import SIDE, Model, describe
from mari_engine.plan_types import CheckedPlan
from mari_engine.report.graph_drawing import Picture, draw
from mari_engine.types import (
    CandidateAxis,
    Certificate,
    ChosenCut,
    Decision,
    Flops,
    FusionLayout,
    Interface,
    Labels,
    Selection,
    Side,
    Signature,
)
from mari_engine.wording import headline_in_words


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What a report shows, whether it comes from a plan or from an artifact's files."""

    source: str
    source_sha256: str
    labels: Labels
    signature: Signature
    candidates: int
    keep: tuple[str, ...]
    flops_before: Flops
    flops_after: Flops
    uncounted: tuple[str, ...]
    decisions: tuple[Decision, ...]
    layout: tuple[FusionLayout, ...]
    interface: Interface
    certificate: Certificate
    elapsed: float | None
    """Seconds that planning took; None where they are not known, or the page must be the same."""
    pictures: Mapping[str, Picture]
    """Drawn graphs by title."""
    autotune: bool = True
    """The ways to rewrite were timed, not compared by expectation."""
    hashes: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of the other files that belong to it, by name; empty before they are written."""
    axes: Mapping[str, CandidateAxis] = field(default_factory=dict)
    """The candidates' axis of each input; empty for an artifact that does not tell it."""
    selection: Selection | None = None
    """None for an artifact of a version that did not write it."""
    cut: ChosenCut | None = None
    """Of a model that was cut into parts."""

    @property
    def worth(self) -> str:
        """What the rewrite is worth, in a sentence; "" for an artifact that does not tell it.

        Of a model that was cut it would tell of the rewrite before the cut: the parts tell theirs.
        """
        if self.selection is None or self.cut is not None:
            return ""
        flops = self.flops_before, self.flops_after
        return headline_in_words(self.layout, flops, self.selection, self.candidates)


def find(result: CheckedPlan, manifest: Mapping[str, Any] | None = None) -> Findings:
    """Return the findings of a result, with its files' hashes once they have a manifest."""
    return Findings(
        source=result.original.path.name if result.original.path else result.original.name,
        source_sha256=result.original.sha256,
        labels=result.labels,
        signature=result.signature,
        candidates=result.candidates,
        keep=result.keep,
        flops_before=result.flops.before.flops,
        flops_after=result.flops.after.flops,
        uncounted=tuple(sorted({*result.flops.before.uncounted, *result.flops.after.uncounted})),
        decisions=result.decisions,
        layout=result.layout,
        interface=result.interface,
        certificate=result.certificate,
        elapsed=None if result.like else result.elapsed or None,
        autotune=result.autotune,
        hashes={} if manifest is None else list_hashes(manifest),
        axes={
            name: found.axis for name, found in read_axes(result.original, result.labels).items()
        },
        selection=result.selection,
        pictures={
            "Before": draw(
                describe(result.original),
                {name: color.side for name, color in result.coloring.values.items()},
                result.decisions,
            ),
            "After": draw(
                describe(result.optimized), emitted_sides(result.optimized, result.interface), ()
            ),
        },
    )


def list_hashes(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return the SHA-256 of each file that a manifest names beside the source."""
    source, optimized = manifest["source"], manifest["optimized"]
    files = [*source.get("data", ()), optimized, *optimized.get("data", ())]
    return {str(entry["file"]): str(entry["sha256"]) for entry in files}


def emitted_sides(model: Model, interface: Interface) -> dict[str, Side]:
    """Return the side of each value of an optimized graph, by its nodes' metadata."""
    sides = {
        binding.name: Side.CONSTANT if binding.rows == "index" else Side(binding.rows)
        for binding in interface.inputs
    }
    for node in model.ir.graph:
        side = Side(node.metadata_props.get(SIDE, Side.CONSTANT))
        sides |= {value.name or "": side for value in node.outputs}
    return sides
