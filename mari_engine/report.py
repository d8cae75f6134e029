"""Renders what was found as one offline HTML page, or as Markdown for a pull request.

The page carries its styles and drawings in itself and names no address. All names come from
models that strangers made: both templates escape every value.
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from mari_engine.charts import LETTERS, group_bars, pair_strips
from mari_engine.describing import describe
from mari_engine.emitting import SIDE
from mari_engine.explaining import certificate_in_words
from mari_engine.labels import Labels
from mari_engine.measurements import Arm, BenchmarkResult, Timing
from mari_engine.picture import BOX_HEIGHT, BOX_WIDTH, Picture, draw
from mari_engine.results import Certificate, Interface
from mari_engine.types import Action, Decision, Flops, FusionLayout, Side, Signature
from mari_engine.wording import (
    Verbatim,
    escape_markdown,
    format_count,
    format_error,
    format_ranges,
    format_ratio,
    format_seconds,
    make_plain,
)

if TYPE_CHECKING:
    from mari_engine.loading import Model
    from mari_engine.pipeline import OptimizeResult

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, kw_only=True)
class Findings:
    """All that a report tells, as names and numbers, whatever it was read from."""

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
    pictures: Mapping[str, Picture]
    """Drawn graphs by title."""
    autotune: bool = True
    """The ways to rewrite were timed, not compared by expectation."""


def render_report(result: OptimizeResult, benchmarks: Sequence[BenchmarkResult] = ()) -> str:
    """Return one HTML page that needs no network, escapes every name, and prints.

    The first benchmark is the one that the summary tells.
    """
    return render_findings(find(result), benchmarks)


def render_markdown(result: OptimizeResult, benchmarks: Sequence[BenchmarkResult] = ()) -> str:
    """Return the same facts, without drawings, for a pull request."""
    return render_findings_markdown(find(result), benchmarks)


def render_findings(findings: Findings, benchmarks: Sequence[BenchmarkResult] = ()) -> str:
    """Return the HTML page for facts gathered elsewhere."""
    return _html().get_template("report.html").render(_context(findings, benchmarks))


def render_findings_markdown(findings: Findings, benchmarks: Sequence[BenchmarkResult] = ()) -> str:
    """Return the Markdown for facts gathered elsewhere."""
    return _markdown().get_template("report.md").render(_context(findings, benchmarks))


def find(result: OptimizeResult) -> Findings:
    """Gather what a report tells of a result."""
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
        elapsed=result.elapsed,
        autotune=result.autotune,
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


def emitted_sides(model: Model, interface: Interface) -> dict[str, Side]:
    """Return the side of each value of an optimized graph, as its nodes' metadata tell it."""
    sides = {binding.name: Side(binding.rows) for binding in interface.inputs}
    for node in model.ir.graph:
        side = Side(node.metadata_props.get(SIDE, Side.CONSTANT))
        sides |= {value.name or "": side for value in node.outputs}
    return sides


def _context(findings: Findings, benchmarks: Sequence[BenchmarkResult]) -> dict[str, Any]:
    certificate = findings.certificate
    counts = Counter(decision.action for decision in findings.decisions)
    return {
        "found": findings,
        "name": findings.source,
        "command": _command(findings),
        "words": certificate_in_words(certificate),
        "checks": [
            {"check": check, "output": output}
            for check in certificate.checks
            for output in check.outputs
        ],
        "counts": {action: counts[action] for action in Action},
        "strips": pair_strips(findings.layout),
        "letters": LETTERS,
        "benchmarks": [{"found": one, "bars": group_bars(one)} for one in benchmarks],
        "benchmark": benchmarks[0] if benchmarks else None,
        "headline": _headline(benchmarks[0], findings.candidates) if benchmarks else None,
        "box": {"width": BOX_WIDTH, "height": BOX_HEIGHT},
    }


def _headline(benchmark: BenchmarkResult, candidates: int) -> Timing | None:
    """Return the rewritten model's timing at the batch nearest to what was expected."""
    timings = [timing for timing in benchmark.timings if timing.arm == Arm.MARI]
    return min(timings, key=lambda timing: abs(timing.batch - candidates), default=None)


def _command(findings: Findings) -> str:
    parts = ["mari", "optimize", findings.source, "--labels", "labels.json", "-o", "out"]
    parts += ["--signature", findings.signature, "--candidates", str(findings.candidates)]
    parts += [word for node in findings.keep for word in ("--keep", node)]
    parts += [] if findings.autotune else ["--no-autotune"]
    return Verbatim(make_plain(shlex.join(parts)))


_FILTERS = {
    "count": format_count,
    "seconds": format_seconds,
    "error": format_error,
    "ranges": format_ranges,
    "ratio": format_ratio,
}


@cache
def _html() -> Environment:
    return _environment(autoescape=True)


@cache
def _markdown() -> Environment:
    return _environment(autoescape=False, finalize=escape_markdown)


def _environment(**options: Any) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES, encoding="utf-8"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        **options,
    )
    environment.filters |= _FILTERS
    return environment
