from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from mari_engine.errors import ExecutionError
from mari_engine.loading import load
from mari_engine.runtime import devices, open_session, open_source
from mari_engine.runtime.providers import DEVICES
from mari_engine.types import Feeds
from support.builders import build, build_proto, ranking_tower


def feeds(batch: int = 3) -> Feeds:
    rng = np.random.default_rng(0)
    shapes = {"user": 4, "item": 3}
    return {k: rng.standard_normal((batch, n)).astype(np.float32) for k, n in shapes.items()}


def test_a_session_runs_and_a_bound_run_gives_the_same() -> None:
    session = open_session(load(ranking_tower()), threads=1)
    assert (session.input_names, session.output_names) == (("user", "item"), ("score",))
    found = session.run(feeds())
    bound = session.bind(feeds())
    bound.run()
    bound.run()
    assert np.array_equal(bound.outputs()["score"], found["score"])


def test_the_source_is_the_very_file(tmp_path: Path) -> None:
    path = tmp_path / "tower.onnx"
    path.write_bytes(ranking_tower())
    model = load(path)
    source = open_source(model)
    assert source is not None
    assert np.array_equal(source.run(feeds())["score"], open_session(model).run(feeds())["score"])


def test_external_data_are_found_beside_the_model(tmp_path: Path) -> None:
    path = tmp_path / "tower.onnx"
    proto = onnx.load_from_string(ranking_tower())
    onnx.save(proto, path, save_as_external_data=True, location="w.data", size_threshold=0)
    found = open_session(load(path)).run(feeds())["score"]
    assert np.array_equal(found, open_session(load(ranking_tower())).run(feeds())["score"])


def test_errors_are_one_line_with_the_reason() -> None:
    session = open_session(load(ranking_tower(), name="tower"))
    wrong = feeds() | {"item": np.ones((2, 9), np.float32)}
    for attempt in (session.run, lambda arrays: session.bind(arrays).run()):
        with pytest.raises(ExecutionError) as caught:
            attempt(wrong)
        assert str(caught.value).startswith("tower: onnxruntime cannot ")
        assert "item" in str(caught.value)
        assert "\n" not in str(caught.value)


def test_an_operator_that_the_runtime_lacks_is_named() -> None:
    proto = build_proto("y = my.Thing (x)", inputs="float[N] x", outputs="float[N] y")
    proto.opset_import.append(onnx.helper.make_opsetid("my", 1))
    with pytest.raises(ExecutionError, match=r"cannot load this model on cpu .*Thing"):
        open_session(load(proto.SerializeToString()))


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    unused = build(
        "y = Reshape (x, s)",
        inputs="float[N, 2] x",
        outputs="float[7, 9] y",
        weights={"s": np.array([-1, 2])},
    )
    open_session(load(unused)).run({"x": np.ones((3, 2), np.float32)})
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_the_cpu_is_always_there() -> None:
    found = {device.name: device for device in devices()}
    assert set(found) == {device.name for device in DEVICES}
    assert found["cpu"].available
    assert found["cpu"].reason == f"onnxruntime {onnxruntime.__version__} has CPUExecutionProvider"


def test_an_absent_device_says_what_would_make_it_present() -> None:
    absent = [device for device in devices() if not device.available]
    assert absent
    for device in absent:
        assert device.provider in device.reason
        assert ("install" in device.reason) or ("build" in device.reason)
        with pytest.raises(ExecutionError) as caught:
            open_session(load(ranking_tower()), device=device.name)
        assert str(caught.value) == f"device {device.name!r} is not available: {device.reason}"


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(ExecutionError, match="device 'abacus' is unknown; use one of cpu, cuda"):
        open_session(load(ranking_tower()), device="abacus")
