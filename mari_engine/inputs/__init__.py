"""What a model's inputs mean: columns traced to lookups, id ranges, repetition."""

from mari_engine.inputs.column_tracing import WHOLE, packed_width, trace_columns
from mari_engine.inputs.feature_columns import Piece, cut_inputs
from mari_engine.inputs.id_ranges import Ranges, infer_ranges
from mari_engine.inputs.repetition import Repetition, Unit, find_repetitions
from mari_engine.inputs.vocabularies import find_words

__all__ = [
    "WHOLE",
    "Piece",
    "Ranges",
    "Repetition",
    "Unit",
    "cut_inputs",
    "find_repetitions",
    "find_words",
    "infer_ranges",
    "packed_width",
    "trace_columns",
]
