"""Inference sessions of onnxruntime: opened on a device, run, timed, bound to its memory.

They run in the caller's process, or within `isolation.isolated()` in another: what is here
is the caller's side of both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

from mari_engine.errors import ExecutionError, LimitError, MariError, NoKernelError
from mari_engine.graph import Model, external_tensors, stored_bytes
from mari_engine.isolation import Hosted, call, kind_of, make
from mari_engine.native import (
    FileArray,
    Load,
    NativeSession,
    SessionFacts,
    SessionSettings,
    run_once,
)
from mari_engine.runtime.error_texts import in_one_line
from mari_engine.runtime.providers import find_device
from mari_engine.runtime.serialization import serialize_for_runtime
from mari_engine.types import Feeds

_NO_KERNEL = "NotImplemented"
"""The class of onnxruntime's exceptions for a valid model that one of its devices cannot run."""
_COPIES = 3
"""A session may take so many times its model's size: read, converted, and packed for products."""
_DRAIN = 60.0
"""Seconds in which what a load has sent is to be answered, beyond those in which it sends."""
_PATIENCE = 0.5
"""Seconds of one call that waits for a load."""
_DEVICE_ROOM = 4 << 30
"""Bytes of main memory that a device's own libraries may take besides."""


class Session:
    """A model that is ready to run on one device; made by `open_session`."""

    def __init__(self, hosted: Hosted, facts: SessionFacts, *, name: str, device: str) -> None:
        self._hosted = hosted
        self._name = name
        self.device = device
        self.input_names = tuple(facts.inputs)
        self.output_names = facts.outputs
        self.input_shapes: Mapping[str, tuple[int | str | None, ...]] = facts.inputs
        self.load_seconds = facts.seconds
        """Processor time that loading it took."""

    def run(self, feeds: Feeds, *, only: Sequence[str] | None = None) -> Feeds:
        """Return all outputs, or `only` these, by name, as arrays in main memory.

        Nodes that `only` needs not are not run. Raises ExecutionError with the runtime's own
        reason.
        """
        names = self.output_names if only is None else tuple(only)
        with self._explained("cannot run"):
            results = self._hosted.call("run", names, dict(feeds), only is not None)
        return dict(zip(names, results, strict=True))

    def bind(self, feeds: Feeds) -> BoundRun:
        """Return a run whose inputs and outputs stay in the device's memory."""
        with self._explained("cannot bind its inputs"):
            return BoundRun(self, self._hosted.make("bind", dict(feeds)))

    def serve(self, requests: Sequence[Feeds]) -> LoadServer:
        """Return a server that answers these requests under load, from several threads."""
        return LoadServer(self, self._hosted.make("serve", [dict(each) for each in requests]))

    def end_profiling(self) -> Path:
        """Stop profiling and return the file it was written to."""
        return Path(self._hosted.call("end_profiling"))

    @contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        """Tell the runtime's exceptions as ours, in one line."""
        try:
            yield
        except MariError:
            raise
        except Exception as error:  # onnxruntime raises bare pybind exceptions
            raise ExecutionError(
                f"{self._name}: onnxruntime {what} on {self.device} ({in_one_line(error)})"
            ) from error


@dataclass(frozen=True, eq=False)
class BoundRun:
    """One request whose arrays lie on the device; made by `Session.bind`."""

    session: Session
    hosted: Hosted

    def run(self) -> None:
        """Run once and return when the device has finished.

        Raises ExecutionError with the runtime's own reason.
        """
        with self.session._explained("cannot run"):
            self.hosted.call("run")

    def seconds(self, *, warm_ups: int = 0, runs: int = 1, processor: bool = False) -> float:
        """Return the mean seconds of some runs in a row, after others that are not timed.

        They are timed where the model runs, so that no way to another process counts; with
        `processor` in processor time of one thread. Raises ExecutionError.
        """
        with self.session._explained("cannot run"):
            return float(self.hosted.call("seconds", warm_ups, runs, processor))

    def outputs(self) -> Feeds:
        """Return the outputs of the last run, copied to main memory."""
        arrays = self.hosted.call("outputs")
        return dict(zip(self.session.output_names, arrays, strict=True))


