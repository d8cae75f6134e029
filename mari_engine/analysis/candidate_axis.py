"""The candidate axis: by which symbols the inputs' shapes name the number of candidates."""

from __future__ import annotations

from collections import Counter

import onnx_ir as ir

from mari_engine.graph import Model
from mari_engine.types import Labels


def candidate_symbols(model: Model, labels: Labels) -> frozenset[str]:
    """Return the names of the candidates' extent among the inputs' shapes.

    It is the symbol that most candidate-side inputs share. An input that holds candidates' features
    and lacks it has another name for it, and begins with that. Exporters that name every free
    leading extent differently (or not at all) are taken to mean one batch.
    """
    seen: Counter[str] = Counter()
    leading: list[str] = []
    moving: list[list[str]] = []
    for value in model.ir.graph.inputs:
        names = [symbol_of(value, at) or "" for at in range(len(value.shape or ()))]
        label = labels.inputs.get(value.name or "")
        per_request = label is not None and label.role is not None and label.role.per_request
        if not per_request:
            seen.update({name for name in names if name})
        leading += names[:1] if names and names[0] else []
        if label is not None and label.per_candidate:
            moving.append(names)
    if not seen:
        return frozenset(leading[:1])
    unlabelled = not labels.inputs
    (best, times), *_ = sorted(
        seen.items(),
        key=lambda item: (unlabelled and -leading.count(item[0]), -item[1], item[0] not in leading),
    )
    if times == 1 and len(set(leading)) == len(leading) > 1 and _anonymous(leading):
        return frozenset(leading)
    others = (names[0] for names in moving if names and best not in names)
    return frozenset({best, *filter(None, others)})


def _anonymous(names: list[str]) -> bool:
    return all(name.startswith(("unk", "?")) for name in names)


def symbol_of(value: ir.Value, at: int) -> str | None:
    """Return the name of a free extent, made up where the model has none; None if it is fixed."""
    dim = (value.shape or ())[at]
    if isinstance(dim, int):
        return None
    return str(dim.value) if dim.value is not None else f"?{value.name}.{at}"
