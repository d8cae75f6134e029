"""The work of one node by its declaration, in FLOPs per request and per candidate."""

from __future__ import annotations

import math

from mari_engine.axes import (
    CANDIDATES,
    REQUESTS,
    Axis,
    Contract,
    Reduce,
    Slices,
    Spec,
    flat,
    is_anonymous,
)
from mari_engine.types import Flops

_FREE_EXTENT = 32
"""What an extent other than the candidates' is counted as when only the run knows it."""


def extent(dims: Axis, candidates: int) -> int:
    """Return the number of elements along these factors, of one request."""
    free = {True: candidates, False: _FREE_EXTENT}
    own = (dim for dim in dims if dim != REQUESTS)
    return math.prod(dim if isinstance(dim, int) else free[grows((dim,))] for dim in own)


def grows(dims: Axis) -> bool:
    """Return True for work that is counted per candidate: a length only the run knows may grow."""
    return any(dim == CANDIDATES or is_anonymous(dim) for dim in dims)


def work(spec: Spec) -> Flops:
    """Return the FLOPs of one node: `weight * N * K * M` for `[N, K], [K, M] -> [N, M]`."""
    if not spec.weight or (isinstance(spec, Reduce) and not spec.over):
        return Flops()
    dims: Axis = flat(spec.results[0])
    if isinstance(spec, Contract):
        dims = tuple(spec.extents().values())
    elif isinstance(spec, Reduce) or (isinstance(spec, Slices) and spec.work):
        dims = spec.work if isinstance(spec, Slices) else flat(spec.operands[0] or ())
    count = spec.weight * extent(dims, 1)
    if isinstance(spec, Contract) and spec.addend is not None:
        count += extent(flat(spec.results[0]), 1)
    return grown(count, dims)


def grown(count: int, dims: Axis) -> Flops:
    """Return a count as what it grows with: the request, a candidate, or two candidates."""
    if dims.count(CANDIDATES) > 1:
        return Flops(per_pair=count)
    return Flops(per_candidate=count) if grows(dims) else Flops(count)
