"""Probe runs: a model on many requests of one candidate, every value observed."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import onnx_ir as ir

from mari_engine.graph import Model
from mari_engine.metering.instrumented_session import (
    Exposed,
    groups,
    reached_values,
    readable_values,
)
from mari_engine.metering.probe_requests import Requester
from mari_engine.metering.product_flops import GROUP_BYTES
from mari_engine.metering.variation import Observation
from mari_engine.types import Progress


def watch(
    model: Model,
    requester: Requester,
    closely: Collection[ir.Value],
    report_progress: Progress,
) -> Mapping[ir.Value, Observation]:
    """Return what was seen of every value that an input reaches.

    Values that a node reads are compared element by element, those in `closely` also along their
    axes. About 256 MB are held at a time: larger
    models are run once more for each further group of values. Raises ExecutionError when the model
    cannot be run.
    """
    reached = reached_values(model.ir.graph)
    values = [value for value in readable_values(model.ir.graph) if value in reached]
    found = {
        value: Observation(closely=any(value.uses()), along=value in closely) for value in values
    }
    parts = list(groups(values, candidates=1, budget=GROUP_BYTES // 3))
    runs = len(requester.seeds) * requester.candidates
    for number, group in enumerate(parts):
        exposed = Exposed(model, [value.name or "" for value in group])
        for at, (candidate, feeds) in enumerate(requester.singles()):
            report_progress((number + at / runs) / len(parts), "running one candidate at a time")
            arrays = exposed.run(feeds)
            for value in group:
                found[value].see(arrays[value.name or ""], first=candidate == 0)
        _, again = next(requester.singles())
        arrays = exposed.run(again)
        for value in group:
            found[value].see_again(arrays[value.name or ""])
            found[value].forget()
        if requester.plan.fixed_batch is None:
            arrays = exposed.run(requester.batch(requester.sizes[1]))
            for value in group:
                shape = arrays[value.name or ""].shape
                found[value].compare(shape, copies=requester.copies)
    return found
