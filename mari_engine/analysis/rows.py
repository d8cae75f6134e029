"""Row independence of one op, by its declaration."""

from __future__ import annotations

from mari_engine.axes import CANDIDATES, Join, Pick, Spec, flat


def is_rowwise(spec: Spec) -> bool:
    """Return True when an op treats each row alone."""
    if isinstance(spec, (Join, Pick)):
        moved = [flat(axes)[spec.position] for axes in spec.operands if axes is not None]
        return CANDIDATES not in moved
    own, results = spec.labels()
    rows = {
        label
        for axes, named in zip(spec.operands, own, strict=False)
        for label, dim in zip(named or (), flat(axes or ()), strict=False)
        if dim == CANDIDATES
    }
    return all(rows <= set(result) for result in results) and not rows & spec.mixing()
