from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
import pytest

from mari_engine import LabelError, ModelError, Prices, cut_frontier, load, offload
from mari_engine.feeds import make_feeds
from mari_engine.fuzzing import case_of
from mari_engine.graph import Model
from mari_engine.runtime import open_session
from mari_engine.serving.offload import cut_graph, load_offloaded
from mari_engine.types import InputLabel, Labels, PartKind, Role
from mari_engine.wording import certificate_in_words
from sample_models import labels_path, sample_path
from support.builders import build
from support.in_process import in_this_process  # noqa: F401 - a fixture for all here
from support.offload_models import Chain, joined_tower, label, weights

SAMPLES = ("two_tower", "mmoe_interleaved", "din", "dlrm", "dcn_v2", "deepfm_packed")
TOWER = label(u="user", i="item", price="item volatile")


def sample(name: str) -> tuple[Model, Labels]:
    return load(sample_path(name)), Labels.load(labels_path(name))


@pytest.mark.parametrize("name", SAMPLES)
def test_the_saved_chain_scores_as_the_original_does(name: str, tmp_path: Path) -> None:
    model, labels = sample(name)
    result = offload(model, labels, bandwidth=10**10)
    assert result.certificate.lossless, result.certificate.reason
    assert result.point.flops < result.frontier.whole.flops
    result.save(tmp_path / "o")
    feeds = make_feeds(model, labels, batch=40, seed=3)
    before, after = open_session(model).run(feeds), Chain(tmp_path / "o").run(feeds)
    for output, scores in before.items():
        np.testing.assert_allclose(after[output], scores, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("parts", [("request",), ("item",)])
def test_a_chain_of_two_parts_scores_as_the_original_does(
    parts: tuple[str, ...], tmp_path: Path
) -> None:
    model, labels = sample("mmoe_interleaved")
    result = offload(model, labels, parts=parts, bandwidth=10**10)
    assert set(result.parts) == {*map(PartKind, parts), PartKind.ONLINE}
    result.save(tmp_path / "o")
    feeds = make_feeds(model, labels, batch=7, seed=0)
    before, after = open_session(model).run(feeds), Chain(tmp_path / "o").run(feeds)
    for output, scores in before.items():
        np.testing.assert_allclose(after[output], scores, rtol=2e-4, atol=2e-5)


def test_stored_items_and_items_on_the_spot_score_alike(tmp_path: Path) -> None:
    model, labels = sample("dlrm")
    offload(model, labels, bandwidth=10**10).save(tmp_path / "o")
    chain, feeds = Chain(tmp_path / "o"), make_feeds(model, labels, batch=64, seed=1)
    catalogue = {
        name: np.concatenate([array, array[::-1]]) for name, array in feeds.items()
    }  # of a hundred items and more, in which the candidates lie first
    stored = chain.run_part(PartKind.ITEM, catalogue)
    fetched = {name: array[:64] for name, array in stored.items()}
    on_the_spot, looked_up = chain.run(feeds), chain.run(feeds, fetched)
    np.testing.assert_allclose(looked_up["score"], on_the_spot["score"], rtol=1e-5, atol=1e-6)


def test_a_volatile_feature_is_an_input_of_the_online_part_alone(tmp_path: Path) -> None:
    result = offload(load(joined_tower()), TOWER, bandwidth=10**12)
    assert result.certificate.lossless
    inputs = {
        kind: {value.name for value in part.ir.graph.inputs} for kind, part in result.parts.items()
    }
    assert "price" in inputs[PartKind.ONLINE]
    assert inputs[PartKind.ITEM] == {"i"}
    assert dict(result.frontier.reasons) == {"price": "its labels say that it is volatile"}


def test_what_could_be_stored_of_a_split_product_is_stored() -> None:
    model = load(joined_tower(cross=True, made=96))
    result = offload(model, label(u="user", i="item", c="cross", price="item"), bandwidth=10**12)
    assert result.certificate.lossless
    (vector,) = result.parts[PartKind.ITEM].ir.graph.outputs
    assert vector.shape is not None
    assert vector.shape[1] == 64  # of the hidden layer, and not the 96 + 1 columns before it
    assert vector.name == f"item_h0__{result.item_hash[:8]}"


def test_half_precision_is_told_with_the_error_that_was_measured(tmp_path: Path) -> None:
    model = load(joined_tower())
    result = offload(model, TOWER, bandwidth=10**12, store="float16")
    certificate = result.certificate
    assert certificate.passed
    assert not certificate.lossless
    (bound,) = certificate.bounds
    assert bound.output == "score"
    assert 1e-6 < bound.relative < 1e-2
    assert bound.requests >= 10
    assert certificate_in_words(certificate)[0].startswith("NOT lossless: rounded on purpose; on ")
    result.save(tmp_path / "o")
    assert "NOT lossless" in (tmp_path / "o" / "report.html").read_text(encoding="utf-8")
    (vector,) = load_offloaded(tmp_path / "o").item.outputs
    assert vector.dtype == "float16"
    assert result.item_hash != offload(model, TOWER, bandwidth=10**12).item_hash


def test_an_error_that_overflows_fails_the_check() -> None:
    data = build(
        "m = MatMul (i, big)\n r = Relu (m)\n a = Mul (r, u)\n score = Mul (a, small)",
        inputs="float[N, 64] i, float[N, 1] u", outputs="float[N, 96] score",
        weights={
            "big": np.full((64, 96), 1e7, np.float32), "small": np.full((1,), 1e-7, np.float32),
        },
    )  # fmt: skip
    labels = label(i="item", u="user")
    assert offload(load(data), labels, bandwidth=10**13).certificate.lossless
    failed = offload(load(data), labels, bandwidth=10**13, store="float16").certificate
    assert not failed.passed
    assert failed.reason.startswith("with values stored as float16, output 'score': another shape")


def test_the_cut_is_chosen_by_bytes() -> None:
    model, labels = sample("mmoe_interleaved")
    frontier = cut_frontier(model, labels)
    sizes = [point.bytes for point in frontier.points if point.fetched]
    for size in sizes:
        assert offload(model, labels, most_bytes=size + 3).point.bytes == size
    with pytest.raises(ModelError) as caught:
        offload(model, labels, most_bytes=100)
    assert str(caught.value) == (
        "mmoe_interleaved: no cut that fetches at most 100 bytes per candidate saves time; "
        f"give --bytes {min(sizes)} or more"
    )


def test_a_cut_between_two_of_the_frontier_is_made_and_told() -> None:
    model, labels = sample("dlrm")
    points = cut_frontier(model, labels).points
    above, below = [point for point in points if point.fetched][:2]
    result = offload(model, labels, most_bytes=above.bytes - 1)
    assert result.certificate.lossless, result.certificate.reason
    assert below.bytes < result.point.bytes < above.bytes
    assert above.seconds < result.point.seconds < below.seconds
    assert result.point in result.frontier.points
    assert result.point not in points


def test_expected_times_are_those_of_this_machine_with_autotune() -> None:
    model, labels = sample("two_tower")
    expected, timed = (cut_frontier(model, labels, autotune=tuned) for tuned in (False, True))
    pace = timed.whole.seconds / expected.whole.seconds
    assert pace != 1
    sizes = [[point.bytes for point in found.points] for found in (expected, timed)]
    assert sizes[0] == sizes[1]
    for before, after in zip(expected.points, timed.points, strict=True):
        assert after.seconds == pytest.approx(pace * before.seconds)


def test_the_frontier_falls() -> None:
    frontier = cut_frontier(*sample("dcn_v2"))
    points = frontier.points
    assert len(points) >= 3
    assert [p.bytes for p in points] == sorted({p.bytes for p in points}, reverse=True)
    assert [p.seconds for p in points] == sorted(p.seconds for p in points)
    assert points[0].seconds < frontier.whole.seconds


def test_the_item_hash_changes_with_the_items_weights_alone() -> None:
    plain = offload(load(joined_tower()), TOWER, bandwidth=10**12)
    again = offload(load(joined_tower()), TOWER, bandwidth=10**12)
    assert plain.item_hash == again.item_hash
    other = load(joined_tower())
    head, layer = (other.ir.graph.initializers[name] for name in ("W1", "Wi"))
    for value, same in ((head, True), (layer, False)):
        assert value.const_value is not None
        value.const_value = ir.tensor(value.const_value.numpy() * 2)
        assert (offload(other, TOWER, bandwidth=10**12).item_hash == plain.item_hash) is same


MIXING = build(
    "m = MatMul (i, W)\n s = Softmax <axis = 0> (m)\n score = Mul (s, u)",
    inputs="float[N, 64] i, float[N, 1] u",
    outputs="float[N, 96] score",
    weights=weights(W=(64, 96)),
)


def test_without_an_item_part_the_reason_is_told() -> None:
    first = build(
        "s = Softmax <axis = 0> (i)\n m = MatMul (s, W)\n score = Mul (m, u)",
        inputs="float[N, 64] i, float[N, 1] u", outputs="float[N, 96] score",
        weights=weights(W=(64, 96)),
    )  # fmt: skip
    labels = label(i="item", u="user")
    assert offload(load(MIXING), labels, bandwidth=10**13).certificate.lossless
    with pytest.raises(ModelError, match=r"no item part is possible, .*: it mixes candidates\)"):
        offload(load(first), labels, bandwidth=10**13)
    with pytest.raises(ModelError, match=r"i: it holds cross features"):
        offload(load(first), label(i="cross", u="user"), bandwidth=10**13)


def test_a_doubtful_label_is_refused() -> None:
    labels = Labels({**TOWER.inputs, "i": InputLabel(role=Role.ITEM, confidence=0.5)})
    with pytest.raises(LabelError, match="input i: its role is still in doubt"):
        offload(load(joined_tower()), labels, bandwidth=10**12)


def test_bytes_that_are_dear_are_not_fetched() -> None:
    with pytest.raises(ModelError, match="at 1,000 bytes per second it is faster to compute"):
        offload(load(joined_tower()), TOWER, bandwidth=1000)


def test_one_of_both_must_be_said() -> None:
    with pytest.raises(ModelError, match="give most_bytes or bandwidth"):
        offload(load(joined_tower()), TOWER)


def test_candidates_are_counted_on_what_the_online_part_has() -> None:
    data = build(
        """
        n = Shape <start = 0, end = 1> (i)
        k = Constant <value = int64[1] {4}> ()
        both = Concat <axis = 0> (n, k)
        row = Slice (u, zero, one, zero)
        tiled = Expand (row, both)
        made = MatMul (i, Wi)
        active = Relu (made)
        x = Concat <axis = 1> (tiled, active)
        gate = Softmax <axis = 1> (x)
        score = MatMul (gate, W)
        """,
        inputs="float[B, 4] u, float[N, 64] i",
        outputs="float[N, 1] score",
        weights=weights(Wi=(64, 96), W=(100, 1))
        | {"zero": np.array([0]), "one": np.array([1])},
    )  # fmt: skip
    labels = label(u="user", i="item")
    result = offload(load(data), labels, bandwidth=10**12)
    assert result.certificate.lossless, result.certificate.reason
    assert {value.name for value in result.parts[PartKind.ITEM].ir.graph.inputs} == {"i"}
    online = {value.name for value in result.parts[PartKind.ONLINE].ir.graph.inputs}
    assert "i" not in online


def test_tables_beside_the_model_go_with_their_part(tmp_path: Path) -> None:
    inside, labels = sample("two_tower")
    path = tmp_path / "beside.onnx"
    onnx.save(
        onnx.load(sample_path("two_tower")), path, save_as_external_data=True,
        location="beside.bin", size_threshold=1000,
    )  # fmt: skip
    result = offload(load(path), labels, bandwidth=10**10)
    assert result.item_hash == offload(inside, labels, bandwidth=10**10).item_hash
    result.save(tmp_path / "o")
    names = {each.name for each in (tmp_path / "o").iterdir()}
    assert {"item.onnx.data", "request.onnx.data"} <= names
    assert "online.onnx.data" not in names
    feeds = make_feeds(inside, labels, batch=9, seed=0)
    before, after = open_session(inside).run(feeds), Chain(tmp_path / "o").run(feeds)
    np.testing.assert_allclose(after["score"], before["score"], rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("seed", [3, 8, 1007, 1013])
def test_random_graphs_are_cut_losslessly(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cut_graph, "_REACH", 0.0)  # they are small, and would not be cut
    case = case_of(seed)
    free = Prices(node=1e-12, piece=1e-15)
    result = offload(load(case.data), case.labels, bandwidth=10**15, prices=free)
    assert result.certificate.lossless, result.certificate.reason
    assert PartKind.ITEM in result.parts
