"""The two models of a check, each run in float64 and in its own precision."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from mari_engine.errors import ExecutionError, NoKernelError
from mari_engine.feeds import bind_feeds
from mari_engine.graph import Model
from mari_engine.runtime import Session, in_one_line, open_session, open_source
from mari_engine.types import Feeds, Interface, Progress, Signature
from mari_engine.verification.float64_evaluator import Float64Evaluator
from mari_engine.verification.float64_model import double_model
from mari_engine.verification.precisions import halves_of
from mari_engine.verification.shared_values import SharedValues, common_names
from mari_engine.verification.staged_session import Runnable, Stage, StagedSession

_LARGEST_HALF = float(np.finfo(np.float16).max)


class Outputs(NamedTuple):
    """A model's outputs in its own precision and in float64; None where that cannot be run."""

    own: Feeds | None
    wide: Feeds | None
    inside: Feeds
    """Results inside the graph that were asked for, in float64; none where that is not run."""


@dataclass(frozen=True, eq=False)
class ModelPair:
    """An original, the model that it was rewritten into, and how the latter is called."""

    original: Model
    optimized: Model
    interface: Interface | None = None
    """None: the optimized model takes the original's feeds as they are."""
    signature: Signature = Signature.DROP_IN
    stages: Sequence[Stage] = ()
    """The models that the optimized one is served as; none: it is served as a whole."""

    @property
    def per_request_outputs(self) -> frozenset[str]:
        """The outputs with one row per request, which may stand for all rows and rank nothing."""
        bindings = self.interface.outputs if self.interface is not None else ()
        return frozenset(item.name for item in bindings if item.rows == "request")


