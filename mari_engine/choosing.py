"""Tries the ways to rewrite a model, and keeps the one that is expected to be fastest."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
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
_WORTH = 0.96
"""The share of the original's time that a rewrite must stay below."""
Race = Callable[[Sequence[Model]], list[float] | None]
"""Times models that are called alike, the original first; see `racing.race_once`."""
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
    race: Race | None = None,
) -> Choice:
    """Return the rewrite that is expected to be fastest at this many candidates.

    With `race` the ways are timed instead, where they can be run. A drop-in model that no rewrite
    makes faster is left as it was.
    """
    before = count_graph(model.ir.graph, known)
    ways = _WAYS if len(before.nodes) <= _COMPARED else _WAYS[:1]
    found = list[Choice]()
    for strategy in ways:
        made = rewrite(
            model, labels, signature=signature, candidates=candidates, keep=keep,
            strategy=strategy, known=known,
        )  # fmt: skip
        after = _counted(made, known)
        if all(after != choice.after for choice in found):
            found.append(Choice(made, before, after, strategy))
    drop_in = signature == Signature.DROP_IN
    times, how = None, "is expected to"
    if race is not None and drop_in:
        times, how = race([model, *(Model(c.made.model, "way") for c in found)]), "was measured to"
    if times is None:
        costs = [before, *(choice.after for choice in found)]
        times = [seconds(cost, candidates=candidates, prices=Prices()) for cost in costs]
        how = "is expected to"
    plain, rest = times[0], times[1:]
    best = min(range(len(found)), key=lambda at: rest[at])
    if rest[best] < plain * _WORTH or not drop_in:
        return found[best]
    reason = (
        f"every rewrite {how} take as long or longer ({rest[best] * 1e6:.0f} us against "
        f"{plain * 1e6:.0f} us at {candidates:,} candidates): the model is left as it was"
    )
    return Choice(_unchanged(model, labels, found[best].made.ledger, reason), before, before, None)


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
