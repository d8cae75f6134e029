"""`PYTHONPATH=tests python -m mutation`: wrong rewrites, and how many of them the check catches."""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import asdict
from pathlib import Path

import sample_models
from mutation.campaign import Campaign, Mutant, Outcome, Target, count_by_kind
from mutation.kinds import KINDS
from mutation.written import WRITTEN

_SHARE = 0.99
"""Of the mutants that differ, the share that the check is to catch."""


def main() -> int:
    """Run a campaign, print a table and the mutants that were missed; 1 where those are many."""
    parser = argparse.ArgumentParser(prog="mutation", description=__doc__)
    about = "files, samples, small models of the command's own, or random:SEED; else all but random"
    parser.add_argument("models", nargs="*", help=about)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--kind", action="append", choices=list(KINDS))
    parser.add_argument("--json", type=Path, help="where each mutant is written, one a line")
    asked = parser.parse_args()
    names = asked.models or [*sample_models.sample_names(), *WRITTEN]
    targets = [_target(name, asked.seed) for name in names]
    mutants: list[Mutant] = []
    with (asked.json or Path(os.devnull)).open("w", encoding="utf-8") as lines:
        campaign = Campaign(targets, asked.count, asked.kind or tuple(KINDS), asked.seed)
        for mutant in campaign.run():
            mutants.append(mutant)
            print(json.dumps(asdict(mutant)), file=lines, flush=True)
            if mutant.outcome == Outcome.MISSED:
                where = f"{mutant.model}: {mutant.kind}: {mutant.where}"
                print(f"missed: {where} ({mutant.reason})", flush=True)
    return _report(mutants)


def _target(name: str, seed: int) -> Target:
    if name.startswith("random:"):
        return Target.draw(int(name.removeprefix("random:")), seed=seed)
    if name in WRITTEN:
        return Target.write(name, seed=seed)
    if name in sample_models.sample_names():
        path, labels = sample_models.sample_path(name), sample_models.labels_path(name)
    else:
        path = Path(name)
        labels = path.with_name(f"{path.stem}.labels.json")
    return Target.read(path, labels, seed=seed)


def _report(mutants: list[Mutant]) -> int:
    print(f"{'kind':<24}{'made':>6}{'equivalent':>12}{'caught':>8}{'missed':>8}")
    counts = count_by_kind(mutants)
    total = {outcome: sum(found[outcome] for found in counts.values()) for outcome in Outcome}
    for kind, found in {**counts, "all": total}.items():
        made = sum(found.values()) - found[Outcome.INVALID]
        numbers = (made, found[Outcome.EQUIVALENT], found[Outcome.CAUGHT], found[Outcome.MISSED])
        print(f"{kind:<24}{numbers[0]:>6}{numbers[1]:>12}{numbers[2]:>8}{numbers[3]:>8}")
    different = total[Outcome.CAUGHT] + total[Outcome.MISSED]
    return int(total[Outcome.CAUGHT] < _SHARE * different)


if __name__ == "__main__":
    raise SystemExit(main())
