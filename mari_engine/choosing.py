"""Tries the ways to rewrite a model, and keeps the one that is expected to be fastest."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from mari_engine.boundary import unchanged_boundary
from mari_engine.costing import Prices, count_cost, count_graph, seconds
from mari_engine.emitting import SOURCE
from mari_engine.facts import Survey
from mari_engine.labels import Labels
from mari_engine.ledger import Ledger
from mari_engine.loading import Model
from mari_engine.rewriting import Rewritten, rewrite
from mari_engine.shaping import infer_shapes
from mari_engine.steps import Strategy
from mari_engine.types import Action, Cost, Signature

_COMPARED = 4_000
"""Nodes beyond which only the first way is tried."""
_WAYS = (Strategy(), Strategy(fold=False), Strategy(split=False, fold=False))


@dataclass(frozen=True, eq=False)
class Choice:
    """The rewrite that was chosen, what it costs, and how it was made."""

    made: Rewritten
    before: Cost
    after: Cost
    strategy: Strategy | None
    """None when the model was left as it was."""


def choose(
    model: Model,
    labels: Labels,
    known: Survey,
    *,
    signature: Signature,
    candidates: int,
    keep: Collection[str],
) -> Choice:
    """Return the rewrite that is expected to be fastest at this many candidates.

    A drop-in model that no rewrite would make faster is left as it was.
    """
    prices = Prices()
    before = count_graph(model.ir.graph, known)
    plain = seconds(before, candidates=candidates, prices=prices)
    found: list[tuple[float, Choice]] = []
    ways = _WAYS if len(before.nodes) <= _COMPARED else _WAYS[:1]
    for strategy in ways:
        made = rewrite(
            model, labels, signature=signature, candidates=candidates, keep=keep,
            strategy=strategy, known=known,
        )  # fmt: skip
        after = _counted(made, known)
        time = seconds(after, candidates=candidates, prices=prices)
        found.append((time, Choice(made, before, after, strategy)))
    time, best = min(found, key=lambda entry: entry[0])
    if time < plain or signature == Signature.COMPACT:
        return best
    reason = (
        f"every rewrite is expected to be slower ({time * 1e6:.0f} us against {plain * 1e6:.0f} us "
        f"at {candidates:,} candidates): the model is left as it was"
    )
    return Choice(_unchanged(model, labels, best.made.ledger, reason), before, before, None)


def _counted(made: Rewritten, known: Survey) -> Cost:
    optimized = Model(made.model, "")
    after = count_cost(optimized, known.symbols)
    if after.uncounted:  # what no rule describes is counted by ONNX's shape inference
        infer_shapes(made.model)
        after = count_cost(optimized, known.symbols)
    return after


def _unchanged(model: Model, labels: Labels, tried: Ledger, reason: str) -> Rewritten:
    """Return a copy of the model; what would have been kept anyway keeps its own reason."""
    copy = model.ir.clone()
    for node in copy.graph:
        node.metadata_props[SOURCE] = node.name or ""
    ledger = Ledger(failures=tried.failures)
    for node, entry in tried.entries.items():
        own = entry.action == Action.KEPT
        ledger.record(node, Action.KEPT, entry.reason if own else reason)
    return Rewritten(copy, unchanged_boundary(copy.graph, labels), ledger, Signature.DROP_IN)
