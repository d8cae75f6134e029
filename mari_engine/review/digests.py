"""Section digests: SHA-256 of what a sign-off accepts, so that a later change shows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any, Protocol

from mari_engine.review.notes import Section
from mari_engine.types import (
    FROM_GRAPH,
    BenchmarkResult,
    Certificate,
    Decision,
    FusionLayout,
    Interface,
    Labels,
    Segment,
    Signature,
    to_plain,
)


class Planned(Protocol):
    """The part of a rewrite that is signed off; plans have it, and findings of artifacts."""

    @property
    def signature(self) -> Signature:
        """How the optimized model is called."""

    @property
    def candidates(self) -> int:
        """The candidates that decisions were made for."""

    @property
    def keep(self) -> tuple[str, ...]:
        """The nodes that had to stay."""

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """What became of each product."""

    @property
    def layout(self) -> tuple[FusionLayout, ...]:
        """The columns of each fusion layer."""

    @property
    def interface(self) -> Interface:
        """What the optimized model is fed."""


def digest_sections(
    model: str,
    labels: Labels,
    planned: Planned | None = None,
    certificate: Certificate | None = None,
    benchmarks: Sequence[BenchmarkResult] = (),
) -> dict[Section, str]:
    """Return the digest of each section that has something to accept.

    `model` is the original's SHA-256. Confidence and evidence of labels do not count, nor do
    ranges for decisions and layout. A check repeated with the same settings, versions and
    verdicts is the same evidence, whatever its last digits; a measurement that was repeated is not.
    """
    base = (model, _roles(labels, ranges=False))
    seen = {Section.LABELS: _digest(model, _roles(labels, ranges=True))}
    if planned is not None:
        decisions = [list(vars(decision).items()) for decision in planned.decisions]
        asked = (planned.signature, planned.candidates, sorted(planned.keep))
        seen[Section.DECISIONS] = _digest(base, asked, decisions)
        seen[Section.LAYOUT] = _digest(base, asked, _layouts(planned.layout), planned.interface)
        if certificate is not None:
            seen[Section.LOSSLESSNESS] = _digest(
                model, _roles(labels, ranges=True), asked, decisions, _verdicts(certificate)
            )
    if benchmarks:
        measured = sorted(_digest(one) for one in benchmarks)
        seen[Section.BENCHMARK] = _digest(base, measured)
    return seen


def _roles(labels: Labels, *, ranges: bool) -> list[Any]:
    rows: list[Any] = []
    for name, label in sorted(labels.inputs.items()):
        if label.stated_axis != FROM_GRAPH:
            rows.append([name, "axis", label.stated_axis])
        for part in label.columns or (label,):
            place = [getattr(part, field, None) for field in ("start", "stop", "name")]
            steers = [part.range, part.integer] if ranges else []
            rows.append([name, part.role, *place, *steers])
    return rows


def _layouts(layout: Sequence[FusionLayout]) -> list[Any]:
    """Return the layouts; columns that several layers share, as experts do, are hashed once."""
    known: dict[int, str] = {}

    def describe(segments: tuple[Segment, ...]) -> str:
        if id(segments) not in known:
            known[id(segments)] = _digest([list(vars(one).values()) for one in segments])
        return known[id(segments)]

    return [[one.node, describe(one.before), describe(one.after)] for one in layout]


def _verdicts(certificate: Certificate) -> list[Any]:
    checks = [
        [check.batch, check.seed, check.request, check.passed, check.reason]
        + [[output.output, output.exact is None, output.same_ranking] for output in check.outputs]
        for check in certificate.checks
    ]
    about = [certificate.passed, certificate.limits, certificate.exact_method]
    return [*about, certificate.contract, certificate.versions, checks]


def _digest(*parts: Any) -> str:
    text = json.dumps(to_plain(parts), sort_keys=True, ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
