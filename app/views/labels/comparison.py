"""What logged requests say of labels as they stand, before either is changed."""

from __future__ import annotations

from collections.abc import Sequence

from app.session import REQUEST, Comparison, count_vouchers
from app.views.labels.doubts import MOST_NAMED, Part, list_parts
from app.views.labels.requests import settle_by_requests
from app.views.palette import name_role
from app.views.text import count, name_some, shorten


def tell_comparison(compared: Comparison) -> list[str]:
    """Return what the requests contradict, what they would answer, and what they bear out."""
    parts = list_parts(compared.labels, compared.learnt)
    refuted = [part for part in parts if part.refuted and part.label.confidence >= 1]
    told = [
        f"They contradict {shorten(part.name, 60)}, labelled {name_role(part.role)}: {part.doubt}."
        for part in refuted[:MOST_NAMED]
    ]
    if len(refuted) > MOST_NAMED:
        told.append(f"They contradict {count(len(refuted) - MOST_NAMED, 'more label')}.")
    if not refuted:
        told.append("They contradict no label.")
    settled = list_parts(settle_by_requests(compared.labels, compared.learnt), compared.learnt)
    answered = [part for part in settled if part.label.vouched == REQUEST]
    open_now = {part.input for part in list_parts(compared.labels) if part.open}
    new = [part for part in answered if part.input in open_now]
    if new:
        told.append(f"They would answer {_name(new)}.")
    borne_out = count_vouchers(compared.learnt).get(REQUEST, 0) - len(refuted)
    if borne_out > len(new):
        told.append(f"They bear out {count(borne_out - len(new), 'other label')}.")
    return told


def _name(parts: Sequence[Part]) -> str:
    words = [f"{shorten(part.name, 40)} ({name_role(part.role)})" for part in parts]
    return f"{count(len(parts), 'row')}: {name_some(words, MOST_NAMED)}"