class OpenedPair:
    """Original and optimized model, ready to run on the same requests.

    Each is opened twice: by onnxruntime in its own precision, and converted to float64. The
    original runs from its own file where there is one, so that a mistake made while it was read
    cannot hide. `report_progress` gets the share that is open and what is being opened. `no_own`
    and `no_float64` say why a precision cannot be run; "" if it can. `unloadable` says why the
    runtime takes the original and not the optimized model. Raises ExecutionError when the runtime
    does not take the original, except for want of a kernel: other devices may have it.
    """

    def __init__(self, pair: ModelPair, report_progress: Progress) -> None:
        self.models = pair
        self.shared = SharedValues(common_names(pair.original, pair.optimized))
        self._halves = halves_of(pair.original)
        self.no_own = self.no_float64 = self.unloadable = ""
        self._own: tuple[Session, Runnable] | None = None
        self._wide: tuple[Float64Evaluator, Float64Evaluator] | None = None
        report_progress(0.0, "opening the original")
        first = self._open_first(pair.original)
        report_progress(0.25, "opening the rewritten model")
        second = self._open_second(pair)
        if first is not None and second is not None:
            self._own = (first, second)
        if self.unloadable:
            return
        try:
            report_progress(0.5, "opening the original in float64")
            wide = _open_wide(pair.original, [*self.shared.names, *self._halves])
            report_progress(0.75, "opening the rewritten model in float64")
            self._wide = (wide, _open_wide(pair.optimized, self.shared.names, wide.kept))
        except ExecutionError as error:
            self.no_float64 = str(error)

    def _open_first(self, original: Model) -> Session | None:
        try:
            return open_own(original)
        except NoKernelError as error:
            self.no_own = str(error)
            return None

    def _open_second(self, pair: ModelPair) -> Runnable | None:
        try:
            return open_served(pair.optimized, pair.stages)
        except ExecutionError as error:
            if not (self.no_own and isinstance(error, NoKernelError)):
                self.unloadable = f"the optimized model does not load ({error})"
            return None

    @property
    def exact_method(self) -> str:
        """How float64 was evaluated, in words, or why it could not be; known after a run."""
        if self._wide is None or self.no_float64:
            return f"exactness could not be shown: {self.no_float64}"
        return max((evaluator.method for evaluator in self._wide), key=len)

    @property
    def rounded(self) -> frozenset[str]:
        """The outputs that even in float64 depend on a node that computes in its own type."""
        return frozenset[str]().union(*(evaluator.rounded for evaluator in self._wide or ()))

    def is_answered(self, feeds: Feeds) -> bool:
        """Return whether the original answers a request in its own precision."""
        if self._own is None:
            return False
        try:
            self._own[0].run(feeds)
        except ExecutionError:
            return False
        return True

    def run_own(self, feeds: Feeds) -> tuple[Feeds, Feeds | ExecutionError] | None:
        """Return what both models give in their own precision, or why the optimized one does not.

        None where the original does not run.
        """
        if self._own is None:
            return None
        try:
            before = self._own[0].run(feeds)
        except ExecutionError:
            return None
        try:
            return before, self._own[1].run(self.bind(feeds))
        except ExecutionError as error:
            return before, error

    def run_original(self, feeds: Feeds, inside: Collection[str] = ()) -> Outputs:
        """Return the original's outputs; raises ExecutionError if it refuses the request.

        `inside` names results inside both graphs (see `shared`) that are asked for, too.
        """
        own = self._own[0].run(feeds) if self._own is not None else None
        return self._with_wide(0, own, feeds, inside)

    def run_optimized(self, feeds: Feeds, inside: Collection[str] = ()) -> Outputs:
        """Return the optimized model's outputs for the original's feeds, bound by its interface.

        Raises ExecutionError if it refuses them.
        """
        return self.run_bound(self.bind(feeds), inside)

    def run_bound(self, feeds: Feeds, inside: Collection[str] = ()) -> Outputs:
        """Return the optimized model's outputs for feeds of its own; ExecutionError as above."""
        own = self._own[1].run(feeds) if self._own is not None else None
        return self._with_wide(1, own, feeds, inside)

    def run_optimized_anew(self, feeds: Feeds) -> Feeds:
        """Return what the optimized model gives, opened anew where models run now.

        Raises ExecutionError and LimitError.
        """
        return open_served(self.models.optimized, self.models.stages).run(self.bind(feeds))

    def exceeds_halves(self, feeds: Feeds) -> bool:
        """Return whether a float16 value of the original is beyond that type for a request.

        Where a runtime rounds to float16 then decides what the model gives: onnxruntime's CPU
        kernels compute in float32, and several nodes in a row without a rounding between them.
        """
        found = self._run_wide(0, feeds, self._halves) if self._halves else None
        if found is None:
            return False
        values = (np.abs(found[name]) for name in self._halves & found.keys())
        return any(np.any(np.isfinite(value) & (value > _LARGEST_HALF)) for value in values)

    def bind(self, feeds: Feeds) -> Feeds:
        """Return the optimized model's feeds of the original's."""
        if self.models.interface is None:
            return feeds
        return bind_feeds(feeds, self.models.interface, self.models.signature)

    def _with_wide(
        self, which: int, own: Feeds | None, feeds: Feeds, inside: Collection[str]
    ) -> Outputs:
        found = self._run_wide(which, feeds, inside)
        if found is None:
            return Outputs(own, None, {})
        values = {name: found.pop(name) for name in inside if name in found}
        return Outputs(own, found, values)

    def _run_wide(self, which: int, feeds: Feeds, inside: Collection[str]) -> Feeds | None:
        if self._wide is None or self.no_float64:
            return None
        try:
            return self._wide[which].run(feeds, inside)
        except ExecutionError as error:
            if self._own is None:  # then nothing tells a bad request from a missing operator
                raise
            self.no_float64 = str(error)
            return None


def open_served(model: Model, stages: Sequence[Stage]) -> Runnable:
    """Return a model as it is served: in its stages, or as a whole where there are none."""
    return StagedSession(stages) if stages else open_session(model, threads=1)


def open_own(model: Model) -> Session:
    """Return a session on the model's own file if its inputs are still the file's."""
    source = open_source(model, threads=1)
    if source is not None and source.input_shapes == _shapes(model):
        return source
    return open_session(model, threads=1)


def _shapes(model: Model) -> dict[str, tuple[int | str | None, ...]]:
    """Return the inputs' shapes as a session on the model would give them."""
    return {
        value.name or "": tuple(
            extent if isinstance(extent, int) else extent.value for extent in value.shape or ()
        )
        for value in model.ir.graph.inputs
    }


def _open_wide(
    model: Model, inside: Collection[str], keep: Collection[str] = ()
) -> Float64Evaluator:
    try:
        return Float64Evaluator(double_model(model, keep), inside)
    except Exception as error:  # graphs are strangers' work and the conversion touches all of them
        raise ExecutionError(
            f"{model.name}: cannot be converted to float64 ({in_one_line(error)})"
        ) from error
