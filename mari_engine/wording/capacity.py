"""A load test in words: what was asked, found and where, and the command that repeats it."""

from __future__ import annotations

from collections.abc import Mapping

from mari_engine.types import Arm, LoadResult
from mari_engine.wording.numbers import format_seconds, format_times


def capacity_in_words(found: LoadResult) -> tuple[str, str, str]:
    """Return what was asked, what was found, and where, a line each."""
    return _asked(found), _verdict(found), _place(found.machine)


def capacity_rows(found: LoadResult) -> tuple[tuple[str, str, str, str, str], ...]:
    """Return for each arm its name, three rates, and the core-seconds of 1,000 requests.

    The rates are the highest within the bound, the lowest that missed it, and the saturation.
    """
    return tuple(
        (
            str(each.arm),
            f"{each.rate:,.1f}" if each.rate else "none that was tried",
            f"{each.missed:,.1f}",
            f"{each.saturation:,.1f}",
            "–" if each.core_seconds is None else f"{each.core_seconds:.3g}",
        )
        for each in found.capacities
    )


def load_command(found: LoadResult, source: str, optimized: str) -> list[str]:
    """Return the words of the command that measures the same again."""
    sizes = set(found.candidates)
    given = str(min(sizes)) if len(sizes) == 1 else "sizes.json"
    words = ["mari", "load", source, optimized, "--labels", "labels.json"]
    words += ["--p99", f"{found.bound:g}s", "--workers", str(found.workers)]
    return [*words, "--candidates", given]


def _asked(found: LoadResult) -> str:
    least, most = min(found.candidates, default=0), max(found.candidates, default=0)
    sizes = f"{most:,} candidates each" if least == most else f"{least:,} to {most:,} candidates"
    workers = f"{found.workers} worker{'s' if found.workers > 1 else ''}"
    return f"p99 below {format_seconds(found.bound)}, {sizes}, {workers}"


def _verdict(found: LoadResult) -> str:
    before, after = (found.capacity(arm) for arm in (Arm.ORIGINAL, Arm.MARI))
    if found.ratio is not None and before and after:
        rates = f"{before.rate:,.0f} → {after.rate:,.0f}"
        return f"{format_times(found.ratio)} the capacity: {rates} requests a second"
    if before and not before.rate:
        return "The original meets the bound at no rate that was tried"
    return "The file holds no two capacities to compare"


def _place(machine: Mapping[str, str]) -> str:
    processor = machine.get("processor", "a machine that the file does not name")
    cores = f", {machine['cores']} cores" if "cores" in machine else ""
    return f"Measured on {processor}{cores}; other programs on it lower every figure"
