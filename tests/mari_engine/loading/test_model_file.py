import hashlib
from pathlib import Path

import numpy as np
import onnx
import pytest

from mari_engine.errors import ModelError
from mari_engine.graph import Model
from mari_engine.loading import load
from mari_engine.runtime import open_session
from support.builders import build, build_proto, ranking_tower


def run(model: Model, **feeds: np.ndarray) -> list[np.ndarray]:
    return list(open_session(model).run(feeds).values())


def ops(model: Model) -> list[str]:
    return [node.op_type for node in model.ir.graph]


def test_a_path_and_its_bytes_are_the_same_model(tmp_path: Path) -> None:
    data = ranking_tower()
    (tmp_path / "ranker.onnx").write_bytes(data)
    by_path, by_bytes = load(tmp_path / "ranker.onnx"), load(data, name="ranker")
    assert by_path.sha256 == by_bytes.sha256 == hashlib.sha256(data).hexdigest()
    assert by_path.name == by_bytes.name == "ranker"
    assert ops(by_path) == ops(by_bytes) == ["Concat", "Gemm", "Relu", "Gemm"]
    assert by_path.opset == 17
    assert (tmp_path / "ranker.onnx").read_bytes() == data


def test_functions_are_inlined_and_keep_their_results() -> None:
    proto = onnx.parser.parse_model(
        """
        <ir_version: 8, opset_import: ["" : 17, "my" : 1]>
        g (float[N, 3] x) => (float[N, 3] z) {
            y = my.twice (x)
            z = my.twice (y)
        }
        <domain: "my", opset_import: ["" : 17]>
        twice (a) => (b) { b = Add (a, a) }
        """
    )
    model = load(proto.SerializeToString())
    assert ops(model) == ["Add", "Add"]
    assert not model.ir.functions
    (z,) = run(model, x=np.ones((2, 3), np.float32))
    assert np.array_equal(z, np.full((2, 3), 4, np.float32))
    assert [value.name for value in model.ir.graph.outputs] == ["z"]


def test_every_constant_is_an_initializer_and_no_input() -> None:
    proto = build_proto(
        "k = Constant <value_float = 2.0> ()\n y = Mul (x, k)\n z = Add (y, w)",
        inputs="float[N] x, float[1] w",
        outputs="float[N] z",
        weights={"w": np.ones(1, np.float32)},
    )
    model = load(proto.SerializeToString())
    assert [value.name for value in model.ir.graph.inputs] == ["x"]
    assert sorted(model.ir.graph.initializers) == ["k", "w"]
    assert ops(model) == ["Mul", "Add"]


def test_names_are_unique_and_those_that_were_there_stay() -> None:
    proto = build_proto(
        "a = Relu (x)\n b = Relu (a)\n c = Relu (b)", inputs="float[N] x", outputs="float[N] c"
    )
    proto.graph.node[1].name = "mine"
    proto.graph.node[2].name = "mine"
    model = load(proto.SerializeToString())
    names = [node.name for node in model.ir.graph]
    assert names == ["Relu", "mine", "mine_1"]
    assert [node.outputs[0].name for node in model.ir.graph] == ["a", "b", "c"]


def test_metadata_stay() -> None:
    proto = build_proto("y = Relu (x)", inputs="float[N] x", outputs="float[N] y")
    proto.graph.node[0].metadata_props.add(key="namespace", value="tower")
    proto.metadata_props.add(key="owner", value="ranking")
    model = load(proto.SerializeToString())
    assert next(iter(model.ir.graph)).metadata_props["namespace"] == "tower"
    assert model.ir.metadata_props["owner"] == "ranking"


def test_unused_nodes_go_and_unused_inputs_stay() -> None:
    body = "y = Relu (x)\n dead = Exp (unused)"
    model = load(build(body, inputs="float[N] x, float[N] unused", outputs="float[N] y"))
    assert ops(model) == ["Relu"]
    assert [value.name for value in model.ir.graph.inputs] == ["x", "unused"]


def test_nodes_may_come_in_any_order() -> None:
    proto = build_proto("b = Relu (a)\n a = Exp (x)", inputs="float[N] x", outputs="float[N] b")
    assert ops(load(proto.SerializeToString())) == ["Exp", "Relu"]


def test_sizes_of_a_wide_split_are_seen_by_shape_inference() -> None:
    sizes = np.ones(300, np.int64)
    names = ", ".join(f"c{at}" for at in range(300))
    body = f"{names} = Split <axis = 1> (x, sizes)\n y = Concat <axis = 1> ({names})"
    model = load(
        build(body, inputs="float[N, 300] x", outputs="float[N, 300] y", weights={"sizes": sizes})
    )
    first = next(iter(model.ir.graph)).outputs[0]
    assert first.shape is not None
    assert list(first.shape)[1] == 1


def test_ten_thousand_nodes_are_normalized_alike() -> None:
    body = "\n".join(f"v{at + 1} = Relu (v{at})" for at in range(10_000))
    model = load(build(body, inputs="float[N, 3] v0", outputs="float[N, 3] v10000"))
    assert len(ops(model)) == 10_000
    assert len({node.name for node in model.ir.graph}) == 10_000


X, Y = "float[N] x", "float[N] y"


def altered(**changes: int) -> bytes:
    proto = onnx.load_model_from_string(ranking_tower())
    for field, version in changes.items():
        setattr(proto.opset_import[0], field, version)
    return bytes(proto.SerializeToString())


def without_graph() -> bytes:
    return bytes(onnx.ModelProto(ir_version=8).SerializeToString())


