"""`PYTHONPATH=tests python -m node_tests`: ONNX's node tests through the engine, by outcome."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from . import Outcome, Run, collect_cases, run_all


def main() -> int:
    """Run what the command line asks for; the exit status is 1 where anything failed."""
    parser = argparse.ArgumentParser(prog="python -m node_tests", description=__doc__)
    parser.add_argument("--pattern", default="*", help="names of tests, as in a shell")
    parser.add_argument("--json", type=Path, help="file that gets a line for every run")
    parser.add_argument("--jobs", type=int, default=1, help="processes at once")
    parser.add_argument("--seconds", type=float, default=300.0, help="limit for one test")
    given = parser.parse_args()
    cases = collect_cases(given.pattern)
    with open(given.json or os.devnull, "w", encoding="utf-8") as file:

        def tell(runs: list[Run]) -> None:
            file.writelines(json.dumps(asdict(run)) + "\n" for run in runs)
            file.flush()

        runs = run_all(cases, jobs=given.jobs, seconds=given.seconds, tell=tell)
    _show(runs)
    return int(any(run.outcome.fails for run in runs))


def _show(runs: Sequence[Run]) -> None:
    ways = sorted({(run.labelling, run.signature) for run in runs})
    for way in ways:
        counts = Counter(run.outcome for run in runs if (run.labelling, run.signature) == way)
        told = ", ".join(f"{counts[each]} {each}" for each in Outcome if counts[each])
        print(f"{' / '.join(filter(None, way)) or 'the process ended'}: {told}")
    for outcome in (Outcome.REFUSED, Outcome.UNEQUAL, Outcome.WRONG, Outcome.CRASH):
        reasons: dict[str, set[str]] = defaultdict(set)
        for run in runs:
            if run.outcome == outcome:
                reasons[run.reason.replace(run.case, "MODEL")].add(run.case)
        for reason, names in sorted(reasons.items(), key=lambda item: -len(item[1])):
            print(f"{outcome} {len(names)} ({min(names)}): {reason}")


if __name__ == "__main__":
    sys.exit(main())
