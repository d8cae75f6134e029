"""What became of one node test under one labelling and signature."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """In the order of the table."""

    SAME = "same"
    """Rewritten; the saved model gives the expected results."""
    KEPT = "kept"
    """Left as it was; the saved model gives the expected results."""
    REFUSED = "refused"
    """A MariError, with its reason."""
    NOT_RUN = "onnxruntime cannot run the original"
    UNEQUAL = "UNEQUAL"
    """The engine's own check refused the engine's rewrite."""
    WRONG = "WRONG"
    """The check passed, and the saved model cannot be loaded or gives other results."""
    CRASH = "CRASH"
    """Another exception than a MariError, an abort, or no end within the limits."""

    @property
    def fails(self) -> bool:
        """True for what must not happen."""
        return self in (Outcome.UNEQUAL, Outcome.WRONG, Outcome.CRASH)


@dataclass(frozen=True)
class Run:
    """One test under one labelling and signature."""

    case: str
    labelling: str
    signature: str
    outcome: Outcome
    reason: str = ""
