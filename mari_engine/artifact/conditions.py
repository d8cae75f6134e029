"""Conditions on an artifact's figures: `speedup<1.3`, for a pipeline to fail by."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

from mari_engine.artifact.artifact_figures import ArtifactFigures
from mari_engine.errors import MariError, ModelError

_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}
_PREFIXES = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}
_DIGITS, _ALL_DIGITS = 3, 17
_FORM = re.compile(r"\s*([a-z_]+)\s*(<=|>=|==|!=|<|>)\s*(\d+(?:\.\d+)?)\s*([kMGT]?)\s*")
FIELDS = (
    "speedup", "speedup_low", "speedup_high", "flops", "flops_before", "flops_ratio", "candidates",
    "break_even", "lossless", "checks", "products", "split", "once", "fused", "kept",
)  # fmt: skip
"""Those of `ArtifactFigures.numbers`."""


@dataclass(frozen=True)
class Condition:
    """A comparison of one figure with a number."""

    text: str
    """As it was written, without spaces."""
    field: str
    sign: str
    bound: float

    def holds(self, figures: ArtifactFigures) -> bool:
        """Return whether it is true of an artifact.

        Raises ModelError where the artifact does not tell the figure.
        """
        return self._holds_of(self.value(figures))

    def shown(self, figures: ArtifactFigures) -> float:
        """Return the figure with as few digits as tell the outcome, three behind the point or more.

        Raises ModelError where the artifact does not tell it.
        """
        value = self.value(figures)
        rounded = (round(value, digits) for digits in range(_DIGITS, _ALL_DIGITS))
        outcome = self._holds_of(value)
        return next((each for each in rounded if self._holds_of(each) == outcome), value)

    def _holds_of(self, value: float) -> bool:
        return _OPERATORS[self.sign](value, self.bound)

    def value(self, figures: ArtifactFigures) -> float:
        """Return the figure of an artifact; raises ModelError where it does not tell it."""
        found = figures.numbers()[self.field]
        if found is None:
            raise ModelError(
                f"{figures.directory}: does not tell {self.field!r}, which {self.text!r} asks for: "
                f"{_UNTOLD.get(self.field, 'it was not looked at')}; leave the condition out, or "
                "run 'mari optimize' again"
            )
        return found


_UNTOLD = {
    "speedup_low": "nothing was timed, or by a version that kept no noise",
    "speedup_high": "nothing was timed, or by a version that kept no noise",
    "break_even": "the rewritten model is never faster, or is as it was",
}


def read_condition(text: str) -> Condition:
    """Return the condition in a text: a field, an operator and a number.

    Raises MariError for any other text.

    >>> read_condition("flops > 70.5 M")
    Condition(text='flops>70.5M', field='flops', sign='>', bound=70500000.0)
    """
    match = _FORM.fullmatch(text)
    if match is None:
        signs = " ".join(_OPERATORS)
        raise MariError(
            f"{text!r}: is no condition; write a field, one of {signs} and a number, for instance "
            "speedup<1.3"
        )
    field, sign, number, prefix = match.groups()
    if field not in FIELDS:
        raise MariError(f"{text!r}: there is no field {field!r}; there are {', '.join(FIELDS)}")
    return Condition("".join(match.groups()), field, sign, float(number) * _PREFIXES[prefix])
