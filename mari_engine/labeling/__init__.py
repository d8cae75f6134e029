"""Feature roles: proposed with evidence, and checked against the model."""

from mari_engine.labeling.proposal import propose_labels
from mari_engine.labeling.validation import check_labels

__all__ = ["check_labels", "propose_labels"]
