"""Feature roles: proposed with evidence, and checked against the model."""

from mari_engine.labeling.proposal import propose_labels
from mari_engine.labeling.validation import certain_labels, check_answered, check_labels
from mari_engine.labeling.vouchers import list_vouchers, vouch

__all__ = [
    "certain_labels",
    "check_answered",
    "check_labels",
    "list_vouchers",
    "propose_labels",
    "vouch",
]
