"""Two models, plans or artifacts compared: graphs, weights, labels, sides, choices, FLOPs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mari_engine.analysis import count_cost, structure_of
from mari_engine.artifact import Artifact, EarlierChoices, read_choices
from mari_engine.graph import Model
from mari_engine.graph_diff.alignment import align
from mari_engine.graph_diff.choice_changes import (
    list_decision_changes,
    list_label_changes,
    list_option_changes,
    list_side_changes,
)
from mari_engine.graph_diff.graph_changes import list_graph_changes
from mari_engine.graph_diff.weight_changes import compare_weights
from mari_engine.graph_diff.wiring import Wiring
from mari_engine.plan_types import Plan
from mari_engine.types import (
    Change,
    Decision,
    Difference,
    Flops,
    Interface,
    Labels,
    Structure,
    Way,
    WeightDifference,
)

Compared = Model | Plan | Artifact
"""What can be compared."""
ORIGINAL, OPTIMIZED = "original", "optimized"


@dataclass(frozen=True, eq=False)
class _Choices:
    """How a model was rewritten."""

    labels: Labels
    options: Mapping[str, str]
    decisions: Sequence[Decision]


@dataclass(frozen=True, eq=False)
class _Subject:
    """One of the two, as far as it is known."""

    name: str
    structure: Structure
    flops: Mapping[str, Flops]
    models: Mapping[str, Model] = field(default_factory=dict)
    choices: _Choices | None = None


def diff(first: Compared, second: Compared) -> Difference:
    """Return what differs between two models, plans or artifacts.

    An artifact stands for the model that it was made from, with its labels and decisions; of a
    model alone, graph, weights and FLOPs are compared. Takes time linear in nodes and weights.
    Raises ModelError for an artifact of a version that did not keep what is needed.
    """
    one, other = _subject(first), _subject(second)
    found = align(Wiring(one.structure), Wiring(other.structure))
    changes: list[Change] = list(list_graph_changes(found))
    if one.choices and other.choices:
        a, b = one.choices, other.choices
        changes += list_label_changes(a.labels, b.labels)
        changes += list_side_changes(found)
        changes += list_option_changes(a.options, b.options)
        changes += list_decision_changes(found, a.decisions, b.decisions)
    pairs = found.to_second.items()
    return Difference(
        first=one.name,
        second=other.name,
        changes=tuple(changes),
        matched=len(pairs),
        renamed=sum(found.first.nodes[a].name != found.second.nodes[b].name for a, b in pairs),
        weights=_weights(one, other),
        flops={
            which: (one.flops.get(which), other.flops.get(which))
            for which in (ORIGINAL, OPTIMIZED)
            if which in one.flops or which in other.flops
        },
    )


def diff_structures(first: Structure, second: Structure) -> tuple[Change, ...]:
    """Return what makes two structures differ."""
    return list_graph_changes(align(Wiring(first), Wiring(second)))


def _weights(one: _Subject, other: _Subject) -> WeightDifference | None:
    for which in (ORIGINAL, OPTIMIZED):
        if which in one.models and which in other.models:
            models = one.models[which], other.models[which]
            found = align(*(Wiring(structure_of(model)) for model in models))
            return compare_weights(found, models, which)
    return None


def _subject(given: Compared) -> _Subject:
    if isinstance(given, Plan):
        return _subject_of_plan(given)
    if isinstance(given, Artifact):
        return _subject_of_artifact(given)
    flops = {ORIGINAL: count_cost(given).flops}
    return _Subject(given.name, structure_of(given), flops, {ORIGINAL: given})


def _subject_of_plan(plan: Plan) -> _Subject:
    return _Subject(
        name=plan.original.name,
        structure=structure_of(plan.original, plan.coloring),
        flops={ORIGINAL: plan.flops.before.flops, OPTIMIZED: plan.flops.after.flops},
        models={ORIGINAL: plan.original, OPTIMIZED: plan.optimized},
        choices=_Choices(
            plan.labels,
            _options(plan, plan.interface, plan.selection.way),
            plan.decisions,
        ),
    )


def _subject_of_artifact(artifact: Artifact) -> _Subject:
    made = read_choices(artifact)
    return _Subject(
        name=str(artifact.directory),
        structure=made.structure,
        flops={ORIGINAL: made.flops_before, OPTIMIZED: made.flops_after},
        models={OPTIMIZED: artifact.model},
        choices=_Choices(
            made.labels,
            _options(made, artifact.interface, made.way),
            made.decisions,
        ),
    )


def _options(made: Plan | EarlierChoices, interface: Interface, way: Way) -> Mapping[str, str]:
    return {
        "signature": str(made.signature),
        "index": str(interface.index or "none"),
        "candidates": f"{made.candidates:,}",
        "keep": ", ".join(made.keep) or "none",
        "way": str(way),
    }
