"""Report rendering: findings as one offline HTML page, or as Markdown for a pull request.

The page carries its styles and drawings in itself and names no address. All names come from
models that strangers made: both templates escape every value.
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from mari_engine.feeds import list_slots
from mari_engine.plan_types import CheckedPlan
from mari_engine.report.chart_geometry import LETTERS, NOISY, find_noisy, group_bars, pair_strips
from mari_engine.report.findings import Findings, find
from mari_engine.report.frontier_plot import plot_frontier
from mari_engine.report.graph_drawing import BOX_HEIGHT, BOX_WIDTH
from mari_engine.report.load_plot import plot_load
from mari_engine.review import Review, SectionOutcome, digest_sections, sum_up_review
from mari_engine.types import Action, Arm, BenchmarkResult, LoadResult
from mari_engine.wording import (
    Verbatim,
    axis_in_words,
    break_even_in_words,
    capacity_in_words,
    capacity_rows,
    certificate_in_words,
    escape_markdown,
    format_band,
    format_count,
    format_error,
    format_ranges,
    format_ratio,
    format_seconds,
    format_times,
    format_whole,
    load_command,
    make_plain,
    pairs_in_words,
    selection_in_words,
    speedup_in_words,
    voucher_of,
    vouchers_in_words,
)

TEMPLATES = Path(__file__).parent / "templates"
MOST_SLOTS = 600
"""Of the input order, as many rows as somebody reads; the manifest has them all."""


def render_report(
    result: CheckedPlan,
    benchmarks: Sequence[BenchmarkResult] = (),
    *,
    review: Review | None = None,
    manifest: Mapping[str, Any] | None = None,
    loads: Sequence[LoadResult] = (),
) -> str:
    """Return one HTML page that needs no network, escapes every name, and prints.

    The summary shows the first benchmark; `manifest` adds the hashes of files that
    were written. Raises ReviewError when the review is about another model.
    """
    return render_findings(find(result, manifest), benchmarks, review, loads)


def render_markdown(
    result: CheckedPlan,
    benchmarks: Sequence[BenchmarkResult] = (),
    *,
    review: Review | None = None,
    manifest: Mapping[str, Any] | None = None,
    loads: Sequence[LoadResult] = (),
) -> str:
    """Return the same facts, without drawings, for a pull request."""
    return render_findings_markdown(find(result, manifest), benchmarks, review, loads)


def render_findings(
    findings: Findings,
    benchmarks: Sequence[BenchmarkResult] = (),
    review: Review | None = None,
    loads: Sequence[LoadResult] = (),
) -> str:
    """Return the HTML page for facts gathered elsewhere."""
    context = _context(findings, benchmarks, review, loads)
    return _html().get_template("report.html").render(context)


def render_findings_markdown(
    findings: Findings,
    benchmarks: Sequence[BenchmarkResult] = (),
    review: Review | None = None,
    loads: Sequence[LoadResult] = (),
) -> str:
    """Return the Markdown for facts gathered elsewhere."""
    context = _context(findings, benchmarks, review, loads)
    return _markdown().get_template("report.md").render(context)


def _context(
    findings: Findings,
    benchmarks: Sequence[BenchmarkResult],
    review: Review | None,
    loads: Sequence[LoadResult],
) -> dict[str, Any]:
    certificate = findings.certificate
    counts = Counter(decision.action for decision in findings.decisions)
    return {
        "found": findings,
        "name": findings.source,
        "commands": _commands(findings, benchmarks, loads),
        "words": certificate_in_words(certificate),
        "chosen": selection_in_words(findings.selection) if findings.selection else (),
        "checks": [
            {"check": check, "output": output}
            for check in certificate.checks
            for output in check.outputs
        ],
        "vouchers": vouchers_in_words(certificate.vouched),
        "axis_in_words": axis_in_words,
        "voucher_of": partial(voucher_of, certificate.vouched),
        "pairs": pairs_in_words(findings.flops_before, findings.candidates),
        "counts": {action: counts[action] for action in Action},
        "anchors": _anchors(findings),
        "strips": pair_strips(findings.layout),
        "plot": plot_frontier(findings.cut) if findings.cut else None,
        "slots": list_slots(findings.interface, findings.labels),
        "most_slots": MOST_SLOTS,
        "letters": LETTERS,
        "benchmarks": [
            {"found": one, "bars": group_bars(one), "noisy": find_noisy(one)} for one in benchmarks
        ],
        "loads": [_load(one) for one in loads],
        "benchmark": benchmarks[0] if benchmarks else None,
        "headline": benchmarks[0].nearest(Arm.MARI, findings.candidates) if benchmarks else None,
        "reviewed": {} if review is None else _outcomes(findings, benchmarks, review),
        "noisy_factor": NOISY,
        "box": {"width": BOX_WIDTH, "height": BOX_HEIGHT},
    }


def _load(found: LoadResult) -> dict[str, Any]:
    words, rows = capacity_in_words(found), capacity_rows(found)
    return {"found": found, "plot": plot_load(found), "words": words, "rows": rows}


def _outcomes(
    findings: Findings, benchmarks: Sequence[BenchmarkResult], review: Review
) -> dict[str, SectionOutcome]:
    seen = digest_sections(
        findings.source_sha256, findings.labels, findings, findings.certificate, benchmarks
    )
    outcomes = sum_up_review(review, findings.source_sha256, seen)
    return {str(outcome.section): outcome for outcome in outcomes}


def _anchors(findings: Findings) -> dict[str, str]:
    """Return the place in the drawings of each product, and of each node made from one."""
    return {
        name: f"{title.lower()}-{at}"
        for title, picture in findings.pictures.items()
        for at, box in enumerate(picture.boxes)
        for name in box.names
    }


def _commands(
    findings: Findings, benchmarks: Sequence[BenchmarkResult], loads: Sequence[LoadResult]
) -> list[str]:
    """Return what repeats the rewrite, its check, and each measurement."""
    source, labels = findings.source, ["--labels", "labels.json"]
    keep = [word for node in findings.keep for word in ("--keep", node)]
    if findings.cut is not None:
        offload = ["mari", "offload", source, *labels, "-o", "out", *findings.cut.asked, *keep]
        return [Verbatim(make_plain(shlex.join(offload)))]
    lines = [_rewrite(findings), ["mari", "verify", source, "out", *labels]]
    for one in benchmarks:
        batches = ",".join(map(str, one.batches))
        lines.append(["mari", "bench", source, "out", *labels, "--batch", batches])
        lines[-1] += ["--device", one.device, "--threads", str(one.threads)]
    lines += [load_command(load, source, "out") for load in loads]
    distinct = dict.fromkeys(make_plain(shlex.join(line)) for line in lines)
    return [Verbatim(line) for line in distinct]


def _rewrite(findings: Findings) -> list[str]:
    """Return the command that rewrites the model as it was rewritten."""
    chosen = findings.selection
    if chosen is not None and chosen.chosen_by == "given":
        return ["mari", "optimize", findings.source, "--like", "earlier", "-o", "out"]
    words = ["mari", "optimize", findings.source, "--labels", "labels.json", "-o", "out"]
    words += ["--signature", findings.signature, "--candidates", str(findings.candidates)]
    index = findings.interface.index
    words += [] if index is None else ["--index", index]
    words += [word for node in findings.keep for word in ("--keep", node)]
    words += [] if findings.autotune else ["--no-autotune"]
    return words + (["--calibrated"] if chosen is not None and chosen.prices != "built-in" else [])


_FILTERS = {
    "count": format_count,
    "whole": format_whole,
    "seconds": format_seconds,
    "error": format_error,
    "ranges": format_ranges,
    "ratio": format_ratio,
    "times": format_times,
    "band": lambda speedup: format_band(speedup.low, speedup.high),
    "faster": speedup_in_words,
    "pays": break_even_in_words,
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
