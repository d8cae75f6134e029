"""Partial evaluation: what a value holds, worked out before the model runs."""

from mari_engine.ops.evaluation.mask_indices import (
    chosen_rows,
    repeat_slice,
    transpose_places,
    true_places,
)
from mari_engine.ops.evaluation.progressions import (
    append_next,
    cast_progression,
    drop_first,
    range_progression,
    same_progression,
)
from mari_engine.ops.evaluation.scalars import as_type, divided, held
from mari_engine.ops.evaluation.shape_arithmetic import (
    LARGEST,
    boxed,
    check_count,
    computed_elements,
    evaluate,
    filled,
    known,
    map_elements,
    reduce_list,
)

__all__ = [
    "LARGEST",
    "append_next",
    "as_type",
    "boxed",
    "cast_progression",
    "check_count",
    "chosen_rows",
    "computed_elements",
    "divided",
    "drop_first",
    "evaluate",
    "filled",
    "held",
    "known",
    "map_elements",
    "range_progression",
    "reduce_list",
    "repeat_slice",
    "same_progression",
    "transpose_places",
    "true_places",
]
