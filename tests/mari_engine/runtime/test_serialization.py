from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
import pytest

from mari_engine.errors import ModelError
from mari_engine.graph import Model
from mari_engine.loading import load
from mari_engine.runtime import serialization, serialize_for_runtime
from support.builders import build, ranking_tower


def test_more_weights_than_a_message_holds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serialization, "_MESSAGE_LIMIT", 100)
    with pytest.raises(ModelError, match="ranker: more than 2 GB of weights in memory; export"):
        serialize_for_runtime(load(ranking_tower(), name="ranker"))


def test_files_in_two_folders_are_refused(tmp_path: Path) -> None:
    graph = load(ranking_tower()).ir.clone()
    for name in ("W0", "W1"):
        (tmp_path / name).mkdir()
        value = graph.graph.initializers[name]
        np.ones(64, np.float32).tofile(tmp_path / name / "w.data")
        value.const_value = ir.ExternalTensor(
            "w.data",
            0,
            4,
            ir.DataType.FLOAT,
            shape=ir.Shape([1]),
            name=name,
            base_dir=tmp_path / name,
        )
    with pytest.raises(ModelError, match="external data in two folders"):
        serialize_for_runtime(Model(graph, "ranker"))


def test_a_loaded_model_states_no_more_shapes_than_its_file() -> None:
    data = build("h = Relu (x) y = Abs (h)", inputs="float[N, 3] x", outputs="float[N, 3] y")
    model = load(data, name="m")
    assert next(node for node in model.ir.graph).outputs[0].shape is not None
    proto = onnx.load_from_string(serialize_for_runtime(model)[0])
    assert [info.type.tensor_type.HasField("shape") for info in proto.graph.value_info] == [False]
    assert proto.graph.output[0].type.tensor_type.HasField("shape")
