"""Texts: compared, joined and counted; each row, or each text, by itself."""

from __future__ import annotations

from mari_engine.axes import Slices, Spec, Unsupported, flat
from mari_engine.ops.call import Call
from mari_engine.ops.elementwise import pointwise
from mari_engine.ops.rule import Rule
from mari_engine.ops.tables import axis_with, by_row, words_in


def normalize(call: Call) -> Spec:
    """Return the factors of texts in lower or upper case, `[K] -> [K]`.

    With words to leave out, their number is known to the run alone.
    https://onnx.ai/onnx/operators/onnx__StringNormalizer.html
    """
    if call.attribute("stopwords"):
        raise Unsupported("words are left out: how many, only the run knows")
    axes = call.axes(0)
    own = tuple(range(len(flat(axes))))
    return Slices(operands=(axes,), results=(axes,), terms=(own,), outputs=(own,))


def count_terms(call: Call) -> Spec:
    """Return the factors of `[N, K] -> [N, T]`: how often each term stands in a row.

    https://onnx.ai/onnx/operators/onnx__TfIdfVectorizer.html
    """
    places = call.attribute("ngram_indexes", ())
    if len(call.axes(0)) != 2 or not places:
        raise Unsupported("terms of one row, or none")
    return by_row(call, (axis_with(1 + max(places)),))


RULES = (
    Rule("StringConcat", pointwise(0)),
    Rule("RegexFullMatch", pointwise(0)),
    Rule("StringNormalizer", normalize),
    Rule("StringSplit", refusal="it makes as many parts as the longest text of all rows has"),
    Rule("TfIdfVectorizer", count_terms, words=words_in("pool_strings")),
)
