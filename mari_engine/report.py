"""Renders what was found as one offline HTML page, or as Markdown for a pull request.

The page carries its styles and drawings in itself and names no address. All names come from
models that strangers made: both templates escape every value.
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from mari_engine.charts import LETTERS, group_bars, pair_strips
from mari_engine.explaining import certificate_in_words
from mari_engine.findings import Findings, find
from mari_engine.measurements import Arm, BenchmarkResult, Timing
from mari_engine.picture import BOX_HEIGHT, BOX_WIDTH
from mari_engine.plans import CheckedPlan
from mari_engine.types import Action
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

TEMPLATES = Path(__file__).parent / "templates"


def render_report(result: CheckedPlan, benchmarks: Sequence[BenchmarkResult] = ()) -> str:
    """Return one HTML page that needs no network, escapes every name, and prints.

    The first benchmark is the one that the summary tells.
    """
    return render_findings(find(result), benchmarks)


def render_markdown(result: CheckedPlan, benchmarks: Sequence[BenchmarkResult] = ()) -> str:
    """Return the same facts, without drawings, for a pull request."""
    return render_findings_markdown(find(result), benchmarks)


def render_findings(findings: Findings, benchmarks: Sequence[BenchmarkResult] = ()) -> str:
    """Return the HTML page for facts gathered elsewhere."""
    return _html().get_template("report.html").render(_context(findings, benchmarks))


def render_findings_markdown(findings: Findings, benchmarks: Sequence[BenchmarkResult] = ()) -> str:
    """Return the Markdown for facts gathered elsewhere."""
    return _markdown().get_template("report.md").render(_context(findings, benchmarks))


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
