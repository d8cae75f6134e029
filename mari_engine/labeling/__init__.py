"""Feature roles: proposed with evidence, and checked against the model."""

from mari_engine.labeling.proposal import certain_labels, propose_labels
from mari_engine.labeling.validation import check_labels

__all__ = ["certain_labels", "check_labels", "propose_labels"]
