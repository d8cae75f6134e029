"""What is proposed from names alone, for the table of real features, by what they are there.

    PYTHONPATH=tests python -m support.name_table

*Certain* is used without a question; *leaning* is proposed and has to be answered; *nothing* is
proposed per candidate, and has to be answered, too. *Wrong* is the other side than the feature's.
"""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

from mari_engine.labeling.name_conventions import read_convention

TABLE = Path(__file__).parents[1] / "mari_engine" / "labeling" / "feature_names.tsv"
"""Features of public data sets and libraries; `side` is what they are there, or unknown."""
SIDES = ("request", "candidate", "unknown")


def rows() -> list[dict[str, str]]:
    """Return the table: `source`, `name`, and `side`."""
    with TABLE.open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def outcome(name: str, side: str) -> str:
    """Return how a name is read, and whether that is the feature's side."""
    said = read_convention(name)
    if said is None:
        return "nothing said"
    sure = "certain" if said.certain else "leaning"
    if side == "unknown":
        return f"{sure}, side unknown"
    read = "request" if said.role.per_request else "candidate"
    return f"{sure}, {'right' if read == side else 'wrong'}"


def main() -> None:
    """Print the counts by outcome and side."""
    table = rows()
    count = Counter((outcome(row["name"], row["side"]), row["side"]) for row in table)
    print(f"{len(table)} names of {len({row['source'] for row in table})} sources")
    print(f"{'':24s}" + "".join(f"{side:>12s}" for side in (*SIDES, "all")))
    for what in sorted({found for found, _ in count}):
        line = [count[what, side] for side in SIDES]
        print(f"{what:24s}" + "".join(f"{number:12d}" for number in (*line, sum(line))))


if __name__ == "__main__":
    main()
