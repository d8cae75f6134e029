import numpy as np
import pytest

from mari_engine.errors import ModelError
from mari_engine.graph import Model
from mari_engine.loading import load
from mari_engine.runtime import open_session
from support.builders import build

TABLE = np.random.default_rng(0).standard_normal((10, 4)).astype(np.float32)
WEIGHT = np.random.default_rng(1).standard_normal((12, 1)).astype(np.float32)


def frozen(batch: int, *, last: str = "y = Sigmoid (z)") -> bytes:
    """A lookup of three ids, flattened by a Reshape that writes the frozen batch."""
    return build(
        f"e = Gather (table, id)\n flat = Reshape (e, shape)\n z = MatMul (flat, w)\n {last}",
        inputs=f"int64[{batch}, 3] id",
        outputs=f"float[{batch}, 1] y",
        weights={"table": TABLE, "w": WEIGHT, "shape": np.array([batch, 12], np.int64)},
    )


def run(model: Model, **feeds: np.ndarray) -> np.ndarray:
    return np.asarray(next(iter(open_session(model).run(feeds).values())))


def extents(model: Model) -> tuple[list[object], list[object]]:
    (given,), (result,) = model.ir.graph.inputs, model.ir.graph.outputs
    assert given.shape is not None
    assert result.shape is not None
    return [str(e) for e in given.shape], [str(e) for e in result.shape]


@pytest.mark.parametrize("batch", [1, 2])
def test_a_frozen_batch_is_freed(batch: int) -> None:
    model = load(frozen(batch), free_batch=True)
    assert extents(model) == (["N", "3"], ["N", "1"])
    ids = np.array([[0, 1, 2], [9, 8, 7], [3, 3, 3], [4, 5, 6]])
    wanted = 1 / (1 + np.exp(-(TABLE[ids].reshape(4, 12) @ WEIGHT)))
    assert np.abs(run(model, id=ids) - wanted).max() < 1e-6


@pytest.mark.parametrize("axis", [0, -3])
def test_rows_that_are_laid_out_as_one_are_freed(axis: int) -> None:
    """Flatten of the only row from axis 0 on: `[1, 3, 4] -> [1, 12]`."""
    data = build(
        f"e = Gather (table, id)\n flat = Flatten <axis = {axis}> (e)\n y = MatMul (flat, w)",
        inputs="int64[1, 3] id",
        outputs="float[1, 1] y",
        weights={"table": TABLE, "w": WEIGHT},
    )
    model = load(data, free_batch=True)
    assert extents(model) == (["N", "3"], ["N", "1"])
    ids = np.array([[0, 1, 2], [9, 8, 7]])
    assert np.abs(run(model, id=ids) - TABLE[ids].reshape(2, 12) @ WEIGHT).max() < 1e-6


def test_a_model_stays_frozen_unless_asked() -> None:
    assert extents(load(frozen(2))) == (["2", "3"], ["2", "1"])


def test_a_free_batch_is_left_alone() -> None:
    data = build("y = Relu (x)", inputs="float[B, 3] x", outputs="float[B, 3] y")
    assert extents(load(data, free_batch=True)) == (["B", "3"], ["B", "3"])


def test_inputs_of_one_row_stay_so_beside_a_frozen_batch() -> None:
    data = build(
        "y = Add (user, item)",
        inputs="float[1, 3] user, float[2, 3] item",
        outputs="float[2, 3] y",
    )
    model = load(data, free_batch=True)
    shapes = [str(value.shape) for value in model.ir.graph.inputs]
    assert shapes == ["[1,3]", "[N,3]"]


def test_inputs_without_a_common_batch_are_refused() -> None:
    data = build(
        "y = MatMul (a, b)", inputs="float[2, 3] a, float[3, 4] b", outputs="float[2, 4] y"
    )
    with pytest.raises(ModelError, match="the inputs have 2, 3 rows, no common batch"):
        load(data, free_batch=True)


def test_rows_that_depend_on_each_other_are_refused() -> None:
    with pytest.raises(ModelError, match="its rows depend on each other; export the model with"):
        load(frozen(2, last="y = Softmax <axis = 0> (z)"), free_batch=True)


def test_a_node_that_fixes_the_batch_is_named() -> None:
    data = build(
        "t = Transpose <perm = [1, 0]> (x)\n r = Reshape (t, shape)\n y = Relu (r)",
        inputs="float[2, 4] x",
        outputs="float[2, 4] y",
        weights={"shape": np.array([2, 4], np.int64)},
    )
    with pytest.raises(ModelError, match="Reshape 'Reshape' fixes the batch at 2; export"):
        load(data, free_batch=True)
