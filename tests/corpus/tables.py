"""results.md: a summary, and a row for each model of the corpus."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from corpus.rows import Row, Run, geometric_mean

_ABOUT = """# The development corpus

Real exports of public libraries' models and of well-known architectures, made by `python -m corpus
export` (see [this package](__init__.py)) and measured by `python -m corpus measure`; this page is
written by `python -m corpus table`. Names are *library or kind, model, style, exporter*.

Times are processor time of one thread of onnxruntime on the CPU, original and rewritten in
interleaved rounds, at {candidates} candidates, drop-in signature, planned by expectation (no race).
They were taken on a machine that did other work as well; ratios are medians over rounds. *Share of
the peak* is the FLOPs of products, convolutions and recurrences by time, as a share of what one
product of 768 x 768 x 768 reaches in the same rounds. *By columns* and *by rank* are the FLOPs that
the rewritten model's products do, by what `--measure` finds attainable by columns and affine rank
(the latter without the making of weights; 1 is all of it, below 1 more was saved). *Engine* is the
state of the engine that the row was measured with: a run that was continued keeps earlier rows.
"""


def render(run: Run, before: Run | None) -> str:
    """Return the page; `before` is the same corpus with an earlier engine."""
    earlier = {row.model: row for row in before.rows if not row.error} if before else {}
    good = [row for row in run.rows if not row.error]
    parts = [
        _ABOUT.format(candidates=run.candidates),
        _versions(run, before),
        "## In all\n",
        _table(("", *_engines(run, before)), _summary(good, earlier)),
        "\n## By kind\n",
        _table(("kind", "models", *_engines(run, before)), _kinds(good, earlier)),
        "\n## Each model\n",
        _table(_TITLES, (_line(row, earlier.get(row.model), run.engine) for row in good)),
        *_troubles(run),
    ]
    return "\n".join(parts) + "\n"


def _engines(run: Run, before: Run | None) -> tuple[str, ...]:
    return (*([f"before ({before.engine})"] if before else []), f"now ({run.engine})")


def _versions(run: Run, before: Run | None) -> str:
    machine = run.machine
    told = ", ".join(f"{key} {machine[key]}" for key in ("onnxruntime", "onnx", "numpy", "python"))
    first = f" (before: {before.date})" if before else ""
    return (
        f"Measured {run.date}{first} on {machine['processor']}, {machine['cores']} cores; {told}.\n"
    )


def _summary(rows: Sequence[Row], earlier: Mapping[str, Row]) -> list[tuple[str, ...]]:
    paired = [earlier[row.model] for row in rows if row.model in earlier]
    sides = ([paired] if earlier else []) + [list(rows)]
    least = [min(side, key=lambda row: row.settled) for side in sides]
    return [
        ("models", *(f"{len(side)}" for side in sides)),
        ("geometric mean of the speedups", *(_mean(side) for side in sides)),
        ("the least", *(f"{row.settled:.2f}x (`{row.model}`)" for row in least)),
        ("below 1.5x", *(f"{sum(row.settled < 1.5 for row in side)}" for side in sides)),
        (
            "share of the peak, geometric mean",
            *(_share(row.share for row in side) for side in sides),
        ),
        ("the same as exported", *(_share(row.share_before for row in side) for side in sides)),
        ("planning: median, most", *(_planning(side) for side in sides)),
        ("FLOPs by columns, geometric mean", *_reached(sides, "attainable")),
        ("FLOPs by rank, geometric mean", *_reached(sides, "limit")),
        (
            "passed the check, of signatures checked",
            *(
                f"{sum(told == 'passed' for row in side for told in row.checks.values())}"
                f" of {sum(len(row.checks) for row in side)}"
                for side in sides
            ),
        ),
    ]


def _mean(rows: Sequence[Row]) -> str:
    """Return the geometric mean of speedups, "" where there are none."""
    return f"{geometric_mean(row.settled for row in rows):.2f}x" if rows else ""


def _share(shares: Iterable[float]) -> str:
    """Return the geometric mean of the shares that were measured, "" where none was."""
    found = [share for share in shares if share]
    return f"{geometric_mean(found):.2f}" if found else ""


def _planning(rows: Sequence[Row]) -> str:
    """Return median and most of the times that were measured, "" where none was."""
    found = sorted(row.planning for row in rows if row.planning)
    return f"{found[len(found) // 2]:.2f} s, {found[-1]:.2f} s" if found else ""


def _reached(sides: Sequence[Sequence[Row]], limit: str) -> Iterable[str]:
    for side in sides:
        ratios = [
            row.reached / getattr(row, limit) for row in side if row.reached and getattr(row, limit)
        ]
        yield f"{geometric_mean(ratios):.2f} ({len(ratios)} models)" if ratios else ""


def _kinds(rows: Sequence[Row], earlier: Mapping[str, Row]) -> Iterable[tuple[str, ...]]:
    for kind in sorted({row.model.split("_")[0] for row in rows}):
        these = [row for row in rows if row.model.split("_")[0] == kind]
        paired = [earlier[row.model] for row in these if row.model in earlier]
        first = [_mean(paired)] if earlier else []
        yield (kind, f"{len(these)}", *first, _mean(these))


_TITLES = (
    "model", "speedup", "10% to 90%", "before", "way", "planning", "MFLOP", "by columns", "by rank",
    "share of the peak", "check", "engine",
)  # fmt: skip


def _line(row: Row, before: Row | None, engine: str) -> tuple[str, ...]:
    return (
        f"`{row.model}`",
        f"{row.settled:.2f}x",
        f"{row.low:.2f} to {row.high:.2f}",
        "" if before is None else f"{before.settled:.2f}x",
        row.way,
        f"{row.planning:.2f} s",
        f"{row.flops_before / 1e6:,.1f} → {row.flops / 1e6:,.1f}",
        f"{row.reached / row.attainable:.2f}" if row.attainable else "",
        f"{row.reached / row.limit:.2f}" if row.limit else "",
        f"{row.share_before:.2f} → {row.share:.2f}",
        ", ".join(row.checks) if set(row.checks.values()) <= {"passed"} else "not passed",
        row.engine or engine,
    )


def _troubles(run: Run) -> Iterable[str]:
    wrong = [f"- `{row.model}`: {row.error}" for row in run.rows if row.error]
    wrong += [
        f"- `{row.model}` ({way}): {told}"
        for row in run.rows
        for way, told in row.checks.items()
        if told != "passed"
    ]
    wrong += [f"- `{row.model}`: failed at {name}" for row in run.rows for name in row.failures]
    if wrong:
        yield "\n## Refused or failed\n"
        yield from wrong


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (titles, ["---"] * len(titles), *rows)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
