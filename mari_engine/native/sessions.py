"""onnxruntime's sessions, as they lie where models run: opened, run, timed; plain values out."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort

from mari_engine.native.gc_pause import no_collection
from mari_engine.native.load_generator import NativeServer

Arrays = Mapping[str, np.ndarray]
_NOTHING = 4
"""onnxruntime's log level: what it says of errors stands in the exceptions that it raises."""


@dataclass(frozen=True)
class FileArray:
    """An array in a file, which is mapped where it is needed and never sent."""

    path: str
    offset: int
    dtype: str
    """numpy's text for it, "<f4"."""
    shape: tuple[int, ...]

    def read(self) -> np.ndarray:
        """Return the array, mapped."""
        return np.memmap(self.path, self.dtype, "r", self.offset, self.shape)


@dataclass(frozen=True)
class SessionSettings:
    """How a model is opened."""

    threads: int = 1
    """Within an operator; 0: the runtime's choice."""
    optimize: bool = True
    providers: tuple[str, ...] = ("CPUExecutionProvider",)
    memory: str = "cpu"
    """Where bound tensors lie."""
    entries: Mapping[str, str] = field(default_factory=dict)
    """Entries of the session's configuration."""
    profile_prefix: str | None = None


@dataclass(frozen=True)
class SessionFacts:
    """What is known of a session once it is open."""

    inputs: Mapping[str, tuple[int | str | None, ...]]
    outputs: tuple[str, ...]
    providers: tuple[str, ...]
    seconds: float
    """Processor time that opening it took."""


class NativeSession:
    """A model in onnxruntime; the runtime's own exceptions pass through."""

    def __init__(
        self,
        source: str | bytes,
        settings: SessionSettings,
        fixed: Mapping[str, np.ndarray | FileArray] | None = None,
    ) -> None:
        """Open a file or a file's bytes; `fixed` are inputs that are the same in each run."""
        began = time.process_time()
        self._raw = ort.InferenceSession(
            source,
            _options(settings),
            providers=list(settings.providers),
            enable_fallback=0,
        )
        self._memory = settings.memory
        self._fixed = read_fixed(fixed)
        self._seconds = time.process_time() - began

    def facts(self) -> tuple[Any, ...]:
        """Return the fields of its SessionFacts."""
        inputs = {item.name: tuple(item.shape) for item in self._raw.get_inputs()}
        outputs = tuple(item.name for item in self._raw.get_outputs())
        return inputs, outputs, tuple(self._raw.get_providers()), self._seconds

    def run(
        self, names: Sequence[str] | None, feeds: Arrays, needed_only: bool = False
    ) -> list[Any]:
        """Return these outputs, or all; with `needed_only` nodes that they need not are not run."""
        options = ort.RunOptions()
        options.only_execute_path_to_fetches = needed_only
        taken = {name: _as_taken(array) for name, array in {**feeds, **self._fixed}.items()}
        return list(self._raw.run(names, taken, options))

    def bind(self, feeds: Arrays) -> NativeRun:
        """Return a run whose inputs and outputs stay in the device's memory.

        Texts cannot be bound, and are handed over in each run.
        """
        return NativeRun(self._raw, {**feeds, **self._fixed}, self._memory)

    def serve(self, requests: Sequence[Arrays]) -> NativeServer:
        """Return a server of these requests, one of which each query asks."""
        taken = [{**feeds, **self._fixed} for feeds in requests]
        return NativeServer(
            self._raw,
            [{name: _as_taken(array) for name, array in feeds.items()} for feeds in taken],
        )

    def end_profiling(self) -> str:
        """Stop profiling and return the file that was written."""
        return str(self._raw.end_profiling())


def _as_taken(array: np.ndarray) -> Any:
    """Return an array as onnxruntime takes it: types that numpy lacks go by their number."""
    return _as_held(array, "cpu") if array.dtype.kind == "V" else array


def _as_held(array: np.ndarray, memory: str) -> Any:
    if array.dtype.kind != "V":
        return ort.OrtValue.ortvalue_from_numpy(array, memory, 0)
    kind = onnx.helper.np_dtype_to_tensor_dtype(array.dtype)
    return ort.OrtValue.ortvalue_from_numpy_with_onnx_type(array, kind)


class NativeRun:
    """One request whose arrays lie on the device."""

    def __init__(self, raw: ort.InferenceSession, feeds: Arrays, memory: str) -> None:
        self._raw, self._feeds = raw, feeds
        self._names = [item.name for item in raw.get_outputs()]
        self._binding: Any = None
        if any(array.dtype.kind == "O" for array in feeds.values()):
            return
        self._binding = raw.io_binding()
        self._held = [_as_held(array, memory) for array in feeds.values()]
        for name, value in zip(feeds, self._held, strict=True):
            self._binding.bind_ortvalue_input(name, value)
        for name in self._names:
            self._binding.bind_output(name, memory, 0)

    def run(self) -> None:
        """Run once and return when the device has finished."""
        if self._binding is None:
            self._raw.run(None, self._feeds)
            return
        self._raw.run_with_iobinding(self._binding)
        self._binding.synchronize_outputs()

    def outputs(self) -> list[Any]:
        """Return the outputs of the last run, copied to main memory."""
        if self._binding is None:
            return list(self._raw.run(None, self._feeds))
        return list(self._binding.copy_outputs_to_cpu())

    def seconds(self, warm_ups: int, runs: int, processor: bool) -> float:
        """Return the mean seconds of some runs in a row, after others that are not timed.

        With `processor` it is the processor time of this thread.
        """
        clock = time.thread_time if processor else time.perf_counter
        with no_collection():
            for _ in range(warm_ups):
                self.run()
            began = clock()
            for _ in range(runs):
                self.run()
            return (clock() - began) / runs


def run_once(data: bytes, names: Sequence[str]) -> list[Any]:
    """Return these outputs of a model without inputs, each node run as it is."""
    return NativeSession(data, SessionSettings(optimize=False)).run(names, {})


def read_fixed(
    fixed: Mapping[str, np.ndarray | FileArray] | None,
) -> dict[str, np.ndarray]:
    """Return the arrays, those in files mapped."""
    given = (fixed or {}).items()
    return {name: item.read() if isinstance(item, FileArray) else item for name, item in given}


def _options(settings: SessionSettings) -> ort.SessionOptions:
    level = ort.GraphOptimizationLevel
    options = ort.SessionOptions()
    options.log_severity_level = _NOTHING
    options.intra_op_num_threads = settings.threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.load_model_format", "ONNX")
    for key, value in settings.entries.items():
        options.add_session_config_entry(key, value)
    options.graph_optimization_level = (
        level.ORT_ENABLE_ALL if settings.optimize else level.ORT_DISABLE_ALL
    )
    if settings.profile_prefix is not None:
        options.enable_profiling = True
        options.profile_file_prefix = settings.profile_prefix
    return options
