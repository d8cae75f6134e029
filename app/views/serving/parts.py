"""The parts that a model was cut in: when each runs, what it takes and gives."""

from __future__ import annotations

from mari_engine import OffloadResult, PartKind, describe, format_count, format_seconds

Row = dict[str, object]
WHEN = {
    PartKind.REQUEST: "Once a request, beside retrieval: before the candidates are known.",
    PartKind.ITEM: "Over the catalogue, before any request; its results lie in a store by item.",
    PartKind.ONLINE: "For each request and its candidates; takes what the other two give.",
}
"""When each part runs."""


def headline(result: OffloadResult) -> list[tuple[str, str, str]]:
    """Return (name, value, remark) of the cut that was made, counted and expected."""
    point, whole = result.point, result.frontier.whole
    return [
        (
            "Fetched of each candidate",
            f"{point.bytes:,} bytes",
            f"as {result.options.store}; item features uncut: {whole.bytes:,} bytes",
        ),
        (
            "Online FLOPs per candidate",
            format_count(point.flops, "FLOP"),
            f"was {format_count(whole.flops, 'FLOP')}; counted, not timed",
        ),
        (
            "Online, expected",
            format_seconds(point.seconds),
            f"was {format_seconds(whole.seconds)}, rewritten and uncut; without the fetch",
        ),
    ]


def part_rows(result: OffloadResult) -> list[Row]:
    """Return one row a part, in the order in which they run."""
    rows: list[Row] = []
    for kind in PartKind:
        if kind not in result.parts:
            continue
        info = describe(result.parts[kind])
        rows.append(
            {
                "part": f"{kind}.onnx",
                "runs": WHEN[kind],
                "inputs": len(info.inputs),
                "outputs": len(info.outputs),
                "nodes": len(info.nodes),
                "bytes": info.bytes,
            }
        )
    return rows