@dataclass(frozen=True, eq=False)
class LoadServer:
    """A model that answers a load generator, which runs beside it; made by `Session.serve`."""

    session: Session
    hosted: Hosted

    def warm_up(self) -> float:
        """Run each request a few times; return the mean seconds of one, nothing else running."""
        with self.session._explained("cannot run"):
            return float(self.hosted.call("warm_up"))

    def generate(self, load: Load) -> Mapping[str, Any]:
        """Send a load, and return the generator's results by name, with `processor_seconds`.

        Raises LimitError where requests are left unanswered long after the last was sent.
        """
        with self.session._explained("cannot run under load"):
            self.hosted.call("start", *astuple(load))
            for _ in range(int((load.longest + _DRAIN) / _PATIENCE)):
                found = self.hosted.call("wait", _PATIENCE)
                if found is not None:
                    return dict(found)
        raise LimitError(
            f"{self.session._name}: did not answer {load.queries:,} requests within "
            f"{load.longest + _DRAIN:.0f} s; measure with fewer candidates"
        )


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
    data, entries = serialize_for_runtime(model)
    settings = SessionSettings(
        threads=threads,
        optimize=optimize,
        entries=entries,
        profile_prefix=profile_prefix,
    )
    return _open(data, settings, model, device=device)


def open_source(model: Model, *, threads: int = 0) -> Session | None:
    """Return the very file or bytes the model was loaded from, or None for a rewritten model."""
    source = str(model.path) if model.path is not None else model.data
    if source is None:
        return None
    return _open(source, SessionSettings(threads=threads), model, device="cpu")


def open_bytes(
    data: bytes, *, name: str, fixed: Mapping[str, np.ndarray | FileArray] | None = None
) -> Hosted:
    """Return a bare NativeSession on the CPU, one thread, each node as it is.

    `fixed` are inputs that are the same in each run. The runtime's own exceptions pass through.
    """
    room = _COPIES * (len(data) + sum(_bytes_of(item) for item in (fixed or {}).values()))
    settings = SessionSettings(optimize=False)
    return make(NativeSession, data, settings, dict(fixed or {}), about=name, room=room)


def evaluate_constants(data: bytes, names: Sequence[str]) -> list[np.ndarray]:
    """Return these outputs of a model without inputs; the runtime's own exceptions pass through."""
    return list(call(run_once, data, list(names), about="folding its constants"))


def _open(source: str | bytes, settings: SessionSettings, model: Model, *, device: str) -> Session:
    found = find_device(device)
    available = ort.get_available_providers()
    providers = tuple(name for name in (found.provider, *found.behind) if name in available)
    settings = replace(settings, providers=providers, memory=found.memory)
    room = _COPIES * _size(source, model) + (_DEVICE_ROOM if device != "cpu" else 0)
    try:
        hosted = make(NativeSession, source, settings, about=model.name, room=room)
    except MariError:
        raise
    except Exception as error:  # onnxruntime raises bare pybind exceptions
        kind = NoKernelError if kind_of(error) == _NO_KERNEL else ExecutionError
        raise kind(
            f"{model.name}: onnxruntime cannot load this model on {device} ({in_one_line(error)})"
        ) from error
    facts = SessionFacts(*hosted.call("facts"))
    if found.provider not in facts.providers:
        raise ExecutionError(
            f"{model.name}: {found.provider} refused this model, so that the CPU would have run "
            "it; check the driver and the libraries that it needs, or use device cpu"
        )
    return Session(hosted, facts, name=model.name, device=device)


def _size(source: str | bytes, model: Model) -> int:
    """Return the bytes of a model's file and of its external tensors."""
    own = len(source) if isinstance(source, bytes) else Path(source).stat().st_size
    return own + sum(stored_bytes(tensor) for tensor in external_tensors(model.ir))


def _bytes_of(item: np.ndarray | FileArray) -> int:
    if isinstance(item, FileArray):
        return int(np.dtype(item.dtype).itemsize * np.prod(item.shape, dtype=np.int64))
    return item.nbytes
