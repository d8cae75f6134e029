"""Lookups at packed columns as one lookup on stacked tables: the same bits, the same failures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime as ort
import pytest

from mari_engine import Labels, load, make_feeds, plan, selection_in_words
from mari_engine.analysis import survey_model
from mari_engine.graph import Model
from mari_engine.rewriting.context import Options
from mari_engine.rewriting.cost import Prices
from mari_engine.rewriting.stacked_tables import stack_lookups
from mari_engine.types import Column, InputLabel, Role, Signature
from support.builders import build
from support.packed_models import packed_tower, random_packed_model

DEAR_NODES = Options(
    signature=Signature.DROP_IN, candidates=5, prices=replace(Prices(), node=1e-3)
)  # fmt: skip
"""With which every lookup that may be stacked is."""
FIELDS, WIDTH, ROWS = 24, 4, 9


def stacked(data: bytes, options: Options = DEAR_NODES, *, typed: bool = True) -> bytes | None:
    """Return a model with its tables stacked, None where none were."""
    clone = load(data).ir.clone()
    for node in () if typed else clone.graph:
        for value in node.outputs:
            value.type = value.type if value.is_graph_output() else None
    survey = survey_model(Model(clone, "packed"), frozenset({"N"}))
    if not stack_lookups(Model(clone, "packed"), survey, options, ()):
        return None
    return bytes(ir.to_proto(clone).SerializeToString())


def run(data: bytes, feeds: Mapping[str, np.ndarray], *, plain: bool = False) -> list[np.ndarray]:
    """Return a model's results; `plain` leaves out onnxruntime's optimizations."""
    options = ort.SessionOptions()
    options.log_severity_level = 4
    if plain:
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    return list(session.run(None, dict(feeds)))


def fails(data: bytes, feeds: Mapping[str, np.ndarray]) -> bool:
    try:
        run(data, feeds)
    except Exception:  # onnxruntime's own kinds of errors
        return True
    return False


def test_random_models_are_stacked_about_as_often_as_not() -> None:
    found = [stacked(random_packed_model(seed).data) is not None for seed in range(40)]
    assert 12 < sum(found) < 36


@pytest.mark.parametrize("seed", range(40))
def test_the_same_bits_for_ids_from_either_end_of_their_tables(seed: int) -> None:
    model, rng = random_packed_model(seed), np.random.default_rng(seed)
    new = stacked(model.data, typed=seed % 3 > 0) or b""
    for candidates in (0, 1, 2, 7) if new else ():
        feeds = model.request(candidates, rng)
        expected, found = (run(each, feeds, plain=seed % 2 > 0) for each in (model.data, new))
        assert [a.tobytes() for a in expected] == [b.tobytes() for b in found]
        assert [(a.shape, a.dtype) for a in expected] == [(b.shape, b.dtype) for b in found]


@pytest.mark.parametrize("seed", range(40))
def test_an_id_of_no_row_fails_and_reads_no_other_table(seed: int) -> None:
    model, rng = random_packed_model(seed), np.random.default_rng(seed)
    new = stacked(model.data) or b""
    column = int(rng.choice(np.flatnonzero(model.rows)))
    beyond: list[float] = [model.rows[column], -model.rows[column] - 1, 2**31 - 1, -(2**31)]
    if model.dtype.kind == "f":
        beyond += [np.nan, np.inf, -np.inf, 1e30]
    for number in beyond if new else ():
        feeds = model.request(3, rng)
        assert not fails(new, feeds)
        feeds["X"][1, column] = number
        assert fails(model.data, feeds)
        assert fails(new, feeds)


@pytest.mark.parametrize("first", ["flat", "wide"])
def test_rows_with_and_without_an_axis_for_their_column_are_of_one_stack(first: str) -> None:
    flat, wide, rng = range(10), range(10, FIELDS), np.random.default_rng(0)
    picked = [f"c{at} = Gather <axis = 1> (k, i{at}) r{at} = Gather (t{at}, c{at})" for at in flat]
    cut = [
        f"c{at} = Slice (k, b{at}, b{at + 1}, one) w{at} = Gather (t{at}, c{at})"
        f" r{at} = Neg (w{at})"
        for at in wide
    ]
    body = " ".join([*picked, *cut] if first == "flat" else [*cut, *picked])
    joined = {name: ", ".join(f"r{at}" for at in ats) for name, ats in (("y", flat), ("z", wide))}
    data = build(
        f"k = Cast <to = 7> (X) {body} y = Concat <axis = 1> ({joined['y']})"
        f" z = Concat <axis = 2> ({joined['z']})",
        inputs=f"float[N, {FIELDS}] X",
        outputs="float[N, A] y, float[N, 1, B] z",
        weights={
            **{f"t{at}": rng.normal(size=(ROWS, WIDTH)).astype("f") for at in range(FIELDS)},
            **{f"i{at}": np.array(at) for at in flat},
            **{f"b{at}": np.array([at]) for at in range(FIELDS + 1)},
            "one": np.array([1]),
        },
    )
    new = stacked(data)
    assert new is not None
    feeds = {"X": rng.integers(0, ROWS, (5, FIELDS)).astype("f")}
    for found, wanted in zip(run(new, feeds), run(data, feeds), strict=True):
        np.testing.assert_array_equal(found, wanted)


def labels(fields: int, request: int) -> Labels:
    """Return labels by which the first columns are the user's and the others the item's."""
    columns = (
        Column(start=0, stop=request, role=Role.USER),
        Column(start=request, stop=fields, role=Role.ITEM),
    )
    return Labels({"X": InputLabel(columns=columns)})


def planned(data: bytes, signature: Signature = Signature.DROP_IN, **options: object) -> bytes:
    """Return what a model of user's and item's columns is rewritten to."""
    own = labels(FIELDS, FIELDS // 2)
    made = plan(load(data), own, signature=signature, candidates=500, autotune=False, **options)  # type: ignore[arg-type]
    return bytes(ir.to_proto(made.optimized.ir).SerializeToString())


def test_each_side_looks_up_once_and_one_stack_serves_both() -> None:
    data = packed_tower(FIELDS, WIDTH, ROWS)
    new = planned(data)
    graph = onnx.load_from_string(new).graph
    stacks = [node for node in graph.node if node.op_type == "Concat" and len(node.input) == FIELDS]
    assert len(stacks) == 1
    (stack,) = stacks
    readers = [node for node in graph.node if stack.output[0] in node.input]
    assert [node.op_type for node in readers] == ["Gather", "Gather"]
    for candidates in (1, 5):
        feeds = make_feeds(load(data), labels(FIELDS, FIELDS // 2), batch=candidates, seed=0)
        feeds["X"][:, ::3] -= ROWS
        feeds["X"][:, : FIELDS // 2] = feeds["X"][:1, : FIELDS // 2]
        np.testing.assert_allclose(run(new, feeds)[0], run(data, feeds)[0], rtol=1e-5, atol=1e-6)


def test_the_file_holds_each_table_once_under_its_name() -> None:
    data = packed_tower(FIELDS, WIDTH, ROWS)
    before, after = (onnx.load_from_string(each).graph for each in (data, planned(data)))
    tables = {
        each.name: each.raw_data for each in before.initializer if list(each.dims) == [ROWS, WIDTH]
    }
    kept = {each.name: each.raw_data for each in after.initializer if each.name in tables}
    assert len(tables) == FIELDS + 1
    assert kept == tables
    assert not [each for each in after.initializer if each.dims[:1] == [FIELDS * ROWS]]


def test_no_constant_is_left_that_only_a_single_lookup_read() -> None:
    """Runtimes warn of each when they load the model."""
    graph = onnx.load_from_string(planned(packed_tower(FIELDS, WIDTH, ROWS))).graph
    read = {name for node in graph.node for name in node.input}
    assert {each.name for each in graph.initializer} <= read


def test_a_kept_lookup_and_a_table_that_is_read_elsewhere_stay() -> None:
    data = packed_tower(FIELDS, WIDTH, ROWS, shared=True)
    new = planned(data, keep=("lookup_3",))
    nodes = onnx.load_from_string(new).graph.node
    assert {"lookup_3", "lookup_0"} <= {node.name for node in nodes}
    assert "lookup_5" not in {node.name for node in nodes}


def test_tables_in_another_file_stay_there(tmp_path: Path) -> None:
    path = tmp_path / "packed.onnx"
    proto = onnx.load_from_string(packed_tower(FIELDS, 64, 1024))
    onnx.save(proto, path, save_as_external_data=True, size_threshold=1024)
    made = plan(load(path), labels(FIELDS, FIELDS // 2), candidates=500, autotune=False)
    assert {f"lookup_{at}" for at in range(FIELDS)} <= {
        node.name for node in made.optimized.ir.graph
    }


def test_few_lookups_stay_as_they_are() -> None:
    data = packed_tower(3, WIDTH, ROWS)
    assert stacked(data) is None
    cheap = replace(DEAR_NODES, prices=Prices(node=0.0, piece=0.0))
    assert stacked(packed_tower(FIELDS, WIDTH, ROWS), cheap) is None


def test_new_nodes_name_the_lookups_that_they_stand_for() -> None:
    made = plan(
        load(packed_tower(FIELDS, WIDTH, ROWS)), labels(FIELDS, FIELDS // 2), candidates=500,
        autotune=False,
    )  # fmt: skip
    sources = {
        name
        for node in made.optimized.ir.graph
        if node.op_type == "Gather"
        for name in node.metadata_props["mari.source"].split("\n")
    }
    assert {f"lookup_{at}" for at in range(FIELDS)} <= sources


def weights(model: bytes) -> int:
    """Return the bytes of all initializers of a file."""
    return sum(
        onnx.numpy_helper.to_array(each).nbytes
        for each in onnx.load_from_string(model).graph.initializer
    )


@pytest.mark.parametrize("shared", [False, True])
def test_the_bytes_before_and_after_are_those_of_the_files(shared: bool) -> None:
    data = packed_tower(FIELDS, WIDTH, ROWS, shared=shared)
    clone = load(data).ir.clone()
    before = weights(bytes(ir.to_proto(clone).SerializeToString()))
    survey = survey_model(Model(clone, "packed"), frozenset({"N"}))
    told = stack_lookups(Model(clone, "packed"), survey, DEAR_NODES, ())
    assert told is not None
    count = FIELDS - shared
    assert (told.lookups_before, told.lookups_after) == (count, 1)
    cut = 3 * 8  # where a column begins, where it ends, and its axis
    assert told.bytes_before == count * (ROWS * WIDTH * 4 + cut)
    grown = weights(bytes(ir.to_proto(clone).SerializeToString())) - before
    assert told.bytes_after - told.bytes_before == grown > 0


def test_the_selection_tells_them() -> None:
    made = plan(
        load(packed_tower(FIELDS, WIDTH, ROWS)), labels(FIELDS, FIELDS // 2), candidates=500,
        autotune=False,
    )  # fmt: skip
    told = made.selection.stacked
    assert told is not None
    assert (told.lookups_before, told.lookups_after) == (FIELDS, 2)
    assert (
        "24 lookups became 2 on stacked tables: 3.63 kB of weights before"
        in (selection_in_words(made.selection)[-1])
    )
