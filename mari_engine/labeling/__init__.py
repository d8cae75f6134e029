"""Feature roles: proposed with evidence, and checked against the model."""

from mari_engine.labeling.proposal import propose_labels
from mari_engine.labeling.validation import certain_labels, check_answered, check_labels

__all__ = ["certain_labels", "check_answered", "check_labels", "propose_labels"]
