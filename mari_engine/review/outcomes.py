"""Review outcomes: each section's notes, and whether its sign-offs are of what is there now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mari_engine.errors import ReviewError
from mari_engine.review.notes import Note, Review, Section, SignOff


@dataclass(frozen=True)
class Signed:
    """A sign-off, and whether it still holds."""

    sign_off: SignOff
    stands: bool
    state: str
    """In words."""


@dataclass(frozen=True)
class SectionOutcome:
    """How the review of one section stands."""

    section: Section
    sign_offs: tuple[Signed, ...]
    notes: tuple[Note, ...]
    """Open ones first."""

    @property
    def unsettled(self) -> int:
        """How many notes are open."""
        return sum(1 for note in self.notes if not note.is_resolved)

    @property
    def accepted(self) -> bool:
        """True when somebody's sign-off stands."""
        return any(signed.stands for signed in self.sign_offs)

    @property
    def line(self) -> str:
        """Who accepts the section, in a few words."""
        names = [one.sign_off.by for one in self.sign_offs if one.stands]
        if names:
            return "signed off by " + "; ".join(f"{by.name}, {by.date}" for by in names)
        given = [one for one in self.sign_offs if one.sign_off.withdrawn is None]
        return "sign-off outdated" if given else "not signed off"


def sum_up_review(review: Review, model: str, seen: Mapping[Section, str]) -> list[SectionOutcome]:
    """Return how each section of a review stands.

    `seen` holds the digests of what is reported now. Raises ReviewError when the review is about
    another model than the one with this SHA-256.
    """
    if review.model != model:
        raise ReviewError(
            f"review: is about another model (SHA-256 {review.model[:12]}); give the review of "
            f"{model[:12]}"
        )
    return [
        SectionOutcome(
            section=section,
            sign_offs=tuple(
                Signed(one, one.stands(seen), _state(one, seen))
                for one in review.sign_offs
                if one.section == section
            ),
            notes=tuple(
                sorted(
                    (note for note in review.notes if note.section == section),
                    key=lambda note: note.is_resolved,
                )
            ),
        )
        for section in Section
    ]


def _state(sign_off: SignOff, seen: Mapping[Section, str]) -> str:
    if sign_off.withdrawn is not None:
        return f"withdrawn by {sign_off.withdrawn.name}, {sign_off.withdrawn.date}"
    if sign_off.stands(seen):
        return "stands: what was signed is what is here"
    if sign_off.section in seen:
        return "outdated: what was signed has changed since"
    return "outdated: what was signed is not here"
