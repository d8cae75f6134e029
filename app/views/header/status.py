"""The state of the work, as four words and a line each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from app.session import Work
from app.views.labels import count_sides, list_parts, vouchers_in_words
from app.views.text import count, markup, shorten

Tone = Literal["done", "busy", "open", "wrong"]
_SIGNS: dict[Tone, str] = {"done": "✓", "busy": "", "open": "·", "wrong": "!"}


@dataclass(frozen=True)
class Item:
    """One stage: how it stands, in a word and a line."""

    stage: str
    tone: Tone
    word: str
    line: str


def list_items(work: Work) -> list[Item]:
    """Return how the model, the labels, the check and the benchmark stand."""
    return [_model(work), _labels(work), _check(work), _benchmark(work)]


def _model(work: Work) -> Item:
    if work.opened is None:
        return Item("Model", "open", "none yet", "choose one")
    kind = "sample" if work.opened.sample else "your model"
    sha = work.opened.model.sha256[:8]
    return Item("Model", "done", work.opened.model.name, f"{kind}, sha256 {sha}")


def _labels(work: Work) -> Item:
    if work.labels is None:
        return Item("Labels", "open", "none yet", "wait for a model")
    if work.confirmed is not None:
        return Item("Labels", "done", "confirmed", vouchers_in_words(work.confirmed))
    parts = list_parts(work.labels, work.proposed)
    request, candidate = count_sides(parts)
    sides = f"{request:,} request side, {candidate:,} candidate side"
    left = sum(1 for part in parts if part.open)
    return Item(
        "Labels", "open", "not confirmed", f"{left:,} to answer; {sides}" if left else sides
    )


def _check(work: Work) -> Item:
    check = work.check
    if check is None and work.revoked:
        return Item("Check", "wrong", "revoked", "a logged request contradicts a label")
    if check is None:
        return Item("Check", "open", "not verified", "waits for confirmed labels")
    if check.active:
        line = f"{check.share:.0%} {check.message}"
        return Item("Check", "busy", "checking", line)
    if check.state != "done" or check.result is None:
        return Item(
            "Check", "wrong", check.state, work.tell(check.error) or "confirm the labels again"
        )
    if not work.verified:
        return Item("Check", "wrong", "not equal", "nothing can be downloaded")
    number = len(check.result.certificate.checks)
    line = f"if these labels are true, equal in {count(number, 'check')}"
    return Item("Check", "done", "verified", line)


def _benchmark(work: Work) -> Item:
    job = work.benchmark
    if job is None:
        return Item("Benchmark", "open", "not measured", "optional")
    if job.active:
        return Item("Benchmark", "busy", job.state, f"{job.share:.0%} {job.message}")
    if job.result is None:
        return Item("Benchmark", "wrong", job.state, work.tell(job.error) or "run it again")
    batches = ", ".join(f"{batch:,}" for batch in job.result.batches)
    return Item("Benchmark", "done", "measured", f"{job.result.device}, {batches} candidates")


def status_html(work: Work) -> str:
    """Return the strip as HTML; all names are escaped."""
    cells = "".join(
        f'<div class="mari-cell mari-{item.tone}">'
        f'<span class="mari-sign" aria-hidden="true">{_SIGNS[item.tone]}</span>'
        f'<span class="mari-stage">{item.stage}</span>'
        f'<span class="mari-word">{markup(shorten(item.word, 32))}</span>'
        f'<span class="mari-line">{markup(shorten(item.line, 64))}</span></div>'
        for item in list_items(work)
    )
    return f'<div class="mari-status" role="status">{cells}</div>'
