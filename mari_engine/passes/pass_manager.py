"""Canonicalization: runs the passes, in order, on copies of a model.

Each pass brings one spelling into the form that the rewriter works on. The original is not
changed: costs are compared with it, and a model that is left alone is the one that came.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import onnx_ir as ir
import onnx_ir.passes.common as passes

from mari_engine.analysis import Survey, survey_model
from mari_engine.axes import Unsupported
from mari_engine.graph import Model, list_bodies
from mari_engine.ops import infer_types
from mari_engine.passes.contract import Copy, M, Match, Obligation, Pass, Refusal
from mari_engine.passes.decompose_fused import DECOMPOSE_FUSED
from mari_engine.passes.embedding_bags import EMBEDDING_BAGS
from mari_engine.passes.flattened_joins import FLATTENED_JOINS
from mari_engine.passes.fold_conditionals import FOLD_CONDITIONALS
from mari_engine.passes.loop_products import HOIST_FROM_BODIES, SPLIT_IN_BODIES
from mari_engine.passes.masked_attention import MASKED_ATTENTION
from mari_engine.passes.mul_sum_to_einsum import MUL_SUM_TO_EINSUM
from mari_engine.passes.norms_by_moments import NORMS_BY_MOMENTS
from mari_engine.passes.pad_to_concat import PAD_TO_CONCAT
from mari_engine.passes.pairs_to_product import PAIRS_TO_PRODUCT
from mari_engine.passes.pieces_to_transpose import PIECES_TO_TRANSPOSE
from mari_engine.passes.prelu_to_leaky_relu import PRELU_TO_LEAKY_RELU
from mari_engine.passes.row_permutations import ROW_PERMUTATIONS
from mari_engine.passes.sequence_to_concat import SEQUENCE_TO_CONCAT

PASSES: tuple[Pass[Any], ...] = (
    DECOMPOSE_FUSED,
    FOLD_CONDITIONALS,
    EMBEDDING_BAGS,
    SEQUENCE_TO_CONCAT,
    SPLIT_IN_BODIES,
    HOIST_FROM_BODIES,
    PAD_TO_CONCAT,
    FLATTENED_JOINS,
    PIECES_TO_TRANSPOSE,
    NORMS_BY_MOMENTS,
    PRELU_TO_LEAKY_RELU,
    ROW_PERMUTATIONS,
    MASKED_ATTENTION,
    PAIRS_TO_PRODUCT,
    MUL_SUM_TO_EINSUM,
)
"""All passes, in the order in which they run."""


@dataclass(frozen=True, eq=False)
class Canonical:
    """A model after passes: the same function, inputs and outputs.

    Values and nodes that were not replaced keep their names; a new node names the one of the
    original that it stands for.
    """

    model: Model
    survey: Survey
    refusals: tuple[Refusal, ...] = ()
    """What passes found and left as it was, with the reasons."""


def run_passes(model: Model, survey: Survey, keep: Collection[str] = ()) -> Canonical:
    """Return the model in canonical form; it is the model itself where no pass writes anything.

    `keep` names nodes that must stay as they are.
    """
    form = Canonical(model, survey)
    for each in PASSES:
        form = run_pass(each, form, keep)
    return form


def run_pass(one: Pass[M], form: Canonical, keep: Collection[str] = ()) -> Canonical:
    """Return the form after one pass, which is run to a fixed point where it repeats."""
    while True:
        written, refusals = _write_all(one, form, keep)
        if written is not None:
            form = replace(form, model=written.model, survey=written.survey)
        if written is None or not one.repeats:
            return replace(form, refusals=(*form.refusals, *refusals))


def _write_all(
    one: Pass[M], form: Canonical, keep: Collection[str]
) -> tuple[Canonical | None, list[Refusal]]:
    """Return what a pass writes for all of its matches, None for nothing, and its refusals."""
    matches, refusals = _admitted(one, form, keep)
    if not matches:
        return None, refusals
    copy, written = Copy.of(form.model.ir), list[tuple[M, Obligation | None]]()
    for match in matches:
        try:
            written.append((match, one.write(match, copy)))
        except Unsupported as reason:
            refusals.append(Refusal(_name(match), str(reason)))
    if not written:
        return None, refusals
    result = _tidied(copy, form)
    obligations = [(match, left) for match, left in written if left is not None]
    unproved = _unproved(obligations, result.survey)
    if unproved:
        return None, [*refusals, *unproved]
    for _, obligation in obligations:
        obligation.discharge()
    return _tidied(copy, form) if obligations else result, refusals


def _unproved(obligations: Sequence[tuple[Match, Obligation]], survey: Survey) -> list[Refusal]:
    """Return why the copy is dropped with all that was written: one refusal a match."""
    reasons = ((match, obligation.refusal(survey)) for match, obligation in obligations)
    return [Refusal(_name(match), reason) for match, reason in reasons if reason is not None]


def _admitted(
    one: Pass[M], form: Canonical, keep: Collection[str]
) -> tuple[list[M], list[Refusal]]:
    """Return the matches of a pass none of whose nodes is to be kept, and the refusals."""
    matches, refusals = list[M](), list[Refusal]()
    for found in one.find(form.model.ir.graph, form.survey):
        if isinstance(found, Refusal):
            refusals.append(found)
        elif any(node.name in keep for node in found.nodes):
            refusals.append(Refusal(_name(found), "kept on request"))
        else:
            matches.append(found)
    return matches, refusals


def _name(match: Match) -> str:
    return match.nodes[-1].name or ""


def _tidied(copy: Copy, form: Canonical) -> Canonical:
    """Return the copy without dead nodes, its shapes inferred and surveyed anew."""
    _remove_dead_nodes(copy.model)
    infer_types(copy.model)
    model = Model(copy.model, form.model.name)
    return Canonical(model, survey_model(model, form.survey.symbols))


def _remove_dead_nodes(model: ir.Model) -> None:
    """Remove nodes that nothing reads, and those that only the bodies of such nodes read."""
    while True:
        bodied = [node for node in model.graph if list_bodies(node)]
        passes.RemoveUnusedNodesPass()(model)
        dead = [node for node in bodied if node.graph is None]
        if not dead:
            return
        for node in dead:
            _release_captured(node)


def _release_captured(node: ir.Node) -> None:
    """Detach the bodies of a removed node from the outer values that they capture."""
    for body in list_bodies(node):
        for inner in body:
            for at in range(len(inner.inputs)):
                inner.replace_input_with(at, None)
            _release_captured(inner)
