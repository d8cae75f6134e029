"""Partial evaluation: what a value holds, worked out before the model runs."""

from mari_engine.ops.evaluation.mask_indices import (
    chosen_rows,
    repeat_slice,
    true_places,
    turn_places,
)
from mari_engine.ops.evaluation.progressions import (
    append_next,
    count_up,
    drop_first,
    keep_counting,
    keep_counting_as,
)
from mari_engine.ops.evaluation.scalars import divided
from mari_engine.ops.evaluation.shape_arithmetic import (
    LARGEST,
    boxed,
    evaluate,
    filled,
    folded,
    known,
    placewise,
)

__all__ = [
    "LARGEST",
    "append_next",
    "boxed",
    "chosen_rows",
    "count_up",
    "divided",
    "drop_first",
    "evaluate",
    "filled",
    "folded",
    "keep_counting",
    "keep_counting_as",
    "known",
    "placewise",
    "repeat_slice",
    "true_places",
    "turn_places",
]
