"""Another spelling of a model that the rewriter can work on.

What runtimes fused is taken apart, loops over bags become reductions, and an attention whose mask
keeps its first rows from the last columns becomes one for each block of rows.

The original keeps its spelling: what is measured and what is left alone is the model as it came.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from mari_engine.analysis import Survey, count_graph, survey_model
from mari_engine.graph import Model, stands_for
from mari_engine.ops import fused, unfuse
from mari_engine.passes.contract import _tidied
from mari_engine.passes.embedding_bags import without_loops
from mari_engine.passes.fold_conditionals import _without_choices
from mari_engine.passes.masked_attention import in_row_blocks
from mari_engine.passes.mul_sum_to_einsum import _without_weighted_sums
from mari_engine.passes.pad_to_concat import _without_paddings
from mari_engine.passes.prelu_to_leaky_relu import _without_leaks
from mari_engine.passes.row_permutations import leave_in_place
from mari_engine.passes.sequence_to_concat import _without_lists
from mari_engine.types import Cost, Flops


def respell(model: Model, survey: Survey, keep: Collection[str] = ()) -> tuple[Model, Survey]:
    """Return a model of the same function, inputs and outputs, with its survey.

    It is the model itself where nothing is to be spelled anew. `keep` names nodes that must stay.
    Values and nodes that stay keep their names.
    """
    if fused(model.ir.graph, keep):
        plain = model.ir.clone()
        unfuse(plain, keep)
        model = Model(plain, model.name)
        survey = survey_model(model, survey.symbols)
    model, survey = _without_choices(model, survey, keep)
    model, survey = without_loops(model, survey, keep)
    model, survey = _without_lists(model, survey, keep)
    model, survey = _without_paddings(model, survey, keep)
    model, survey = _without_leaks(model, survey, keep)
    still = leave_in_place(model, survey, keep)
    if still is not None:
        model, survey = _tidied(still.ir, model, survey)
    model, survey = in_row_blocks(model, survey, keep)
    return _without_weighted_sums(model, survey, keep)


def counted_for(original: Cost, spelled: Model, survey: Survey) -> Cost:
    """Return the original's cost, its work as the plainer spelling tells it, by its own nodes.

    A loop keeps what it is paid for, going around included; its FLOPs are those of what stands
    for it.
    """
    plain = count_graph(spelled.ir.graph, survey)
    nodes, works = dict.fromkeys(original.nodes, Flops()), dict(original.works)
    for node in spelled.ir.graph:
        own = node.name or ""
        name = stands_for(node)
        nodes[name] = nodes.get(name, Flops()) + plain.nodes[own]
        if name == own:
            works[name] = plain.works[own]
    return replace(plain, nodes=nodes, works=works)
