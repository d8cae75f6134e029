"""The tables that commands print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path

import mari_engine as mari
from mari_engine.commands.console import show, show_table
from mari_engine.types import (
    FROM_GRAPH,
    BenchmarkResult,
    Certificate,
    Column,
    Decision,
    Labels,
    Segment,
    Selection,
)
from mari_engine.wording import (
    break_even_in_words,
    certificate_in_words,
    format_band,
    format_count,
    format_error,
    format_ranges,
    format_seconds,
    format_times,
    make_plain,
    selection_in_words,
)

RUNS_SHOWN = 12
"""Longer concatenations are cut in the table; the JSON has them all."""


def show_labels(found: Labels, *, evidence: bool) -> None:
    """Print the roles of all inputs and columns, and the axis along which candidates lie."""
    columns = ("input", "columns", "feature", "role", "confidence#", "axis", "range", "evidence")
    shown = len(columns) if evidence else -1
    show_table("Labels", columns[:shown], [row[:shown] for row in label_rows(found)])


def label_rows(found: Labels) -> list[tuple[str, ...]]:
    """Return a row for each input, or for each column range of a packed one."""
    rows: list[tuple[str, ...]] = []
    for name, label in found.inputs.items():
        open_or_none = "?" if label.axis == FROM_GRAPH else "none"
        axis = str(label.axis) if isinstance(label.axis, int) else open_or_none
        told = label.axis_evidence
        for part in label.columns or (label,):
            columns, feature = "all", ""
            if isinstance(part, Column):
                columns, feature = format_ranges(range(part.start, part.stop)), part.name
            span = f"[{part.range[0]:g}, {part.range[1]:g})" if part.range else ""
            certain = f"{part.confidence:.2f}"
            why = "; ".join((*part.evidence, *told))
            told = ()
            rows.append((name, columns, feature, str(part.role), certain, axis, span, why))
    return rows


def show_segments(segments: Mapping[str, Sequence[Segment]]) -> None:
    """Print the columns of each concatenation that joins different sides."""
    rows = [(node, runs_of(parts)) for node, parts in segments.items()]
    show_table("Segments (R request, I item, C candidate)", ("concatenation", "columns"), rows)


def runs_of(segments: Sequence[Segment]) -> str:
    """Return the sides of a concatenation in a line: `R 32 | I 16 | R 8`."""
    from mari_engine.report import LETTERS  # here, so that help starts without ONNX

    runs = [
        f"{LETTERS[side]} {sum(part.stop - part.start for part in parts)}"
        for side, parts in groupby(segments, key=lambda part: part.side)
    ]
    more = f" | … {len(runs)} runs" if len(runs) > RUNS_SHOWN else ""
    return " | ".join(runs[:RUNS_SHOWN]) + more


def show_decisions(decisions: Sequence[Decision], candidates: int) -> None:
    """Print what becomes of each product, and why."""
    rows = [
        (
            decision.node,
            decision.op,
            decision.action,
            format_count(decision.flops_before.each(candidates)),
            format_count(decision.flops_after.each(candidates)),
            _reason(decision),
        )
        for decision in decisions
    ]
    columns = ("node", "op", "decision", "FLOPs/candidate#", "after#", "reason")
    show_table("Products", columns, rows)


def _reason(decision: Decision) -> str:
    if decision.break_even is None:
        return decision.reason
    return f"{decision.reason}; {break_even_in_words(decision.break_even)}"


def show_selection(selection: Selection) -> None:
    """Print which way the model was rewritten, how that was chosen, and when it pays."""
    show("", *(make_plain(sentence) for sentence in selection_in_words(selection)))


def show_flops(found: mari.Plan) -> None:
    """Print the arithmetic before and after; it is not a speedup."""
    rows = [
        (
            title,
            format_count(cost.flops.per_request),
            format_count(cost.flops.each(found.candidates)),
            format_count(cost.flops.at(found.candidates)),
        )
        for title, cost in (("before", found.flops.before), ("after", found.flops.after))
    ]
    total = f"at {found.candidates:,} candidates#"
    show_table("FLOPs (arithmetic, not time)", ("", "per request#", "per candidate#", total), rows)


def show_certificate(certificate: Certificate) -> None:
    """Print what was checked, a row for each output of each request; the verdict comes last."""
    rows = [
        (
            check.batch,
            check.request if check.seed is None else f"{check.request}, seed {check.seed}",
            output.output,
            format_error(output.exact),
            format_error(output.original),
            format_error(output.optimized),
            "yes" if output.same_ranking else "NO",
            "passed" if check.passed else f"FAILED: {check.reason}",
        )
        for check in certificate.checks
        for output in check.outputs
    ]
    columns = (
        "candidates#", "request", "output", "exactness#", "original rounds#", "rewritten#",
        "same ranking", "result",
    )  # fmt: skip
    show_table("Check", columns, rows)
    verdict, *shown = map(make_plain, certificate_in_words(certificate))
    show("", *shown, "", verdict)


def show_benchmark(result: BenchmarkResult) -> None:
    """Print the timings, with the FLOPs beside them."""
    rows = [
        (
            timing.batch,
            timing.arm,
            format_seconds(timing.p50),
            format_seconds(timing.p90),
            format_seconds(timing.p99),
            format_times(timing.speedup),
            format_band(timing.speedup_low, timing.speedup_high),
            format_count(timing.candidates_per_second),
            format_count(timing.peak_memory, "B") if timing.peak_memory is not None else "–",
            format_count(timing.flops),
        )
        for timing in sorted(result.timings, key=lambda timing: timing.batch)
    ]
    columns = (
        "candidates#", "arm", "p50#", "p90#", "p99#", "speedup#", "10th–90th percentile#",
        "candidates/s#", "peak memory#", "FLOPs#",
    )  # fmt: skip
    threads = "1 thread" if result.threads == 1 else f"{result.threads or 'all'} threads"
    title = f"{result.model} on {result.device}, {threads}, interleaved"
    show_table(title, columns, rows)
    for arm, reason in result.skipped.items():
        show(f"{arm} was not run: {reason}")


def show_prices(found: mari.Calibration, path: Path) -> None:
    """Print the prices of a device beside the built-in ones, and where they are kept."""
    built_in, own = mari.Prices(), found.prices
    rows = [
        *(
            (f"products, weights of {side} x {side}", f"{format_count(rate, 'FLOP')}/s", "")
            for side, rate in found.curve.items()
        ),
        *(
            (what, f"{format_count(mine, unit)}/s", f"{format_count(other, unit)}/s")
            for what, unit, mine, other in (
                ("products", "FLOP", own.flops_per_second, built_in.flops_per_second),
                ("elementwise", "FLOP", own.arithmetic_per_second, built_in.arithmetic_per_second),
                ("memory", "B", own.bytes_per_second, built_in.bytes_per_second),
            )
        ),
        *(
            (what, format_seconds(mine), format_seconds(other))
            for what, mine, other in (
                ("one more node", own.node, built_in.node),
                ("one more matrix of a stack", own.batch, built_in.batch),
                ("one more joined piece", own.piece, built_in.piece),
                ("one more picked column", own.pick, built_in.pick),
            )
        ),
    ]
    title = f"Prices on {found.device}, onnxruntime {found.onnxruntime}, {found.machine}"
    show_table(title, ("work", "measured#", "built-in#"), rows)
    show("", f"Kept in {path}; 'mari optimize --calibrated' goes by them.")
