"""A newly trained model optimized as an earlier artifact was: nothing is chosen anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mari_engine.analysis import structure_of
from mari_engine.artifact import Artifact, EarlierChoices, read_choices
from mari_engine.errors import ModelError
from mari_engine.graph import Model
from mari_engine.graph_diff import cut_grown_tables, diff_structures
from mari_engine.pipeline import OptimizeResult, certify, plan
from mari_engine.plan_types import Plan
from mari_engine.runtime import describe_versions
from mari_engine.types import Feeds, Progress, Structure, report_nothing
from mari_engine.wording import changes_in_words


def optimize_like(
    model: Model,
    artifact: Artifact,
    *,
    requests: Sequence[Feeds] = (),
    progress: Progress | None = None,
) -> OptimizeResult:
    """Return a model rewritten as an artifact's was, and checked in full.

    Labels, signature, candidates, nodes to keep, prices and way are the artifact's, and nothing is
    timed: the same model and artifact give the same bytes. The model must have the structure of
    the one that the artifact was made from, and be rewritten into the same structure: new weights,
    and rows that tables gained, are taken without a look. Raises ModelError, saying what differs,
    where it is not so.
    """
    report_progress = progress or report_nothing
    earlier = read_choices(artifact)
    alike = cut_grown_tables(model, earlier.structure) or model
    where = f"{model.name}: is not the model of {artifact.directory} with other weights"
    structure = structure_of(alike)
    changes = diff_structures(earlier.structure, structure)
    if changes:
        raise ModelError(f"{where}: {changes_in_words(changes)}; {_remedy(model, artifact)}")
    planned = _plan_like(
        alike, earlier, structure, lambda share, what: report_progress(0.3 * share, what)
    )
    if structure_of(planned.optimized, fractions=False).digest != earlier.optimized_digest:
        told = f"{_first_other(planned, earlier)}{_other_version(earlier)}"
        raise _otherwise("weights", model, artifact, told)
    if alike is not model:
        planned = _plan_grown(model, artifact, earlier, structure, planned)
    certificate = certify(
        planned, requests=requests, progress=lambda s, w: report_progress(0.3 + 0.7 * s, w)
    )
    return OptimizeResult(**vars(planned), certificate=certificate)


def _plan_grown(
    model: Model, artifact: Artifact, earlier: EarlierChoices, structure: Structure, cut: Plan
) -> Plan:
    """Return the plan of a model whose tables grew; `cut` is that of as many rows as before."""
    planned = _plan_like(model, earlier, structure, report_nothing)
    graphs = (structure_of(each.optimized, fractions=False).nodes for each in (planned, cut))
    if next(graphs) != next(graphs):
        raise _otherwise("rows", model, artifact, _first_other(planned, earlier))
    return planned


def _otherwise(what: str, model: Model, artifact: Artifact, told: str) -> ModelError:
    return ModelError(
        f"{model.name}: with these {what} it is rewritten otherwise than in "
        f"{artifact.directory}: {told}; run 'mari optimize' without --like, and look at it"
    )


def _plan_like(
    model: Model, earlier: EarlierChoices, structure: Structure, progress: Progress
) -> Plan:
    renamed = _new_names(earlier.structure, structure)
    planned = plan(
        model,
        earlier.labels,
        signature=earlier.signature,
        index=earlier.index,
        candidates=earlier.candidates,
        keep=[renamed.get(name, name) for name in earlier.keep],
        way=earlier.way,
        prices=earlier.prices,
        progress=progress,
    )
    return replace(planned, like=earlier.manifest_sha256)


def _new_names(earlier: Structure, structure: Structure) -> Mapping[str, str]:
    """Return the nodes' names in the new model by those in the earlier: their places are equal."""
    pairs = zip(earlier.nodes, structure.nodes, strict=True)
    return {was.name: now.name for was, now in pairs}


def _first_other(planned: Plan, earlier: EarlierChoices) -> str:
    """Return the first product of which something else became, or that the graph is another."""
    for now, was in zip(planned.decisions, earlier.decisions, strict=False):
        if now.action != was.action:
            return f"{now.node} is {now.action}, and was {was.action}"
    return "the graph is another, though each product became what it was"


def _other_version(earlier: EarlierChoices) -> str:
    version = describe_versions()["mari_engine"]
    if version == earlier.tool_version:
        return ""
    return f" (version {version} of this program, and {earlier.tool_version} then)"


def _remedy(model: Model, artifact: Artifact) -> str:
    name = model.path or "the model"
    return (
        f"'mari diff {artifact.directory} {name}' tells all; look at it, and run 'mari optimize' "
        "without --like"
    )
