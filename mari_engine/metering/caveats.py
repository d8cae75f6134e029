"""What limits a measurement: products in subgraph bodies, random values, disproved colors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import onnx_ir as ir

from mari_engine.graph import Model
from mari_engine.metering.product_flops import Counted
from mari_engine.metering.variation import Observation, fixed_elements
from mari_engine.ops import is_product
from mari_engine.wording import first_names

_NAMED = 5
"""Values that a note names before it says how many more there are."""
Seen = Mapping[ir.Value, Observation]


def unmeasured_bodies(model: Model) -> list[str]:
    """Return a note where products lie in bodies of If, Loop or Scan: no run exposes them."""
    own = set(model.ir.graph)
    found = [node for node in model.ir.graph.all_nodes() if node not in own and is_product(node)]
    if not found:
        return []
    names = first_names([node.name or "" for node in found], _NAMED)
    return [f"not measured, since they lie in bodies that only the run unfolds: {names}"]


def undivided_products(products: Sequence[Counted], seen: Seen) -> list[str]:
    """Return a note where an op of many products reads what is in part the request's.

    Its declaration tells what it treats alone, and not what it multiplies with what.
    """
    found = list[str]()
    for each in products:
        values = [seen[value] for value in each.node.inputs if value is not None and value in seen]
        closely = [own for own in values if own.closely and not own.ragged]
        mixed = any(own.differs for own in closely) and any(
            fixed_elements(own).any() for own in closely
        )
        if each.work is not None and not each.work.summed and mixed:
            found.append(each.node.name or "")
    if not found:
        return []
    whole = "counted as a whole, though part of what they read is the request's"
    return [f"{whole}: {first_names(found, _NAMED)}; more may be attainable there"]


def random_values(seen: Seen) -> list[str]:
    """Return a note where two runs of one request gave different values."""
    random = [value.name or "" for value, found in seen.items() if found.random]
    return [f"random, different in two equal runs: {first_names(random, _NAMED)}"] if random else []


def disproved_colors(seen: Seen, is_request_side: Callable[[str], bool]) -> list[str]:
    """Return a note where a value colored request side differed between candidates of a request."""
    moved = [
        value.name or ""
        for value, found in seen.items()
        if found.differs and not found.random and is_request_side(value.name or "")
    ]
    if not moved:
        return []
    named = first_names(moved, _NAMED)
    wrong = "the coloring is wrong there, please report it"
    return [f"colored request side, but different between candidates: {named}; {wrong}"]
