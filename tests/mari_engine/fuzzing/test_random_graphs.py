"""Whole random ranking graphs, rewritten in every way, equal the original.

A graph that fails here becomes a named, minimal case in the test file of the part at fault.
"""

from __future__ import annotations

import numpy as np
import pytest

from mari_engine.fuzzing import Dialect, Graph, random_graph
from mari_engine.graph import Model
from mari_engine.loading import load
from mari_engine.pipeline import plan
from mari_engine.rewriting.context import Options
from mari_engine.rewriting.interpreter import rewrite
from mari_engine.types import Signature
from support.rewrite_checks import (
    ARMS,
    SIGNATURES,
    Arrays,
    alike,
    bound,
    changed_request_values,
    data_of,
    run,
    session,
    wrong_rewrites,
)

BATCHES = (1, 2, 5)
EXACT = 1e-9
"""Relative to the largest element; what is an identity of real numbers stays below it."""
GRAPHS = 150


def requests_for(graph: Graph, seed: int) -> list[dict[str, np.ndarray]]:
    return [graph.draw(batch, seed, seed) for batch in BATCHES]


@pytest.mark.parametrize("seed", range(GRAPHS))
def test_real_numbers_agree(seed: int) -> None:
    graph = random_graph(seed, Dialect())
    ways = (*SIGNATURES, ARMS[seed % 3])
    wrong = wrong_rewrites(
        graph.data, graph.labels, requests_for(graph, seed), alike(EXACT), ways=ways
    )
    assert wrong == []


def in_every_bit(truth: np.ndarray, other: np.ndarray) -> bool:
    """Compare whole numbers; those that float64 does not hold have been rounded."""
    rounded = np.abs(truth).max(initial=0.0) > 2.0**53
    return alike(EXACT if rounded else 0)(truth, other)


@pytest.mark.parametrize("seed", range(1000, 1000 + GRAPHS))
def test_whole_numbers_agree_in_every_bit(seed: int) -> None:
    graph = random_graph(seed, Dialect(whole=True))
    ways = (*SIGNATURES, ARMS[seed % 3])
    requests = requests_for(graph, seed)
    assert wrong_rewrites(graph.data, graph.labels, requests, in_every_bit, ways=ways) == []


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("seed", range(5000, 5020))
def test_bodies_and_states_agree(seed: int, whole: bool) -> None:
    graph = random_graph(seed, Dialect(whole=whole, looping=True))
    requests, same = requests_for(graph, seed), alike(0 if whole else EXACT)
    assert wrong_rewrites(graph.data, graph.labels, requests, same, ways=SIGNATURES) == []


@pytest.mark.parametrize("seed", range(9000, 9030))
def test_norms_over_both_sides_agree(seed: int) -> None:
    graph = random_graph(seed, Dialect(norms=True))
    wrong = wrong_rewrites(
        graph.data, graph.labels, requests_for(graph, seed), alike(EXACT), ways=SIGNATURES,
        candidates=1_000_000,
    )  # fmt: skip
    assert wrong == []


@pytest.mark.parametrize("seed", range(2000, 2030))
def test_request_values_do_not_know_the_candidates(seed: int) -> None:
    graph = random_graph(seed, Dialect())
    planned = plan(load(graph.data, name="graph"), graph.labels)
    first, second = (graph.draw(5, seed, candidates) for candidates in (1, 2))
    assert changed_request_values(planned, first, second) == []


@pytest.mark.parametrize("candidates", [1, 20_000])
@pytest.mark.parametrize("seed", range(3000, 3005))
def test_the_expected_number_of_candidates_changes_no_result(seed: int, candidates: int) -> None:
    graph = random_graph(seed, Dialect())
    requests = requests_for(graph, seed)
    wrong = wrong_rewrites(
        graph.data, graph.labels, requests, alike(EXACT), ways=SIGNATURES, candidates=candidates
    )
    assert wrong == []


def distance(truth: Arrays, other: Arrays) -> float:
    """Return the largest difference, relative to the largest element, over all outputs."""
    return max(
        float(
            np.abs(truth[name] - other[name].astype(np.float64)).max() / np.abs(truth[name]).max()
        )
        for name in truth
    )


@pytest.mark.parametrize(("dtype", "floor"), [(np.float32, 1e-5), (np.float16, 2e-2)])
@pytest.mark.parametrize("seed", range(4000, 4006))
def test_rounding_stays_that_of_the_type(seed: int, dtype: type[np.floating], floor: float) -> None:
    graph, twin = (random_graph(seed, Dialect(dtype=kind)) for kind in (dtype, np.float64))
    feeds = graph.draw(5, seed, seed)
    wide = {name: a.astype(np.float64) if a.dtype == dtype else a for name, a in feeds.items()}
    truth = run(session(twin.data), wide)
    truth = dict(zip(run(session(graph.data), feeds), truth.values(), strict=True))
    model = load(graph.data, name="graph")
    made = rewrite(model, graph.labels, Options(signature=Signature.COMPACT, candidates=500))
    given = bound(made.boundary.bindings, feeds, Signature.COMPACT)
    rewritten = run(session(data_of(Model(made.model, "rewritten"))), given)
    allowed = 10 * distance(truth, run(session(graph.data), feeds)) + floor
    assert distance(truth, rewritten) <= allowed
