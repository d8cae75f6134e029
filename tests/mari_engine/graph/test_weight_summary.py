from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

import mari_engine as mari
from mari_engine.graph.weight_summary import BINS, MOST
from support.builders import build, build_proto


def held(array: np.ndarray, *, extents: str = "float[N, 2]") -> mari.WeightSummary:
    data = build("y = Identity (x)", inputs=f"{extents} x", outputs=f"{extents} y")
    proto = onnx.load_from_string(data)
    proto.graph.initializer.append(onnx.numpy_helper.from_array(array, "W"))
    proto.graph.node.append(onnx.helper.make_node("Identity", ["W"], ["kept"]))
    kind = onnx.helper.np_dtype_to_tensor_dtype(array.dtype)
    proto.graph.output.append(onnx.helper.make_tensor_value_info("kept", kind, array.shape))
    return mari.summarize_weight(mari.load(proto.SerializeToString()), "W")


def test_the_figures_are_those_of_the_elements() -> None:
    array = np.random.default_rng(0).standard_normal((40, 25)).astype(np.float32)
    found = held(array)
    assert (found.dtype, found.shape, found.read, found.elements) == (
        "float32",
        (40, 25),
        1000,
        1000,
    )
    assert (found.least, found.most) == (array.min(), array.max())
    assert found.mean == pytest.approx(array.astype(np.float64).mean(), rel=1e-12)
    assert found.deviation == pytest.approx(array.astype(np.float64).std(), rel=1e-12)
    assert list(found.counts) == np.histogram(array.astype(np.float64), BINS)[0].tolist()
    assert found.values == ()


def test_few_elements_are_told_one_by_one() -> None:
    found = held(np.array([3, 0, -1], np.int64))
    assert found.values == (3.0, 0.0, -1.0)
    assert (found.zeros, sum(found.counts)) == (1, 3)


def test_elements_that_are_all_the_same_fall_into_one_bin() -> None:
    found = held(np.full((5, 5), 2.0, np.float32))
    assert (found.least, found.most, found.deviation) == (2.0, 2.0, 0.0)
    assert found.counts == (25, *[0] * (BINS - 1))


@pytest.mark.parametrize("largest", [np.inf, np.nan])
def test_what_is_not_finite_is_counted_apart(largest: float) -> None:
    found = held(np.array([1, 2, largest], np.float32))
    assert (found.infinite, found.least, found.most) == (1, 1.0, 2.0)
    assert found.values == ()


def test_a_weight_without_elements_has_no_histogram() -> None:
    assert held(np.zeros((0, 4), np.float32)).counts == ()


def test_extremes_do_not_overflow() -> None:
    largest = np.finfo(np.float64).max
    found = held(np.array([-largest, 0, largest]))
    assert found.mean == 0.0
    assert np.isfinite(found.deviation)
    assert sum(found.counts) == 3


def test_a_large_weight_is_read_in_stretches(tmp_path: Path) -> None:
    array = np.arange(3 * MOST, dtype=np.float32).reshape(3, MOST)
    proto = build_proto(
        "y = MatMul (x, W)",
        inputs="float[N, 3] x", outputs=f"float[N, {MOST}] y", weights={"W": array},
    )  # fmt: skip
    onnx.save(proto, tmp_path / "m.onnx", save_as_external_data=True, location="m.data")
    found = mari.summarize_weight(mari.load(tmp_path / "m.onnx"), "W")
    assert (found.read, found.elements) == (MOST, 3 * MOST)
    assert (found.least, found.most) == (0.0, array.max())
    assert min(found.counts) > 0


def test_an_unknown_weight_is_an_error() -> None:
    model = mari.load(build("y = Relu (x)", inputs="float[N] x", outputs="float[N] y"), name="m")
    with pytest.raises(mari.ModelError, match="m: there is no weight 'W'"):
        mari.summarize_weight(model, "W")
