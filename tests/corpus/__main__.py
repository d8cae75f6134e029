"""`PYTHONPATH=tests python -m corpus`: the development corpus exported, measured, tabled."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from corpus.rows import Run


def main() -> int:
    """Do what the command line asks for; the exit status is 1 where a model failed."""
    given = _parser().parse_args()
    ways = {"export": _export, "measure": _measure, "table": _table}
    return ways[given.command](given)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m corpus", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    export = commands.add_parser("export", help="write the models and their labels")
    export.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")
    export.add_argument("--only", default="", help="part of the names")
    measure = commands.add_parser("measure", help="plan, time, meter and check each model")
    measure.add_argument("folder", type=Path, metavar="DIR")
    measure.add_argument("--json", type=Path, required=True, help="gets all rows; is continued")
    measure.add_argument("--only", default="", help="part of the names")
    measure.add_argument("--engine", default="", help="what to call the engine in the table")
    measure.add_argument("--candidates", type=int, default=500)
    measure.add_argument("--budget", type=float, default=2.0, help="seconds of rounds a model")
    measure.add_argument("--rounds", type=int, help="so many rounds, whatever they take")
    measure.add_argument("--seconds", type=float, default=600.0, help="limit for one model")
    measure.add_argument("--no-meter", action="store_true", help="no limits of FLOPs")
    measure.add_argument("--no-check", action="store_true")
    table = commands.add_parser("table", help="write the table of what was measured")
    table.add_argument("run", type=Path, metavar="FILE")
    table.add_argument("--before", type=Path, help="the same models with an earlier engine")
    table.add_argument("-o", "--output", type=Path, required=True)
    return parser


def _export(given: argparse.Namespace) -> int:
    from corpus.exporting import export_all  # a framework is needed by this command alone
    from corpus.recipes import collect

    failed = export_all(collect(), given.output, only=given.only)
    print(f"{len(failed)} failed")
    return int(bool(failed))


def _measure(given: argparse.Namespace) -> int:
    from corpus.campaign import measure_all  # with the engine that the path names
    from corpus.measuring import Settings
    from mari_engine.runtime import describe_machine

    settings = Settings(
        candidates=given.candidates, budget=given.budget, rounds=given.rounds,
        meter=not given.no_meter, checks=() if given.no_check else ("drop-in", "compact"),
    )  # fmt: skip
    rows = Run.load(given.json).continued(given.engine) if given.json.exists() else {}
    paths = sorted(
        path
        for path in given.folder.glob("*.onnx")
        if given.only in path.stem and path.with_suffix(".labels.json").exists()
    )

    def is_done(name: str) -> bool:
        return name in rows and bool(given.no_meter or rows[name].attainable)

    for row in measure_all(paths, settings, seconds=given.seconds, done=is_done):
        rows[row.model] = row
        told = row.error or f"{row.speedup:.2f}x, planned in {row.planning:.2f} s, {row.checks}"
        print(f"{row.model}: {told}", flush=True)
        Run(
            machine=describe_machine(), date=f"{datetime.now(UTC):%Y-%m-%d}", engine=given.engine,
            candidates=given.candidates, rows=tuple(rows[name] for name in sorted(rows)),
        ).save(given.json)  # fmt: skip
    return int(any(row.error for row in rows.values()))


def _table(given: argparse.Namespace) -> int:
    from corpus.tables import render

    before = None if given.before is None else Run.load(given.before)
    given.output.write_text(render(Run.load(given.run), before), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
