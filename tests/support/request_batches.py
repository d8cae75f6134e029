"""Batches of several requests beside the same requests one by one, in every way of rewriting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from mari_engine.coloring import color_surveyed
from mari_engine.feeds import bind_batch, plan_feeds
from mari_engine.graph import Model
from mari_engine.loading import load
from mari_engine.plan_types import Plan
from mari_engine.rewriting.context import Options
from mari_engine.rewriting.planning import plan_every_way, survey_labeled
from mari_engine.types import Feeds, Labels, RequestIndex, Signature
from support.rewrite_checks import data_of, run, session

SIZES: tuple[tuple[int, ...], ...] = (
    (5,), (3, 3), (0, 4), (4, 0), (2, 0, 3), (0, 0, 9, 0, 0, 1, 2), (1,) * 7, (40,) + (1,) * 15,
    (0, 0),
)  # fmt: skip
"""Candidates of each request: 1, 2, 3, 7 and 16 requests, alike and skewed, some of them empty."""


def batched_plans(
    model: Model, labels: Labels, index: RequestIndex = RequestIndex.ROWS
) -> Iterator[Plan]:
    """Yield the batched model of each way to rewrite."""
    options = Options(signature=Signature.BATCHED, candidates=500, index=index)
    source = survey_labeled(model, labels, (), Signature.BATCHED)
    coloring = color_surveyed(source.form.model.ir.graph, labels, source.form.survey)
    for plan, _ in plan_every_way(source, options, coloring):
        yield plan


def draw_requests(model: Model, labels: Labels, counts: Sequence[int]) -> list[Feeds]:
    """Return a request for each count, of one candidate at least; no two users are alike."""
    plan = plan_feeds(model, labels)
    return [plan.draw(batch=max(1, n), seed=at, length=4) for at, n in enumerate(counts)]


def compare_batches(
    data: bytes, labels: Labels, sizes: Sequence[tuple[int, ...]] = SIZES
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield what batches give and what their requests give alone, output by output.

    `data` is the model, whose float64 numbers show a difference beyond rounding.
    """
    model = load(data, name="m")
    alone = session(data)
    for index in RequestIndex:
        for plan in batched_plans(model, labels, index):
            together = session(data_of(plan.optimized))
            for counts in sizes:
                requests = draw_requests(model, labels, counts)
                got = run(together, bind_batch(requests, plan.interface, counts))
                singly = [run(alone, feeds) for feeds in requests]
                for output in plan.interface.outputs:
                    rows = [1] * len(counts) if output.rows == "request" else list(counts)
                    pairs = zip(singly, rows, strict=True)
                    yield got[output.name], np.concatenate([r[output.name][:n] for r, n in pairs])
