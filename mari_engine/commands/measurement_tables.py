"""The tables that `mari inspect --measure` prints."""

from __future__ import annotations

from collections.abc import Sequence

from mari_engine.commands.console import show, show_table
from mari_engine.types import Flops, Measurement, OperandMeasure, ProductMeasure, TimeMeasure
from mari_engine.wording import format_count, format_ratio, format_seconds, make_plain

_NODES_SHOWN = 12
"""The nodes that repeat the same work the longest; the JSON has them all."""
_LEFT_OUT = 0.001
"""The share of what is attainable below which nothing is said to be left at a product."""
_MEANING = (
    "Attainable: a multiplication counts once per request unless a factor differs by candidate;",
    "norms and softmaxes over both sides are taken apart, and what nothing reads is left out.",
    "Limit by affine rank: what folding request-side tensors into weights could reach at best.",
)


def show_measurement(found: Measurement) -> None:
    """Print what is attainable and what was reached, by product and in all; then doubts."""
    show_table(
        f"Measured by running: FLOPs of products at {found.candidates:,} candidates",
        ("node", "op", "columns#", "as exported#", "attainable#", "by rank#", "reached#", "rank#"),
        [_row(each, found.candidates) for each in found.products if each.before is not None],
    )
    show("", *(make_plain(line) for line in left_lines(found)))
    _show_totals(found)
    if found.time is not None:
        _show_time(found.time)
    unmeasured = [(each.node, each.op, each.unmeasured) for each in found.products]
    if any(reason for *_, reason in unmeasured):
        rows = [row for row in unmeasured if row[-1]]
        show_table("Products that could not be measured", ("node", "op", "reason"), rows)
    if found.labels:
        told = [(each.kind, each.text) for each in found.labels]
        show_table("What your requests say against the labels", ("", "finding"), told)
    if found.notes:
        show("", *(make_plain(note) for note in found.notes))


def left_lines(found: Measurement) -> list[str]:
    """Return a line for each product that stays above what is attainable, the largest first."""
    least = _LEFT_OUT * found.attainable.at(found.candidates)
    open_ones = [each for each in found.products if each.left(found.candidates) > least]
    open_ones.sort(key=lambda each: -each.left(found.candidates))
    return [
        f"left: {format_count(each.left(found.candidates), 'FLOP')} at {each.node}, "
        f"{each.action or 'no decision'}: {each.reason}"
        for each in open_ones
    ]


def _row(each: ProductMeasure, candidates: int) -> tuple[str, ...]:
    varying = [operand for operand in each.operands if not operand.constant]
    return (
        each.node,
        each.op,
        ", ".join(_columns(operand) for operand in varying if operand.columns),
        *(_flops(flops, candidates) for flops in (each.before, each.attainable)),
        _flops(each.limit, candidates),
        _flops(each.reached, candidates),
        ", ".join(str(operand.rank) for operand in varying if operand.rank is not None),
    )


def _columns(operand: OperandMeasure) -> str:
    """Return how many columns are the request's, of how many: `640 of 704`."""
    fixed = sum(stop - start for start, stop in operand.fixed)
    return f"{fixed} of {operand.columns} fixed"


def _flops(flops: Flops | None, candidates: int) -> str:
    return "–" if flops is None else format_count(flops.at(candidates))


def _show_totals(found: Measurement) -> None:
    whole = (
        ("as exported", found.before),
        ("attainable", found.attainable),
        ("limit by affine rank", found.limit),
        ("reached", found.reached),
    )
    rows: list[Sequence[object]] = [
        (
            title,
            format_count(flops.per_request),
            format_count(flops.each(found.candidates)),
            format_count(flops.at(found.candidates)),
            format_ratio(found.before.at(found.candidates), flops.at(found.candidates)),
        )
        for title, flops in whole
        if flops is not None
    ]
    total = f"at {found.candidates:,} candidates#"
    columns = ("products", "per request#", "per candidate#", total, "fewer#")
    show_table("FLOPs of all measured products (arithmetic, not time)", columns, rows)
    if found.ratio is not None:
        show(
            "",
            f"Reached is {found.ratio:.2f} of what is attainable "
            "(below 1: folded, or done elementwise)",
        )
    show("", *_MEANING)


def _show_time(time: TimeMeasure) -> None:
    show(
        "",
        f"Time: {time.share:.0%} of {format_seconds(time.total)} lies in nodes that compute the "
        f"same for every candidate; {format_seconds(time.attainable)} would be left "
        f"({time.candidates:,} candidates, one thread, graph optimizations off)",
    )
    idle = [each for each in time.nodes if each.grows and not each.varies]
    idle.sort(key=lambda each: -each.seconds)
    rows = [(each.node, each.op, format_seconds(each.seconds)) for each in idle[:_NODES_SHOWN]]
    if rows:
        show_table("The longest of them", ("node", "op", "time#"), rows)
