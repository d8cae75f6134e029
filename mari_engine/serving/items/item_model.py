"""The item part in onnxruntime, and the columns that a store has for its outputs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from mari_engine.errors import ExecutionError, ModelError, StoreError
from mari_engine.inputs import infer_ranges
from mari_engine.loading import load
from mari_engine.runtime import open_source
from mari_engine.serving.items.arrow_columns import ColumnSpec
from mari_engine.serving.offload import ItemPart
from mari_engine.types import Feeds, InterfaceTensor


class ItemModel:
    """The item part, ready to run; its process is that of `isolation.isolated`."""

    def __init__(self, part: ItemPart, *, threads: int, batch: int) -> None:
        """Open the file itself, to run it on at most `batch` items at once.

        `threads` 0: as many as there are cores. Raises MariErrors.
        """
        self._model = load(part.path)
        session = open_source(self._model, threads=threads)
        assert session is not None
        self._session, self._part, self._batch = session, part, batch
        self._specs = output_specs(part.outputs)

    def run(self, features: Feeds) -> Feeds:
        """Return what a store holds of these items, `[n, ...]` by output.

        Raises ModelError where the part gives other shapes than its manifest says.
        """
        rows = len(next(iter(features.values())))
        if rows <= self._batch:
            return self._run(features, rows)
        found = [
            self.run({name: each[at : at + self._batch] for name, each in features.items()})
            for at in range(0, rows, self._batch)
        ]
        return {name: np.concatenate([each[name] for each in found]) for name in found[0]}

    def find_refused(self, features: Feeds) -> tuple[int, str]:
        """Return the first row that the model cannot compute, and what is wrong with it.

        `features` are refused as a whole.
        """
        start, stop = 0, len(next(iter(features.values())))
        while stop - start > 1:
            middle = (start + stop) // 2
            half = {name: each[start:middle] for name, each in features.items()}
            start, stop = (middle, stop) if self._computes(half) else (start, middle)
        return start, self._explain({name: each[start] for name, each in features.items()})

    def _computes(self, features: Feeds) -> bool:
        try:
            self._session.run(features)
        except ExecutionError:
            return False
        return True

    def _explain(self, item: Feeds) -> str:
        """Return what no table has of an item, or ""."""
        for (name, column), (low, high) in infer_ranges(self._model.ir, binding=True).items():
            if name not in item:
                continue
            values = item[name] if column is None else item[name][..., column]
            odd = np.extract((values >= high) | (values < min(low, -high)), values)
            if odd.size:
                where = repr(name) if column is None else f"column {column} of {name!r}"
                return f"{where} is {odd[0]}, and the model's table has {low} to {high - 1}"
        return ""

    def _run(self, features: Feeds, rows: int) -> Feeds:
        found = self._session.run(features)
        for spec in self._specs:
            array = found[spec.name]
            if array.shape != (rows, *spec.shape) or array.dtype != spec.dtype:
                raise ModelError(
                    f"{self._part.path}: {spec.name!r} is {array.dtype} {list(array.shape)} for "
                    f"{rows} items, and its manifest says {spec.dtype} {list(spec.shape)} of each; "
                    "run 'mari offload' again"
                )
        return {spec.name: found[spec.name] for spec in self._specs}


def output_specs(outputs: Sequence[InterfaceTensor]) -> tuple[ColumnSpec, ...]:
    """Return a column for each output; raises StoreError for one that a store cannot hold."""
    return tuple(_spec(output) for output in outputs)


def _spec(output: InterfaceTensor) -> ColumnSpec:
    shape = output.shape[1:]
    try:
        dtype = np.dtype(output.dtype)
        pa.from_numpy_dtype(dtype)
    except (TypeError, pa.ArrowNotImplementedError):
        dtype = np.dtype(object)
    if dtype.kind not in "fiub" or not all(isinstance(at, int) and at > 0 for at in shape):
        raise StoreError(
            f"output {output.name!r} of the item part is {output.dtype} {list(shape)} of each item,"
            " and a store holds numbers of one extent; compute it online"
        )
    return ColumnSpec(output.name, dtype, tuple(int(at) for at in shape))
