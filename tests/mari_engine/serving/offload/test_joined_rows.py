from __future__ import annotations

from pathlib import Path

import numpy as np

from mari_engine import Labels, load, offload
from mari_engine.feeds import make_feeds
from mari_engine.runtime import open_session
from mari_engine.types import PartKind
from sample_models import labels_path, sample_path
from support.builders import build
from support.in_process import in_this_process  # noqa: F401 - a fixture for all here
from support.offload_models import Chain, label, weights


def test_values_of_a_type_lie_in_one_row(tmp_path: Path) -> None:
    model = load(sample_path("mmoe_interleaved"))
    labels = Labels.load(labels_path("mmoe_interleaved"))
    result = offload(model, labels, bandwidth=10**11)
    assert len(result.point.fetched) > 1
    (rows,) = result.parts[PartKind.ITEM].ir.graph.outputs
    assert rows.shape is not None
    assert rows.shape[1] == result.point.bytes // 4  # no item feature is needed online
    feeds = make_feeds(model, labels, batch=5, seed=0)
    result.save(tmp_path / "o")
    before, after = open_session(model).run(feeds), Chain(tmp_path / "o").run(feeds)
    for output, scores in before.items():
        np.testing.assert_allclose(after[output], scores, rtol=2e-4, atol=2e-5)


def test_values_of_other_types_and_extents_are_stored_beside_each_other(tmp_path: Path) -> None:
    """A vector, a matrix and a number of each item; computed ids are a type of their own."""
    data = build(
        """
        first = MatMul (i, W)
        second = MatMul (i, V)
        matrix = Reshape (second, cube)
        squares = Mul (first, first)
        number = ReduceSum <keepdims = 0> (squares, one)
        whole = ArgMax <axis = 1, keepdims = 0> (second)
        a = Mul (first, u)
        flat = Mul (matrix, u3)
        b = ReduceSum <keepdims = 0> (flat, two)
        c = Mul (number, u1)
        row = Gather (table, whole)
        d = Mul (row, u)
        x = Add (a, d)
        y = ReduceSum <keepdims = 0> (x, one)
        z = Add (y, c)
        sums = ReduceSum <keepdims = 0> (b, one)
        score = Add (z, sums)
        """,
        inputs="float[N, 64] i, float[N, 96] u, float[N, 8, 12] u3, float[N] u1",
        outputs="float[N] score",
        weights=weights(W=(64, 96), V=(64, 96), table=(96, 96))
        | {"cube": np.array([0, 8, 12]), "one": np.array([1]), "two": np.array([2])},
    )  # fmt: skip
    model, labels = load(data), label(i="item", u="user", u3="user", u1="user")
    result = offload(model, labels, bandwidth=10**13)
    assert result.certificate.lossless, result.certificate.reason
    assert len(result.point.fetched) > len(result.parts[PartKind.ITEM].ir.graph.outputs)
    result.save(tmp_path / "o")
    feeds = make_feeds(model, labels, batch=3, seed=0)
    before, after = open_session(model).run(feeds), Chain(tmp_path / "o").run(feeds)
    np.testing.assert_allclose(after["score"], before["score"], rtol=2e-4)
