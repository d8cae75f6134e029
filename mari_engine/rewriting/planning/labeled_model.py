"""A labelled model with what is known of it before anything is rewritten."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from mari_engine.analysis import Survey, survey_by_labels, survey_model
from mari_engine.axes import SEVERAL_REQUESTS
from mari_engine.graph import Model
from mari_engine.passes import Canonical, run_passes
from mari_engine.rewriting.planning.row_view import check_output_rows, check_rows_alone, view_rows
from mari_engine.types import Labels, Signature


@dataclass(frozen=True, eq=False)
class LabeledModel:
    """A model, its labels, and the canonical form that is colored and rewritten in its place."""

    model: Model
    labels: Labels
    survey: Survey
    """Of the model as it came."""
    form: Canonical


def survey_labeled(
    model: Model,
    labels: Labels,
    keep: Collection[str] = (),
    signature: Signature = Signature.DROP_IN,
) -> LabeledModel:
    """Return the model surveyed, as it came and in canonical form; `keep` names nodes that stay.

    Raises LabelError where the signature holds several requests and an op would mix them.
    """
    survey = survey_by_labels(model, labels)
    return LabeledModel(
        model, labels, survey, canonical_form(model, labels, survey, keep, signature)
    )


def canonical_form(
    model: Model, labels: Labels, survey: Survey, keep: Collection[str], signature: Signature
) -> Canonical:
    """Return the canonical form of a model; of several requests that of its rows."""
    if signature != Signature.BATCHED:
        return run_passes(model, survey, keep)
    rows = view_rows(model, labels, survey)
    form = run_passes(rows, survey_model(rows, survey.symbols), keep)
    check_rows_alone(form.model, form.survey)
    check_output_rows(model, survey)
    several = survey_model(form.model, form.survey.symbols, rows=SEVERAL_REQUESTS)
    return replace(form, survey=several)
