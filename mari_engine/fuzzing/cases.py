"""A case of the fuzzer: a model, its labels and requests for it, and how a case comes of a seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mari_engine.fuzzing.graphs import DIALECTS, Graph, random_graph
from mari_engine.types import Feeds, Labels, Signature

_CANDIDATES = (500, 2, 20_000)
"""Numbers of candidates that rewrites are planned for, in turn."""
_BATCHES = ((1, 3), (2, 4), (5, 1), (33, 2))
"""Candidates and length of the histories of a case's requests."""

_CHECKED = 0.1
"""The share of cases whose equal models are also given to the engine's own check: it is slow."""


@dataclass(frozen=True, eq=False)
class Case:
    """A labelled model `data` (the bytes of an .onnx file) and requests that are valid for it."""

    data: bytes
    labels: Labels
    requests: tuple[Feeds, ...]
    candidates: int
    """The number of candidates that rewrites are planned for."""
    in_every_bit: bool
    """True where all numbers are whole, so that results must be equal in every bit."""
    checked: bool
    """Whether the engine's own check is run, too, though the results are found equal."""
    signatures: tuple[Signature, ...]
    """The calling contracts in which it is rewritten."""


def dialect_of(seed: int) -> str:
    """Return the dialect that a seed's graph is written in; neighbours differ."""
    return tuple(DIALECTS)[seed % len(DIALECTS)]


def case_of(seed: int, signatures: tuple[Signature, ...] = tuple(Signature)) -> Case:
    """Return the case of a seed; the same seed gives the same bytes, whatever the signatures."""
    graph = random_graph(seed, DIALECTS[dialect_of(seed)])
    rng = np.random.default_rng([seed, 4])
    return Case(
        data=graph.data,
        labels=graph.labels,
        requests=tuple(_requests(graph, seed)),
        candidates=int(rng.choice(_CANDIDATES)),
        in_every_bit=graph.draw.whole,
        checked=bool(rng.random() < _CHECKED),
        signatures=signatures,
    )


def _requests(graph: Graph, seed: int) -> Iterator[Feeds]:
    """Yield typical requests, one without history, and one whose users and candidates differ."""
    for at, (batch, length) in enumerate(_BATCHES):
        yield graph.draw(batch, seed + at, seed + at, length)
    batch, length = _BATCHES[0]
    yield graph.draw(batch + 1, seed + len(_BATCHES), seed + 1, length)  # fits the first in a batch
    if graph.draw.has_lengths:
        yield graph.draw(3, seed, seed + 1, 0)
        yield graph.draw(2, seed + 1, seed, 19)
