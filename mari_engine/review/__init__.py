"""Notes, sign-offs and digests of a review: who agreed to what, and whether it still stands."""

from mari_engine.review.digests import digest_sections
from mari_engine.review.notes import Note, Review, Section, SignOff, Stamp, Turn
from mari_engine.review.outcomes import SectionOutcome, Signed, sum_up_review

__all__ = [
    "Note",
    "Review",
    "Section",
    "SectionOutcome",
    "SignOff",
    "Signed",
    "Stamp",
    "Turn",
    "digest_sections",
    "sum_up_review",
]
