"""`PYTHONPATH=tests python -m scale`: seconds and peak memory by shape, size and stage, as a table.

Nothing is judged: the table is for reading, since time depends on the machine. A stage is linear
where its time grows tenfold from size to size.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .shapes import SHAPES

_SIZES = {"powers": (10, 20, 40), "wide": (20_000, 200_000, 2_000_000)}
"""Of shapes that grow otherwise than by tens from 1,000."""


def main() -> int:
    """Measure what the command line asks for, one child process at a time."""
    parser = argparse.ArgumentParser(prog="python -m scale", description=__doc__)
    parser.add_argument("shapes", nargs="*", metavar="SHAPE", help=", ".join(SHAPES))
    parser.add_argument("--sizes", help="numbers, comma-separated (1000,10000,100000)")
    parser.add_argument("--seconds", type=float, default=120.0, help="limit for one model")
    parser.add_argument("--check", action="store_true", help="optimize with the check, and save")
    parser.add_argument("--json", type=Path, help="file for all rows")
    given = parser.parse_args()
    rows = []
    for shape in given.shapes or SHAPES:
        sizes = map(int, given.sizes.split(",")) if given.sizes else None
        for size in sizes or _SIZES.get(shape, (1_000, 10_000, 100_000)):
            for row in _measure(shape, size, given.seconds, checked=given.check):
                rows.append({"shape": shape, "size": size, **row})
                print(_line(rows[-1]), flush=True)
    if given.json is not None:
        given.json.write_text(json.dumps(rows, indent=1) + "\n")
    return 0


def _measure(shape: str, size: int, seconds: float, *, checked: bool) -> Iterator[dict[str, Any]]:
    module = f"{__package__}.stages"
    command = [sys.executable, "-m", module, shape, str(size), "checked" if checked else "planned"]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    late = ""
    try:
        told, _ = child.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        child.kill()
        told, _ = child.communicate()
        late = f"no end within {seconds:g} s"
    yield from map(json.loads, told.splitlines())
    if late or child.returncode < 0:
        late = late or f"ended by signal {-child.returncode}"
        left = {"seconds": seconds, "processor": seconds, "peak": 0}
        yield {"stage": "the next", **left, "error": late}


def _line(row: dict[str, Any]) -> str:
    error = f"  {row['error']}" if row["error"] else ""
    return (
        f"{row['shape']:10} {row['size']:>9,} {row['stage']:12} {row['seconds']:8.2f} s "
        f"({row['processor']:7.2f} s) "
        f"{row['peak'] / 2**20:8,.0f} MiB{error}"
    )


if __name__ == "__main__":
    sys.exit(main())
