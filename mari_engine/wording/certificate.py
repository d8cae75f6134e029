"""A certificate in sentences, for pages, terminals and reports."""

from __future__ import annotations

from collections.abc import Iterable

from mari_engine.types import Certificate, Coverage, OutputError
from mari_engine.wording.labels import vouchers_in_words
from mari_engine.wording.numbers import format_error

_NAMED = 3
"""Branches and nodes that a sentence names; more are counted."""


def certificate_in_words(certificate: Certificate) -> tuple[str, ...]:
    """Return the outcome in the first sentence, then what was shown, with what, and what was not.

    Numbers are the largest over all checks and outputs, relative to each output's largest true
    magnitude.
    """
    errors = [error for check in certificate.checks for error in check.outputs]
    sentences = (
        _outcome(certificate),
        _exactness(certificate, errors),
        _rounding(certificate),
        _ranking(errors),
        _requests(certificate),
        _branches(certificate.coverage),
        _contract(certificate),
        _inside(certificate),
        _labels(certificate),
        *(f"{note[:1].upper()}{note[1:]}." for note in certificate.notes),
    )
    return tuple(sentence for sentence in sentences if sentence)


def _outcome(certificate: Certificate) -> str:
    if not certificate.passed:
        return f"Not lossless: {certificate.reason or 'a check failed'}."
    if certificate.bounds:
        return f"NOT lossless: {bounds_in_words(certificate)}."
    if not any(error.exact is not None for c in certificate.checks for error in c.outputs):
        return "Equal within rounding; that the two are exactly the same function is not shown."
    return "Lossless: the same numbers as the original, if the labels are true."


def bounds_in_words(certificate: Certificate) -> str:
    """Return the largest errors that were measured of a model that rounds on purpose."""
    worst = max(certificate.bounds, key=lambda bound: bound.relative)
    moved = max(bound.reordered for bound in certificate.bounds)
    return (
        f"rounded on purpose; on {worst.requests} requests outputs were at most "
        f"{format_error(worst.relative)} of their largest magnitude away ({worst.output}, "
        f"{worst.absolute:.2g}), and candidates came in another order in {moved}; measured on "
        "these requests, and no bound for others"
    )


def _exactness(certificate: Certificate, errors: list[OutputError]) -> str:
    worst = _worst(error.exact for error in errors)
    if worst is None:
        return f"{certificate.exact_method[:1].upper()}{certificate.exact_method[1:]}."
    limit = certificate.limits.get("exact", 0.0)
    meaning = (
        "so the rewrite is an identity of real numbers"
        if worst <= limit
        else "so they are not equal"
    )
    what = "before values are rounded for the store, " if certificate.bounds else ""
    return (
        f"Exactness: {what}evaluated in float64 ({certificate.exact_method}), the two differ by at "
        f"most {format_error(worst)} (limit {format_error(limit)}), {meaning}."
    )


def _rounding(certificate: Certificate) -> str:
    """Return how far both are from float64 on typical requests, and on the others if further."""
    usual = [error for c in certificate.checks if c.typical for error in c.outputs]
    every = [error for c in certificate.checks for error in c.outputs]
    before, after = _worst(e.original for e in usual), _worst(e.optimized for e in usual)
    if before is None or after is None:
        return ""
    factor = certificate.limits.get("rounding_factor", 0.0)
    floor = format_error(certificate.limits.get("rounding_floor"))
    worst = max(every, key=lambda error: error.original or 0.0)
    beyond = (
        f"; on unusual requests, where the original itself rounds more, "
        f"{format_error(worst.original)} and {format_error(worst.optimized)}"
        if (worst.original or 0.0) > before
        else ""
    )
    return (
        f"Rounding: in its own precision the original is up to {format_error(before)} away from "
        f"the float64 truth, the optimized model up to {format_error(after)}{beyond} (allowed: "
        f"{factor:g} times the original's error, or what reordered sums explain, and {floor})."
    )


def _ranking(errors: list[OutputError]) -> str:
    if not errors:
        return ""
    changed = sum(1 for error in errors if not error.same_ranking)
    if changed:
        return f"Ranking: the order of the candidates changed in {changed} of {len(errors)} cases."
    return (
        "Ranking: every output sorts the candidates in the same order, ties within rounding aside."
    )


def _requests(certificate: Certificate) -> str:
    given = sorted({check.request for check in certificate.checks if check.seed is None})
    batches = ", ".join(str(batch) for batch in certificate.batches)
    seeds = ", ".join(str(seed) for seed in certificate.seeds)
    own = f", and the requests {', '.join(given)}" if given else ""
    return (
        f"Requests: {len(certificate.checks)} checked; generated ones of {batches} candidates with "
        f"seeds {seeds}{own}."
    )


def _branches(coverage: Coverage | None) -> str:
    """Return how many branches of the original the requests took, and the first they did not."""
    if coverage is None or not (coverage.branches or coverage.unseen):
        return ""
    missed = [
        f"{one.node}{f' ({one.op})' if one.op else ''}: {one.branch}" for one in coverage.missed
    ]
    which = f"{coverage.reached} of {coverage.branches}" if missed else f"all {coverage.branches}"
    left = f"; not by any: {'; '.join(_few(missed))}" if missed else ""
    inside = ", ".join(_few(list(coverage.unseen)))
    unseen = f"; not observed, within loops and conditionals: {inside}" if inside else ""
    return (
        f"Branches: {which} were reached by some request (conditions, masks, clips, the ends of "
        f"tables, loops, lengths){left}{unseen}."
    )


def _few(names: list[str]) -> list[str]:
    more = len(names) - _NAMED
    return names[:_NAMED] + ([f"{more} more"] if more > 0 else [])


def _contract(certificate: Certificate) -> str:
    return f"Calling contract: {'; '.join(certificate.contract)}." if certificate.contract else ""


def _inside(certificate: Certificate) -> str:
    """Only of a check that passed: else the first sentence says what differs."""
    if not certificate.passed or not certificate.inside:
        return ""
    return f"Inside: {', '.join(certificate.inside)}; all agree."


def _labels(certificate: Certificate) -> str:
    told = vouchers_in_words(certificate.vouched)
    return f"Vouched for: {told}; this rests on them." if told else ""


def _worst(values: Iterable[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)
