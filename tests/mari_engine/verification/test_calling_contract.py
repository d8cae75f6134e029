import onnx_ir as ir
import pytest

from mari_engine.graph import Model
from mari_engine.loading import load
from mari_engine.verification.calling_contract import compare_calling
from mari_engine.verification.model_pair import ModelPair
from support.builders import build


def model(inputs: str = "float[N, 2] a, int64[N] b", outputs: str = "float[N, 2] y") -> Model:
    extra = " z = Neg (a)" if "z" in outputs else ""
    return load(build(f"c = Cast <to = 1> (b) y = Neg (a){extra}", inputs=inputs, outputs=outputs))


def problem(optimized: Model) -> str:
    return compare_calling(ModelPair(model(), optimized))[1]


def test_the_same_contract_is_told_in_words() -> None:
    words, found = compare_calling(ModelPair(model(), model()))
    assert found == ""
    assert words == (
        "2 inputs are the original's: names, order, types, shapes and symbols",
        "1 output is the original's: name, order, type, shape and symbols",
    )


def test_a_symbol_that_no_input_has_may_become_what_it_stands_for() -> None:
    promised = model(outputs="float[N, y_dim_1] y")
    promised.ir.graph.outputs[0].shape = ir.Shape(["N", "y_dim_1"])  # which loading worked out
    assert compare_calling(ModelPair(promised, model()))[1] == ""


@pytest.mark.parametrize(
    ("inputs", "outputs", "message"),
    [
        ("int64[N] b, float[N, 2] a", "float[N, 2] y", "the inputs are ['b', 'a'], ['a', 'b']"),
        ("float[N, 2] a, int32[N] b", "float[N, 2] y", "input 'b' has type int32, int64 was"),
        ("float[1, 2] a, int64[N] b", "float[1, 2] y", "input 'a' has shape (1, 2), ('N', 2) was"),
        ("float[M, 2] a, int64[M] b", "float[M, 2] y", "input 'a' has shape ('M', 2), ('N', 2)"),
        ("float[N, 2] a, int64[N] b", "float[N, 2] y, float[N, 2] z",
         "the outputs are ['y', 'z'], ['y'] were promised"),
    ],
)  # fmt: skip
def test_what_is_not_as_promised_is_named(inputs: str, outputs: str, message: str) -> None:
    assert problem(model(inputs, outputs)).startswith(message)
