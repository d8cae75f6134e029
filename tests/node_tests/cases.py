"""The node tests of the installed onnx, each with its own inputs and expected outputs.

https://github.com/onnx/onnx/blob/main/docs/OnnxBackendTest.md
"""

from __future__ import annotations

import fnmatch
import warnings
from dataclasses import dataclass
from typing import Any

import onnx
from onnx.backend.test.case.node import collect_testcases


@dataclass(frozen=True, eq=False)
class NodeCase:
    """A model of one operator (or its function body), its inputs, and what they should give."""

    name: str
    model: bytes
    feeds: dict[str, Any]
    """Arrays; lists of them for sequences, None for an empty optional."""
    expected: tuple[Any, ...]
    rtol: float
    atol: float


def collect_cases(pattern: str = "*") -> list[NodeCase]:
    """Return the tests whose names match a shell pattern, in order of name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of casts that overflow on purpose
        found = collect_testcases(None)
    cases = []
    for test in sorted(found, key=lambda test: str(test.name)):
        if not fnmatch.fnmatch(test.name, pattern):
            continue
        inputs, outputs = test.data_sets[0]
        names = [value.name for value in test.model.graph.input]
        cases.append(
            NodeCase(
                name=test.name,
                model=test.model.SerializeToString(),
                feeds=dict(zip(names, map(_as_array, inputs), strict=False)),
                expected=tuple(map(_as_array, outputs)),
                rtol=test.rtol,
                atol=test.atol,
            )
        )
    return cases


def _as_array(value: Any) -> Any:
    return onnx.numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else value
