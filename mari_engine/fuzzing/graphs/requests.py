"""Requests for random graphs: one user's rows are equal, and ids lie in their tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mari_engine.fuzzing.graphs.graph_writer import Value

VOCABULARY = 5
"""Rows of each table."""


@dataclass(frozen=True)
class GraphInput:
    """An input of a random graph, and what its columns hold."""

    value: Value
    per_request: tuple[bool, ...]
    """For all columns, or one for each column of a packed input."""
    ids: tuple[bool, ...]
    """Whether the columns hold ids."""
    dtype: Any
    from_the_end: bool = False
    """Whether ids may be below 0, which lookups count from the end of their table."""


@dataclass(frozen=True, eq=False)
class RequestDraw:
    """Draws requests for the inputs of a graph; those of a `whole` one hold whole numbers only."""

    inputs: Sequence[GraphInput]
    whole: bool

    @property
    def has_lengths(self) -> bool:
        """True where the length of histories is free."""
        return any("L" in each.value.shape for each in self.inputs)

    def __call__(
        self, candidates: int, user: int, item: int, length: int | None = None
    ) -> dict[str, np.ndarray]:
        """Return the request of a seed for each side; free histories are so long, or 1 to 4."""
        sides = {True: np.random.default_rng([user, 1]), False: np.random.default_rng([item, 2])}
        if length is None:
            length = int(np.random.default_rng([user, 3]).integers(1, 5))
        sizes = {"N": candidates, "L": length}
        return {each.value.name: _array(self.whole, each, sizes, sides) for each in self.inputs}


def _array(
    whole: bool, each: GraphInput, sizes: dict[str, int], sides: dict[bool, np.random.Generator]
) -> np.ndarray:
    shape = [sizes[extent] if isinstance(extent, str) else extent for extent in each.value.shape]
    packed = len(each.ids) > 1
    columns = []
    for request, ids in zip(each.per_request, each.ids, strict=True):
        own = [1 if request and e == "N" else s
               for e, s in zip(each.value.shape, shape, strict=True)]  # fmt: skip
        if packed:
            own = [*own[:-1], 1]
        rng = sides[request]
        if ids:
            least = -VOCABULARY if each.from_the_end else 0
            drawn = rng.integers(least, VOCABULARY, own).astype(np.float64)
        elif whole:
            drawn = rng.integers(-2, 3, own).astype(np.float64)
        else:
            drawn = rng.normal(size=own)
        columns.append(np.broadcast_to(drawn, [*shape[:-1], 1] if packed else shape))
    array = np.concatenate(columns, axis=-1) if packed else columns[0]
    return np.ascontiguousarray(array, dtype=each.dtype)
