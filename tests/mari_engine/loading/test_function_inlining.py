import numpy as np
import onnx
import onnxruntime as ort

from mari_engine.loading import load
from mari_engine.runtime import open_session
from scale import build


def test_functions_that_call_each_other_thousands_of_times_are_inlined() -> None:
    subject = build("functions", 1 << 12)
    model = load(subject.model, name="nested")
    assert len(model.ir.graph) == (1 << 12) + 1
    feeds = {name: np.ones((2, 8), np.float32) for name in ("user", "item")}
    truth = ort.InferenceSession(subject.model).run(None, feeds)[0]
    assert np.array_equal(open_session(model).run(feeds)["y"], truth)


def test_functions_that_are_called_seldom_keep_the_names_of_their_values() -> None:
    model = load(build("functions", 4).model, name="nested")
    proto = onnx.load_from_string(build("functions", 4).model)
    inside = {
        name for function in proto.functions for node in function.node for name in node.output
    }
    made = {value.name for node in model.ir.graph for value in node.outputs}
    assert made & inside
