"""The certificate in the engine's words, and as a table."""

from __future__ import annotations

from mari_engine import Certificate, certificate_in_words

Row = dict[str, object]
LONGEST_HEADING = 20


def verdict(certificate: Certificate) -> str:
    """Return the outcome in one sentence."""
    return certificate_in_words(certificate)[0]


def explain(certificate: Certificate) -> list[tuple[str, str]]:
    """Return what was shown, as (heading, sentence) pairs; notes share a heading."""
    return [_headed(sentence) for sentence in certificate_in_words(certificate)[1:]]


def _headed(sentence: str) -> tuple[str, str]:
    heading, colon, rest = sentence.partition(": ")
    if not colon or len(heading) > LONGEST_HEADING:
        return "Note", sentence
    return heading, rest[:1].upper() + rest[1:]


def check_rows(certificate: Certificate) -> list[Row]:
    """Return one row for each output of each check."""
    return [
        {
            "passed": check.passed,
            "request": check.request if check.seed is None else f"generated, seed {check.seed}",
            "batch": check.batch,
            "output": error.output,
            "float64 difference": error.exact,
            "rounding, original": error.original,
            "rounding, optimized": error.optimized,
            "same order": error.same_ranking,
            "reason": check.reason,
        }
        for check in certificate.checks
        for error in check.outputs
    ]


def missed_rows(certificate: Certificate) -> list[Row]:
    """Return one row for each branch of the original that no request took."""
    coverage = certificate.coverage
    if coverage is None:
        return []
    missed: list[Row] = [
        {"node": one.node, "op": one.op or "input", "branch": one.branch} for one in coverage.missed
    ]
    unseen: list[Row] = [
        {"node": name, "op": "", "branch": "not observed"} for name in coverage.unseen
    ]
    return missed + unseen
