"""A labelled model with what is known of it before anything is rewritten."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from mari_engine.analysis import Survey, survey_by_labels
from mari_engine.graph import Model
from mari_engine.passes import Canonical, run_passes
from mari_engine.types import Labels


@dataclass(frozen=True, eq=False)
class LabeledModel:
    """A model, its labels, and the canonical form that is colored and rewritten in its place."""

    model: Model
    labels: Labels
    survey: Survey
    """Of the model as it came."""
    form: Canonical


def survey_labeled(model: Model, labels: Labels, keep: Collection[str] = ()) -> LabeledModel:
    """Return the model surveyed, as it came and in canonical form; `keep` names nodes that stay."""
    survey = survey_by_labels(model, labels)
    return LabeledModel(model, labels, survey, run_passes(model, survey, keep))
