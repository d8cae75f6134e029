"""Inference sessions of onnxruntime: opened on a device, run, bound to its memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnxruntime as ort

from mari_engine.errors import ExecutionError, NoKernelError
from mari_engine.graph import Model
from mari_engine.runtime.providers import find_device
from mari_engine.runtime.serialization import opened_for_runtime
from mari_engine.types import Feeds

_NOTHING = 4
"""onnxruntime's log level: what it says of errors stands in the exceptions that it raises."""
_NO_KERNEL = "NotImplemented"
"""The class of onnxruntime's exceptions for a valid model that one of its devices cannot run."""


class Session:
    """A model that is ready to run on one device; made by `open_session`."""

    def __init__(self, raw: ort.InferenceSession, *, name: str, device: str, memory: str) -> None:
        self._raw = raw
        self._name = name
        self._memory = memory
        self.device = device
        self.input_names = tuple(item.name for item in raw.get_inputs())
        self.output_names = tuple(item.name for item in raw.get_outputs())
        self.input_shapes: Mapping[str, tuple[int | str | None, ...]] = {
            item.name: tuple(item.shape) for item in raw.get_inputs()
        }

    def run(self, feeds: Feeds, *, only: Sequence[str] | None = None) -> Feeds:
        """Return all outputs, or `only` these, by name, as arrays in main memory.

        Nodes that `only` needs not are not run. Raises ExecutionError with the runtime's own
        reason.
        """
        options = ort.RunOptions()
        options.only_execute_path_to_fetches = only is not None
        names = self.output_names if only is None else tuple(only)
        try:
            results = self._raw.run(names, feeds, options)
        except Exception as error:  # onnxruntime raises bare pybind exceptions
            raise ExecutionError(self._message("cannot run", error)) from error
        return dict(zip(names, results, strict=True))

    def bind(self, feeds: Feeds) -> BoundRun:
        """Return a run whose inputs and outputs stay in the device's memory.

        On the CPU nothing is copied in either case, so that binding changes nothing.
        """
        try:
            binding = self._raw.io_binding()
            held = [ort.OrtValue.ortvalue_from_numpy(a, self._memory, 0) for a in feeds.values()]
            for name, value in zip(feeds, held, strict=True):
                binding.bind_ortvalue_input(name, value)
            for name in self.output_names:
                binding.bind_output(name, self._memory, 0)
        except Exception as error:  # onnxruntime raises bare pybind exceptions
            raise ExecutionError(self._message("cannot bind its inputs", error)) from error
        return BoundRun(self, self._raw, binding, held)

    def end_profiling(self) -> Path:
        """Stop profiling and return the file it was written to."""
        return Path(self._raw.end_profiling())

    def _message(self, what: str, error: Exception) -> str:
        return f"{self._name}: onnxruntime {what} on {self.device} ({in_one_line(error)})"


@dataclass(frozen=True, eq=False)
class BoundRun:
    """One request whose arrays lie on the device; made by `Session.bind`."""

    session: Session
    raw: ort.InferenceSession
    binding: Any
    held: Sequence[Any]
    """The input values, kept alive as long as they are bound."""

    def run(self) -> None:
        """Run once and return when the device has finished.

        Raises ExecutionError with the runtime's own reason.
        """
        try:
            self.raw.run_with_iobinding(self.binding)
            self.binding.synchronize_outputs()
        except Exception as error:  # onnxruntime raises bare pybind exceptions
            raise ExecutionError(self.session._message("cannot run", error)) from error

    def outputs(self) -> Feeds:
        """Return the outputs of the last run, copied to main memory."""
        arrays = self.binding.copy_outputs_to_cpu()
        return dict(zip(self.session.output_names, arrays, strict=True))


def open_session(
    model: Model,
    *,
    device: str = "cpu",
    threads: int = 0,
    optimize: bool = True,
    profile_prefix: str | None = None,
) -> Session:
    """Return the model, loaded into onnxruntime.

    `threads` is the number within an operator, 0 for the runtime's choice; `optimize` False keeps
    every node as it is, so that profiles name the model's own nodes. Tables in external data are
    mapped, not copied. Raises ExecutionError when the device is absent or refuses the model.
    """
    options = _options(threads=threads, optimize=optimize)
    if profile_prefix is not None:
        options.enable_profiling = True
        options.profile_file_prefix = profile_prefix
    return _open(opened_for_runtime(model, options), options, name=model.name, device=device)


def open_source(model: Model, *, threads: int = 0) -> Session | None:
    """Return the very file or bytes the model was loaded from, or None for a rewritten model."""
    source = str(model.path) if model.path is not None else model.data
    if source is None:
        return None
    return _open(source, _options(threads=threads, optimize=True), name=model.name, device="cpu")


def open_bytes(data: bytes, *, optimize: bool) -> ort.InferenceSession:
    """Return a bare CPU session with one thread; onnxruntime's own exceptions pass through."""
    options = _options(threads=1, optimize=optimize)
    return ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])


def in_one_line(error: Exception, *, limit: int = 240) -> str:
    """Return an exception's text on one line, cut when it is long."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _options(*, threads: int, optimize: bool) -> ort.SessionOptions:
    level = ort.GraphOptimizationLevel
    options = ort.SessionOptions()
    options.log_severity_level = _NOTHING
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.load_model_format", "ONNX")
    options.graph_optimization_level = level.ORT_ENABLE_ALL if optimize else level.ORT_DISABLE_ALL
    return options


def _open(source: str | bytes, options: ort.SessionOptions, *, name: str, device: str) -> Session:
    found = find_device(device)
    available = ort.get_available_providers()
    providers = [name for name in (found.provider, *found.behind) if name in available]
    try:
        raw = ort.InferenceSession(source, options, providers=providers, enable_fallback=0)
    except Exception as error:  # onnxruntime raises bare pybind exceptions
        kind = NoKernelError if type(error).__name__ == _NO_KERNEL else ExecutionError
        raise kind(
            f"{name}: onnxruntime cannot load this model on {device} ({in_one_line(error)})"
        ) from error
    if found.provider not in raw.get_providers():
        raise ExecutionError(
            f"{name}: {found.provider} refused this model, so that the CPU would have run it; "
            "check the driver and the libraries that it needs, or use device cpu"
        )
    return Session(raw, name=name, device=device, memory=found.memory)
