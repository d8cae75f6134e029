"""Notes and sign-offs as text and HTML; people typed all of it, and none of it is trusted."""

from __future__ import annotations

from collections.abc import Sequence

from app.views.labels import list_parts
from app.views.text import count, markup, one_line
from mari_engine import (
    Arm,
    Certificate,
    Decision,
    FusionLayout,
    Labels,
    Note,
    Review,
    Section,
    SectionOutcome,
    Signed,
    Stamp,
)

SUBJECTS = {
    Section.LABELS: "An input or column",
    Section.DECISIONS: "A node",
    Section.LAYOUT: "A fusion layer",
    Section.LOSSLESSNESS: "An output",
    Section.BENCHMARK: "An arm",
}
Row = dict[str, object]


def list_subjects(
    section: Section,
    labels: Labels,
    decisions: Sequence[Decision],
    layout: Sequence[FusionLayout],
    certificate: Certificate | None,
) -> list[str]:
    """Return what notes of a section can be pinned to, each once, in the page's order."""
    if section == Section.LABELS:
        found = [part.name for part in list_parts(labels)]
    elif section == Section.DECISIONS:
        found = [one.node for one in decisions]
    elif section == Section.LAYOUT:
        found = [one.node for one in layout]
    elif section == Section.LOSSLESSNESS:
        checks = certificate.checks if certificate is not None else ()
        found = [output.output for check in checks for output in check.outputs]
    else:
        found = [str(arm) for arm in Arm]
    return list(dict.fromkeys(found))


def order_notes(review: Review, section: Section) -> list[int]:
    """Return the places of a section's notes: open ones first, the latest first."""
    places = [at for at, note in enumerate(review.notes) if note.section == section]
    return sorted(places, key=lambda at: (review.notes[at].is_resolved, -at))


def sum_up_section(outcome: SectionOutcome) -> str:
    """Return how the review of a section stands, in one line."""
    settled = len(outcome.notes) - outcome.unsettled
    parts = [f"{count(outcome.unsettled, 'open note')}"] if outcome.unsettled else []
    parts += [f"{settled:,} settled"] if settled else []
    return " · ".join([*parts, one_line(outcome.line)])


def review_rows(outcomes: Sequence[SectionOutcome]) -> list[Row]:
    """Return one row a section: its notes and who accepts it as it stands."""
    return [
        {
            "section": outcome.section.heading,
            "open notes": outcome.unsettled,
            "notes": len(outcome.notes),
            "sign-off": one_line(outcome.line),
        }
        for outcome in outcomes
    ]


def note_html(note: Note) -> str:
    """Return a note with what became of it."""
    state = "settled" if note.is_resolved else "open"
    turns = "".join(
        f'<div class="mari-turn"><b>{"Settled" if turn.settled else "Reopened"}</b>'
        f" {_stamp(turn.by)}{_lines(turn.text)}</div>"
        for turn in note.turns
    )
    mark = "✓ settled" if note.is_resolved else "○ open"
    about = f"<code>{markup(note.about)}</code>" if note.about else "The whole section"
    return (
        f'<div class="mari-note mari-note-{state}"><div class="mari-about">'
        f'<span class="mari-tag">{mark}</span> {about}</div>'
        f'{_lines(note.text)}<div class="mari-by">{_stamp(note.by)}</div>{turns}</div>'
    )


def sign_off_html(signed: Signed) -> str:
    """Return a sign-off, and whether what it accepted is still what is here."""
    sign_off = signed.sign_off
    gone = sign_off.withdrawn is not None
    kind = "stands" if signed.stands else "withdrawn" if gone else "outdated"
    sign = {"stands": "✓", "withdrawn": "✗", "outdated": "!"}[kind]
    return (
        f'<div class="mari-note mari-signed-{kind}"><div class="mari-about">'
        f'<span class="mari-tag">{sign} {markup(signed.state)}</span></div>'
        f'<div class="mari-by">{_stamp(sign_off.by)}</div>{_lines(sign_off.text)}</div>'
    )


def _stamp(stamp: Stamp) -> str:
    return f"{markup(stamp.name)}, {markup(stamp.date)}"


def _lines(text: str) -> str:
    lines = "<br>".join(markup(line) for line in text.splitlines())
    return f'<div class="mari-text">{lines}</div>' if lines else ""
