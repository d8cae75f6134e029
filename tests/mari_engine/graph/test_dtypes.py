import numpy as np
import onnx_ir as ir

from mari_engine.graph import element_bytes, stored_bytes
from mari_engine.loading import load
from mari_engine.pipeline import optimize
from support.builders import build
from support.rewrite_checks import roles


def test_numbers_and_texts_are_weighed() -> None:
    assert stored_bytes(ir.Tensor(np.zeros((2, 3), np.float16))) == 12
    assert stored_bytes(ir.StringTensor(np.array([b"ab", b"cde"]), shape=ir.Shape([2]))) == 5
    assert element_bytes(ir.DataType.INT4) == 0.5
    assert element_bytes(None) == 4.0
    assert element_bytes(ir.DataType.STRING) > 0


def test_a_model_that_holds_strings_goes_all_the_way() -> None:
    data = build(
        """
        known = Equal (word, hello)
        bit = Cast <to = 1> (known)
        j = Concat <axis = 1> (user, bit)
        y = MatMul (j, W)
        """,
        inputs="float[N, 64] user, string[N, 2] word",
        outputs="float[N, 64] y",
        weights={"W": np.ones((66, 64), np.float32), "hello": np.array(["1"], object)},
        opset=19,
    )
    result = optimize(load(data, name="g"), roles(user="user", word="item"))
    assert result.certificate.passed
