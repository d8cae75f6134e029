import numpy as np
import onnxruntime as ort

from mari_engine.loading import load
from mari_engine.pipeline import plan
from mari_engine.runtime import open_session
from support.builders import build
from support.rewrite_checks import roles


def test_one_element_that_turns_out_to_be_a_list_is_made_a_scalar() -> None:
    """Of an unknown rank a runtime takes it; once the branch is chosen, its shape is known."""
    data = build(
        """
        size = Size (s)
        four = Equal (size, four_)
        n = If (four) <
            then_branch = first () => (a) { a = Slice (s, zero_, one_) },
            else_branch = second () => (b) { b = Squeeze (s) }
        >
        counted = Range (zero, n, one)
        sum = ReduceSum <keepdims = 0> (counted)
        factor = Cast <to = 1> (sum)
        y = Mul (x, factor)
        """,
        inputs="float[N, 3] x, int64[4] s",
        outputs="float[N, 3] y",
        weights={
            "four_": np.array(4),
            "zero_": np.array([0]),
            "one_": np.array([1]),
            "zero": np.array(0),
            "one": np.array(1),
        },
    )
    feeds = {"x": np.ones((2, 3), np.float32), "s": np.array([5, 1, 1, 1])}
    truth = ort.InferenceSession(data).run(None, feeds)[0]
    planned = plan(load(data), roles(x="item", s="item"))
    assert np.array_equal(open_session(planned.optimized).run(feeds)["y"], truth)
