"""Execution providers: the devices that onnxruntime can use here, and how to get the others.

https://onnxruntime.ai/docs/execution-providers/
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import onnx
import onnxruntime as ort

from mari_engine.errors import ExecutionError
from mari_engine.types import DeviceInfo

_FATAL_ONLY = 4
"""The log level for a trial whose failure is an ordinary answer."""


@dataclass(frozen=True)
class Device:
    """A kind of device: its execution provider, where its tensors lie, and how to get it."""

    name: str
    provider: str
    memory: str
    """What onnxruntime calls its memory; "cpu" where tensors are handed over in main memory."""
    remedy: str
    behind: tuple[str, ...] = ("CPUExecutionProvider",)
    """The providers that take the nodes which this one does not."""


DEVICES = (
    Device("cpu", "CPUExecutionProvider", "cpu", "install onnxruntime", ()),
    Device(
        "cuda", "CUDAExecutionProvider", "cuda",
        "install onnxruntime-gpu in place of onnxruntime, on a machine with an NVIDIA GPU, its "
        "driver, and the CUDA and cuDNN that its release notes name",
    ),
    Device(
        "tensorrt", "TensorrtExecutionProvider", "cuda",
        "install onnxruntime-gpu in place of onnxruntime, and TensorRT, on a machine with an "
        "NVIDIA GPU",
        ("CUDAExecutionProvider", "CPUExecutionProvider"),
    ),
    Device(
        "rocm", "MIGraphXExecutionProvider", "cpu",
        "install onnxruntime-migraphx in place of onnxruntime, on a machine with an AMD GPU and "
        "ROCm",
    ),
    Device(
        "openvino", "OpenVINOExecutionProvider", "cpu",
        "install onnxruntime-openvino in place of onnxruntime",
    ),
    Device(
        "dml", "DmlExecutionProvider", "dml",
        "install onnxruntime-directml in place of onnxruntime, on Windows with a DirectX 12 GPU",
    ),
    Device(
        "coreml", "CoreMLExecutionProvider", "cpu", "install onnxruntime on a Mac",
    ),
    Device(
        "dnnl", "DnnlExecutionProvider", "cpu", "build onnxruntime with --use_dnnl",
    ),
    Device(
        "xnnpack", "XnnpackExecutionProvider", "cpu", "build onnxruntime with --use_xnnpack",
    ),
)  # fmt: skip


def devices() -> tuple[DeviceInfo, ...]:
    """Return every supported device, present or not, each with the reason."""
    return tuple(_describe_device(device) for device in DEVICES)


def find_device(name: str) -> Device:
    """Return the device of this name if it is present.

    Raises ExecutionError, with what would make it present, if it is not.
    """
    for device in DEVICES:
        if device.name == name:
            info = _describe_device(device)
            if not info.available:
                raise ExecutionError(f"device {name!r} is not available: {info.reason}")
            return device
    known = ", ".join(device.name for device in DEVICES)
    raise ExecutionError(f"device {name!r} is unknown; use one of {known}")


@functools.cache
def _describe_device(device: Device) -> DeviceInfo:
    if device.provider not in ort.get_available_providers():
        return DeviceInfo(
            device.name,
            device.provider,
            False,
            f"this onnxruntime was built without {device.provider}; {device.remedy}",
        )
    if not _runs(device.provider):
        return DeviceInfo(
            device.name,
            device.provider,
            False,
            f"onnxruntime has {device.provider} but it does not start here (no device, driver or "
            f"library); {device.remedy}",
        )
    return DeviceInfo(
        device.name, device.provider, True, f"onnxruntime {ort.__version__} has {device.provider}"
    )


def _runs(provider: str) -> bool:
    """Return whether a session on this provider starts; a listed one may lack its device."""
    if provider == "CPUExecutionProvider":
        return True
    options = ort.SessionOptions()
    options.log_severity_level = _FATAL_ONLY
    try:
        session = ort.InferenceSession(
            _smallest_model(), options, providers=[provider], enable_fallback=0
        )
    except Exception:  # onnxruntime raises bare pybind exceptions
        return False
    return provider in session.get_providers()


def _smallest_model() -> bytes:
    text = '<ir_version: 8, opset_import: ["": 17]> g (float[1] x) => (float[1] y) { y = Neg(x) }'
    return bytes(onnx.parser.parse_model(text).SerializeToString())
