"""What cannot be measured is told, and is never an error."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
import pytest

from mari_engine.loading import load
from mari_engine.metering import measure
from mari_engine.metering.variation import Observation
from mari_engine.pipeline import plan
from mari_engine.types import Flops, Labels, Measurement
from support.builders import build, build_proto
from support.rewrite_checks import roles

SIDES = roles(user="user", item="item")


def weight(*shape: int) -> np.ndarray:
    return np.random.default_rng(shape).standard_normal(shape).astype(np.float32)


def measured(data: bytes, labels: Labels = SIDES) -> Measurement:
    return measure(plan(load(data, name="g"), labels))


def test_a_model_without_products() -> None:
    data = build(
        "y = Add (user, item)",
        inputs="float[N, 2] user, float[N, 2] item",
        outputs="float[N, 2] y",
    )
    found = measured(data)
    assert found.products == ()
    assert found.ratio == 1.0
    assert found.time is not None


def test_a_batch_that_is_fixed_at_two() -> None:
    data = build(
        "j = Concat <axis = 1> (user, item) y = MatMul (j, W)",
        inputs="float[2, 2] user, float[2, 2] item",
        outputs="float[2, 2] y",
        weights={"W": weight(4, 2)},
    )
    found = measured(data)
    assert "fixed at 2 candidates" in found.notes[0]
    assert "--free-batch" in found.notes[0]
    assert found.products[0].unmeasured
    assert found.ratio is None


def test_a_batch_that_is_fixed_at_one() -> None:
    data = build(
        "j = Concat <axis = 1> (user, item) y = MatMul (j, W)",
        inputs="float[1, 3] user, float[1, 2] item",
        outputs="float[1, 2] y",
        weights={"W": weight(5, 2)},
    )
    found = measured(data)
    assert found.candidates == 1
    assert found.products[0].attainable == Flops(2 * 3 * 2, 2 * 2 * 2)
    assert any("fixed at 1" in note for note in found.notes)


def test_a_model_that_takes_no_fewer_than_two_candidates(capfd: pytest.CaptureFixture[str]) -> None:
    """Squeeze without axes takes the candidates away where there is one."""
    data = build(
        """
        tall = Unsqueeze (user, one)
        short = Squeeze (tall)
        pairs = Concat <axis = 1> (short, item)
        y = MatMul (pairs, W)
        z = MatMul (once, K)
        """,
        inputs="float[N, 3] user, float[N, 2] item, float[1, 3] once",
        outputs="float[N, 2] y, float[1, 4] z",
        weights={"W": weight(5, 2), "K": weight(3, 4), "one": np.array([1])},
    )
    found = measured(data, roles(user="user", item="item", once="user"))
    first, second = found.products
    assert first.before == Flops(0, 2 * 5 * 2)
    assert first.attainable == Flops(2 * 3 * 2, 2 * 2 * 2)
    assert second.before == second.attainable == Flops(2 * 3 * 4, 0)
    assert "each was sent twice" in found.notes[0]
    assert "Non-zero status" not in capfd.readouterr().err


def test_products_without_a_declaration() -> None:
    data = build(
        """
        wide = Unsqueeze (item, one)
        q, s, z = DynamicQuantizeLinear (wide)
        p = ConvInteger (q, W, z)
        y = Cast <to = 1> (p)
        """,
        inputs="float[N, 4] user, float[N, 4] item",
        outputs="float[N, 2, 3] y",
        weights={"W": np.ones((2, 1, 2), np.uint8), "one": np.array([1])},
    )
    found = measured(data)
    (only,) = found.products
    assert "ConvInteger" in only.unmeasured
    assert only.before is None
    assert found.ratio is None


def test_candidates_that_are_compared_with_one_another() -> None:
    data = build(
        "t = Transpose <perm = [1, 0]> (item) y = MatMul (item, t)",
        inputs="float[N, 4] item",
        outputs="float[N, N] y",
    )
    (only,) = measured(data, roles(item="item")).products
    assert "faster than the candidates" in only.unmeasured


def test_random_values_are_told() -> None:
    data = build(
        "r = RandomNormalLike (item) s = Add (r, item) y = MatMul (s, W)",
        inputs="float[N, 4] item",
        outputs="float[N, 2] y",
        weights={"W": weight(4, 2)},
    )
    found = measured(data, roles(item="item"))
    assert any(note.startswith("random") and "r" in note for note in found.notes)
    assert "random" in found.products[0].unmeasured


def test_shapes_that_depend_on_the_data() -> None:
    data = build(
        """
        picked = Compress <axis = 1> (item, which)
        turned = Transpose <perm = [1, 0]> (picked)
        y = MatMul (turned, item)
        """,
        inputs="bool[4] which, float[N, 4] item",
        outputs="float[K, 4] y",
    )
    (only,) = measured(data, roles(which="user", item="item")).products
    assert "depends on the data" in only.unmeasured


def test_products_inside_bodies_are_named() -> None:
    data = build(
        """
        some = ReduceSum <keepdims = 0> (user)
        yes = Greater (some, zero)
        y = If (yes) <
          then_branch = t () => (float[N, 2] a) { a = MatMul (item, W) },
          else_branch = e () => (float[N, 2] b) { b = MatMul (item, V) }
        >
        """,
        inputs="float[1, 4] user, float[N, 4] item",
        outputs="float[N, 2] y",
        weights={"W": weight(4, 2), "V": weight(4, 2), "zero": np.array(0, np.float32)},
    )
    found = measured(data)
    assert any("bodies" in note and "MatMul" in note for note in found.notes)


def test_strings_and_lengths_of_any_size() -> None:
    data = build(
        """
        known = Equal (word, hello)
        bit = Cast <to = 1> (known)
        summed = ReduceSum <keepdims = 0> (history, one)
        j = Concat <axis = 1> (summed, bit)
        y = MatMul (j, W)
        """,
        inputs="float[N, L, 3] history, string[N, 2] word",
        outputs="float[N, 2] y",
        weights={"W": weight(5, 2), "one": np.array([1]), "hello": np.array(["1"], object)},
        opset=19,
    )
    (only,) = measured(data, roles(history="user", word="item")).products
    assert only.attainable == Flops(2 * 3 * 2, 2 * 2 * 2)


def test_an_observation_compares_exactly() -> None:
    seen = Observation(closely=True, along=True)
    first = np.array([[np.nan, 0.0, 1.0], [np.nan, -0.0, 2.0]])
    second = np.array([[np.nan, -0.0, 1.0 + 1e-15], [np.nan, 0.0, 2.0]])
    seen.see(first, first=True)
    seen.see(second, first=False)
    assert seen.varies.tolist() == [[False, False, True], [False, False, False]]
    assert seen.same[0].tolist() == [[True, True, False]]
    assert seen.same[1].tolist() == [[False], [False]]
    seen.see_again(first)
    assert not seen.random
    seen.see_again(second)
    assert seen.random


@pytest.mark.parametrize("closely", [True, False])
def test_users_are_not_compared_with_one_another(closely: bool) -> None:
    seen = Observation(closely=closely)
    for user in (1.0, 2.0):
        for number in range(2):
            seen.see(np.array([user]), first=number == 0)
    assert not seen.differs


def test_tables_in_files_are_never_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    proto = build_proto(
        "e = Gather (table, item) j = Concat <axis = 1> (user, e) y = MatMul (j, W)",
        inputs="float[N, 3] user, int64[N] item",
        outputs="float[N, 2] y",
        weights={"table": weight(5000, 4), "W": weight(7, 2)},
    )
    path = tmp_path / "m.onnx"
    onnx.save_model(proto, path, save_as_external_data=True, size_threshold=1024)
    planned = plan(load(path), SIDES)

    def refuse(tensor: ir.ExternalTensor) -> np.ndarray:
        raise AssertionError(f"{tensor.name} was read")

    monkeypatch.setattr(ir.ExternalTensor, "numpy", refuse)
    (only,) = measure(planned).products
    assert only.attainable == Flops(2 * 3 * 2, 2 * 4 * 2)


def test_a_row_whose_only_candidate_was_squeezed_away_is_no_matrix() -> None:
    data = build(
        "j = Concat <axis = 1> (user, item) s = Squeeze (j) y = Gemm (s, W)",
        inputs="float[N, 2] user, float[N, 2] item",
        outputs="float[N, 3] y",
        weights={"W": weight(4, 3)},
    )
    (only,) = measured(data).products
    assert "no matrix" in only.unmeasured
