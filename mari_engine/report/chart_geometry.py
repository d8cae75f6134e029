"""Geometry of the report's strips and bars in pixels; the markup is the template's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from mari_engine.types import Arm, BenchmarkResult, FusionLayout, Segment, Side, Timing

STRIP_WIDTH = 960.0
MOST_PIECES = 240
"""Strips with more segments are drawn as runs of one side."""
LETTER_ROOM = 12.0
"""A piece narrower than this holds no letter."""
BAR_WIDTH = 520.0
NOISY = 2.5
"""Rounds whose speedups differ by more than this, from the 10th to the 90th percentile."""


@dataclass(frozen=True)
class StripSegment:
    """A stretch of columns in a strip, in drawing units."""

    x: float
    width: float
    side: Side
    letter: str
    tip: str


@dataclass(frozen=True)
class Strip:
    """The columns of one fusion layer's input, drawn to scale."""

    pieces: tuple[StripSegment, ...]
    columns: int
    fragments: int
    simplified: bool
    """True when neighbors of one side are drawn as one piece, since there are too many."""


@dataclass(frozen=True)
class StripPair:
    """One layout before and after, and all the products that share it."""

    nodes: tuple[str, ...]
    before: Strip
    after: Strip


@dataclass(frozen=True)
class Bar:
    """One arm at one batch: its timing, the bar for p50 and the whisker up to p90."""

    timing: Timing
    width: float
    whisker: float


@dataclass(frozen=True)
class BarGroup:
    """All arms at one batch, on a scale of their own."""

    batch: int
    bars: tuple[Bar, ...]


LETTERS = {Side.REQUEST: "R", Side.ITEM: "I", Side.CANDIDATE: "C", Side.CONSTANT: "·"}
"""Marks a side where colors cannot be seen."""


def pair_strips(layouts: Sequence[FusionLayout]) -> tuple[StripPair, ...]:
    """Return the distinct layouts as strips, each once, with the products that share it."""
    shared: dict[tuple[tuple[Segment, ...], tuple[Segment, ...]], list[FusionLayout]] = {}
    for layout in layouts:
        shared.setdefault((layout.before, layout.after), []).append(layout)
    return tuple(
        StripPair(
            nodes=tuple(layout.node for layout in same),
            before=_strip(before, same[0].fragments_before),
            after=_strip(after, same[0].fragments_after),
        )
        for (before, after), same in shared.items()
    )


def _strip(segments: Sequence[Segment], fragments: int) -> Strip:
    simplified = len(segments) > MOST_PIECES
    stretches = [
        list(run)
        for _, run in groupby(
            enumerate(segments), key=lambda pair: pair[1].side if simplified else pair[0]
        )
    ]
    columns = sum(segment.stop - segment.start for segment in segments)
    scale = STRIP_WIDTH / max(1, columns)
    pieces, at = [], 0
    for stretch in stretches:
        parts = [segment for _, segment in stretch]
        width = sum(part.stop - part.start for part in parts)
        letter = LETTERS[parts[0].side] if width * scale >= LETTER_ROOM else ""
        pieces.append(StripSegment(at * scale, width * scale, parts[0].side, letter, _tip(parts)))
        at += width
    return Strip(tuple(pieces), columns, fragments, simplified)


def _tip(parts: Sequence[Segment]) -> str:
    names = ", ".join(dict.fromkeys(part.source for part in parts[:3]))
    more = f" and {len(parts) - 3} more" if len(parts) > 3 else ""
    return f"{names}{more}: columns {parts[0].start} to {parts[-1].stop - 1}, {parts[0].side}"


def group_bars(benchmark: BenchmarkResult) -> tuple[BarGroup, ...]:
    """Return the timings as bars, a group for each batch, the longest p90 filling the width."""
    groups = []
    for batch in benchmark.batches:
        timings = [found for arm in Arm if (found := benchmark.timing(arm, batch))]
        longest = max((timing.p90 for timing in timings), default=1.0)
        scale = BAR_WIDTH / longest
        bars = tuple(Bar(t, t.p50 * scale, t.p90 * scale) for t in timings)
        groups.append(BarGroup(batch, bars))
    return tuple(groups)


def find_noisy(benchmark: BenchmarkResult) -> tuple[int, ...]:
    """Return the batches whose 90th percentile of speedup exceeds 2.5 times its 10th."""
    noisy = {
        timing.batch
        for timing in benchmark.timings
        if timing.speedup_high > NOISY * max(timing.speedup_low, 1e-9)
    }
    return tuple(sorted(noisy))
