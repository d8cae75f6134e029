import numpy as np
import onnx
import pytest

from mari_engine.graph import describe
from mari_engine.loading import load
from mari_engine.types import GraphNode, TensorInfo
from support.builders import build, build_proto, ranking_tower


def test_a_tower_is_told_in_names_and_numbers() -> None:
    info = describe(load(ranking_tower()))
    assert info.inputs == (
        TensorInfo("user", "float32", ("N", 4)),
        TensorInfo("item", "float32", ("N", 3)),
    )
    assert info.outputs == (TensorInfo("score", "float32", ("N", 1)),)
    assert info.initializers[0] == TensorInfo("W0", "float32", (7, 5), 140)
    assert (info.parameters, info.bytes) == (7 * 5 + 5 + 5 + 1, 4 * 46)
    assert (info.opset, info.candidate_axis) == (17, 0)
    assert info.nodes[0] == GraphNode(
        "Concat", "Concat", "", ("user", "item"), ("joined",), {"axis": "1"}
    )


def test_long_attributes_are_shortened() -> None:
    body = """
    a = my.Custom <text: string = "%s", many: ints = [1,2,3,4,5,6,7,8,9,10],
                table: tensor = float[2] {1.0, 2.0}> (x)
    """ % ("t" * 500)
    proto = build_proto(body, inputs="float[N] x", outputs="float[N] a")
    proto.opset_import.append(onnx.helper.make_opsetid("my", 1))
    (node,) = describe(load(proto.SerializeToString())).nodes
    assert node.attributes["many"] == "[1, 2, 3, 4, 5, 6, 7, 8, … 2 more]"
    assert node.attributes["table"] == "float32[2]"
    assert len(node.attributes["text"]) == 80
    assert node.domain == "my"


SCOPES = [
    ({}, "/tower/0/MatMul", "tower/0"),
    ({}, "/experts.0/experts.0.1/Gemm", "experts/0/1"),
    ({}, "MatMul", ""),
    ({"pkg.torch.onnx.name_scopes": "['', 'mlp', 'mlp.2', 'linear']"}, "node", "mlp/2"),
    (
        {"namespace": ": m.M/emb.user: torch.nn.Embedding/embed: aten.embed"},
        "n",
        "emb/user",
    ),
    ({"pkg.torch.onnx.name_scopes": "['', '_empty_stack', 'cat']"}, "n", ""),
]


@pytest.mark.parametrize(("metadata", "name", "scope"), SCOPES)
def test_scopes_come_from_metadata_or_names(
    metadata: dict[str, str], name: str, scope: str
) -> None:
    proto = build_proto("y = Relu (x)", inputs="float[N] x", outputs="float[N] y")
    proto.graph.node[0].name = name
    for key, value in metadata.items():
        proto.graph.node[0].metadata_props.add(key=key, value=value)
    (node,) = describe(load(proto.SerializeToString())).nodes
    assert node.scope == scope


def test_the_nodes_it_was_made_from_are_read_from_metadata() -> None:
    proto = build_proto("y = Relu (x)", inputs="float[N] x", outputs="float[N] y")
    proto.graph.node[0].metadata_props.add(key="mari.source", value="first\nsecond")
    (node,) = describe(load(proto.SerializeToString())).nodes
    assert node.sources == ("first", "second")


AXES = [
    ("float[2, 3] x, float[4] z", None),
    ("float[3, N] x, float[4, N] z", 1),
    ("float[1, 3] x, float[N] z", 0),
    ("float[N, L] x, float[N] z", 0),
]


@pytest.mark.parametrize(("inputs", "axis"), AXES)
def test_candidates_lie_along_the_axis_free_in_most_inputs(inputs: str, axis: int | None) -> None:
    body = "y = Relu (x)\nw = Relu (z)"
    model = load(build(body, inputs=inputs, outputs="float[A, B] y, float[C] w"))
    assert describe(model).candidate_axis == axis


def test_an_unknown_extent_is_a_question_mark() -> None:
    weights = {"k": np.array([1], np.int64)}
    model = load(
        build("y = NonZero (x)", inputs="float[?, 3] x", outputs="int64[2, ?] y", weights=weights)
    )
    assert describe(model).inputs[0].shape == ("?", 3)
