"""A model run as it is, without a runtime's optimizations, in its own precision and in float64."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from mari_engine.errors import ExecutionError
from mari_engine.graph import Model
from mari_engine.native import NativeSession, SessionSettings
from mari_engine.runtime import in_one_line
from mari_engine.types import Feeds
from mari_engine.verification import FLOAT64, Float64Evaluator, Outputs, double_model


class ModelRuns:
    """The bytes of a model, opened to be run; `model` is the same model, loaded.

    `epsilon` is that of the original's precision, `keep` names the nodes that compute in their own
    type in its float64 model, and `rounded` the outputs that these have a part in. Raises
    ExecutionError where onnxruntime does not load the model.
    """

    def __init__(
        self, data: bytes, model: Model, epsilon: float, keep: Collection[str] = ()
    ) -> None:
        try:
            self._own = NativeSession(data, SessionSettings(optimize=False))
        except Exception as error:  # onnxruntime raises bare pybind exceptions
            raise ExecutionError(f"onnxruntime cannot load it ({in_one_line(error)})") from error
        self._names = self._own.facts()[1]
        self._wide = None if epsilon == FLOAT64 else Float64Evaluator(double_model(model, keep))
        self.kept = frozenset[str]() if self._wide is None else self._wide.kept
        self.rounded = frozenset[str]() if self._wide is None else self._wide.rounded

    def run(self, feeds: Feeds) -> Outputs:
        """Return all outputs by name, of a model in float64 as such only.

        Raises ExecutionError where the model refuses the request.
        """
        try:
            arrays: list[np.ndarray] = self._own.run(None, feeds)
        except Exception as error:  # onnxruntime raises bare pybind exceptions
            raise ExecutionError(f"onnxruntime cannot run it ({in_one_line(error)})") from error
        own = dict(zip(self._names, arrays, strict=True))
        if self._wide is None:
            return Outputs(None, own, {})
        return Outputs(own, self._wide.run(feeds), {})
