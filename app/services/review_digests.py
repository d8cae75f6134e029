"""What a session's review looks at, as it stands now."""

from __future__ import annotations

import weakref
from dataclasses import dataclass

import mari_engine as mari
from app.services import engine_cache
from app.session import Work
from app.views.review import list_subjects


@dataclass(frozen=True)
class _Told:
    parts: tuple[object, ...]
    seen: dict[mari.Section, str]


_LATEST: weakref.WeakKeyDictionary[Work, _Told] = weakref.WeakKeyDictionary()
"""By session: what was digested last, since every panel of every run asks."""


def find_seen(work: Work) -> dict[mari.Section, str]:
    """Return the digest of each section that could be signed off now."""
    if work.opened is None or work.labels is None:
        return {}
    result = work.result
    certificate = result.certificate if result is not None else None
    labels, benchmarks = work.confirmed or work.labels, work.benchmarks
    parts = (work.opened.model, labels, _find_plan(work), certificate, *benchmarks)
    told = _LATEST.get(work)
    if told is None or not _same(told.parts, parts):
        seen = mari.digest_sections(
            work.opened.model.sha256, labels, _find_plan(work), certificate, benchmarks
        )
        told = _LATEST[work] = _Told(parts, seen)
    return told.seen


def _same(one: tuple[object, ...], other: tuple[object, ...]) -> bool:
    return len(one) == len(other) and all(a is b for a, b in zip(one, other, strict=True))


def find_subjects(work: Work, section: mari.Section) -> list[str]:
    """Return what a note of this section can be pinned to."""
    plan, result = _find_plan(work), work.result
    return list_subjects(
        section,
        work.labels or mari.Labels(),
        plan.decisions if plan is not None else (),
        plan.layout if plan is not None else (),
        result.certificate if result is not None else None,
    )


def _find_plan(work: Work) -> mari.Plan | None:
    if work.result is not None:
        return work.result
    if work.opened is None or work.confirmed is None:
        return None
    try:
        return engine_cache.make_plan(work.opened, work.confirmed, work.options)
    except mari.MariError:
        return None