def undefined_value() -> bytes:
    return build("y = Add (x, nowhere)", inputs="float[N] x", outputs="float[N] y")


def doubled_value() -> bytes:
    return build("a = Exp (x)\n a = Relu (x)", inputs="float[N] x", outputs="float[N] a")


def lost_output() -> bytes:
    return build("a = Relu (x)", inputs="float[N] x", outputs="float[N] y")


def cyclic() -> bytes:
    return build("a = Add (x, b)\n b = Relu (a)", inputs="float[N] x", outputs="float[N] b")


BAD = [
    (b"not a model", "not an ONNX"),
    (b"", "not an ONNX model with a graph"),
    (without_graph(), "not an ONNX model with a graph"),
    (altered(version=6), "opset 6 is too old; export with opset 11 or later"),
    (undefined_value(), "uses 'nowhere', which nothing gives"),
    (doubled_value(), "a node Relu gives 'a' again"),
    (lost_output(), "nothing gives the output 'y'"),
    (cyclic(), "not a valid ONNX model"),
    (
        build("y = Gather (x)", inputs=X, outputs=Y),
        "a node Gather: Node with schema(::Gather:13) has input size 1",
    ),
    (
        build("y = Relu (x)", inputs="float[9999999999] x", outputs=Y),
        "input 'x' has 9999999999 elements in a request of 1 rows",
    ),
]


@pytest.mark.parametrize(("data", "message"), BAD, ids=[message for _, message in BAD])
def test_what_is_no_such_model_is_refused_in_one_line(data: bytes, message: str) -> None:
    with pytest.raises(ModelError) as refused:
        load(data, name="bad")
    assert message in str(refused.value)
    assert str(refused.value).startswith("bad:")
    assert "\n" not in str(refused.value)


def test_a_negative_extent_is_an_unknown_one() -> None:
    proto = build_proto("y = Slice (x, a, b)", inputs="float[N] x", outputs="float[N] y")
    proto.graph.input[0].type.tensor_type.shape.dim[0].dim_value = -1
    for name in ("a", "b"):
        proto.graph.initializer.append(onnx.numpy_helper.from_array(np.array([-1]), name))
    (value,) = load(proto.SerializeToString()).ir.graph.inputs
    assert value.shape is not None
    assert not isinstance(value.shape[0], int)


def test_a_long_list_of_ids_is_not_taken_for_a_shape() -> None:
    body = "one = Constant <value_ints = [1]> ()\n y = Unsqueeze (x, one)"
    model = load(build(body, inputs="int64[100000000] x", outputs="int64[A, B] y"))
    assert ops(model) == ["Unsqueeze"]


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "no.onnx", tmp_path):
        with pytest.raises(ModelError, match="there is no such file"):
            load(path)


def test_functions_that_multiply_are_refused_before_they_are_inlined() -> None:
    functions = "\n".join(
        f'<domain: "my", opset_import: ["" : 17, "my" : 1]> f{at} (a) => (b) '
        f"{{ c = my.f{at + 1} (a) b = my.f{at + 1} (c) }}"
        for at in range(30)
    )
    last = '<domain: "my", opset_import: ["" : 17]> f30 (a) => (b) { b = Relu (a) }'
    proto = onnx.parser.parse_model(
        '<ir_version: 8, opset_import: ["" : 17, "my" : 1]> '
        f"g (float[N] x) => (float[N] y) {{ y = my.f0 (x) }} {functions} {last}"
    )
    with pytest.raises(ModelError, match=f"{2**30} nodes; the engine takes at most"):
        load(proto.SerializeToString())


def test_functions_that_call_themselves_are_refused() -> None:
    proto = onnx.parser.parse_model(
        """
        <ir_version: 8, opset_import: ["" : 17, "my" : 1]>
        g (float[N] x) => (float[N] y) { y = my.f (x) }
        <domain: "my", opset_import: ["" : 17, "my" : 1]>
        f (a) => (b) { b = my.f (a) }
        """
    )
    with pytest.raises(ModelError, match="function 'f' calls itself"):
        load(proto.SerializeToString())


def test_a_model_without_standard_operators_needs_no_version_of_them() -> None:
    node = onnx.helper.make_node("Scaler", ["x"], ["y"], domain="ai.onnx.ml", scale=[2.0])
    graph = onnx.helper.make_graph(
        [node],
        "g",
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["N", 3])],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, ["N", 3])],
    )
    opset = onnx.helper.make_opsetid("ai.onnx.ml", 3)
    proto = onnx.helper.make_model(graph, opset_imports=[opset], ir_version=8)
    assert load(proto.SerializeToString()).opset == 18


def test_probabilities_as_a_list_of_maps_are_refused_by_node_with_the_remedy() -> None:
    proto = build_proto("y = Relu (x)", inputs="float[N, 2] x", outputs="float[N, 2] y")
    node = onnx.helper.make_node("ZipMap", ["y"], ["scores"], name="zip", domain="ai.onnx.ml")
    node.attribute.append(onnx.helper.make_attribute("classlabels_int64s", [0, 1]))
    proto.graph.node.append(node)
    proto.opset_import.append(onnx.helper.make_opsetid("ai.onnx.ml", 1))
    kind = onnx.helper.make_map_type_proto(7, onnx.helper.make_tensor_type_proto(1, []))
    proto.graph.output.append(
        onnx.helper.make_value_info("scores", onnx.helper.make_sequence_type_proto(kind))
    )
    with pytest.raises(ModelError, match=r"node 'zip' makes output 'scores' .*zipmap=False"):
        load(proto.SerializeToString())
