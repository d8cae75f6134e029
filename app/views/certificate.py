"""The certificate in plain words, and as a table."""

from __future__ import annotations

from app.views.text import count
from mari_engine import Certificate

Row = dict[str, object]


def verdict(certificate: Certificate) -> str:
    """Return the outcome in one sentence."""
    number = count(len(certificate.checks), "check")
    if certificate.passed:
        return f"The optimized model equals the original. {number[0].upper()}{number[1:]} passed."
    failed = sum(1 for check in certificate.checks if not check.passed)
    return f"The optimized model is not equal to the original: {failed:,} of {number} failed."


def explain(certificate: Certificate) -> list[tuple[str, str]]:
    """Return what was shown, as (heading, sentence) pairs."""
    outputs = [error for check in certificate.checks for error in check.outputs]
    exact = [error.exact for error in outputs if error.exact is not None]
    words = [("Exactness", _exactness(certificate, exact))]
    rounding = [error.optimized for error in outputs if error.optimized is not None]
    original = [error.original for error in outputs if error.original is not None]
    if rounding and original:
        sentence = (
            f"In the model's own precision, the optimized model is at most {max(rounding):.1e}"
            f" away from the float64 truth; the original, at most {max(original):.1e}."
        )
        words.append(("Rounding", sentence))
    words.append(("Ranking", _ranking(certificate)))
    batches = ", ".join(f"{batch:,}" for batch in certificate.batches)
    seeds = ", ".join(map(str, certificate.seeds))
    words.append(("Requests", f"Batches of {batches} candidates; seeds {seeds}."))
    if certificate.contract:
        words.append(("Calling contract", "; ".join(certificate.contract) + "."))
    if certificate.notes:
        words.append(("Notes", "; ".join(certificate.notes)))
    return words


def _exactness(certificate: Certificate, exact: list[float]) -> str:
    if not exact:
        return certificate.exact_method
    limit = certificate.limits.get("exact")
    within = f" (limit {limit:.0e})" if limit is not None else ""
    return (
        f"Evaluated in float64, the two differ by at most {max(exact):.1e}{within}: the rewrite"
        f" is an identity of real numbers, not an approximation. {certificate.exact_method}"
    )


def _ranking(certificate: Certificate) -> str:
    outputs = [error for check in certificate.checks for error in check.outputs]
    changed = sum(1 for error in outputs if not error.same_ranking)
    if not changed:
        return "The candidates come in the same order in every check, ties within rounding aside."
    return f"The order of the candidates changed in {changed:,} of {len(outputs):,} comparisons."


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
