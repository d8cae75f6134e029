"""Errors of onnxruntime as a reader gets them."""

from __future__ import annotations

import pytest

from mari_engine.runtime import in_one_line

STATUS = "[ONNXRuntimeError] : 1 : FAIL : "
HELPER = "/src/core/providers/cpu/tensor/reshape_helper.h:91 "
CALLED = "onnxruntime::ReshapeHelper::ReshapeHelper(const onnxruntime::TensorShape&, bool) "
SLICER = (
    "/src/slicer.cc:28 static Slicer<T> Slicer<T>::Create(T&) [with T = const OrtValue; k = int] "
)
LONG = "Got invalid dimensions for input: a"


def failing(op: str, name: str, message: str) -> str:
    running = f"Non-zero status code returned while running {op} node."
    return f"{STATUS}{running} Name:'{name}' Status Message: {message}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (failing("Gather", "g", "idx=9 is out of [-4,3]"), "Gather 'g': idx=9 is out of [-4,3]"),
        (
            failing(
                "Reshape", "r", f"{HELPER}{CALLED}a == b was false. It has {{2,8}}, not {{3,8}}"
            ),
            "Reshape 'r': It has {2,8}, not {3,8}",
        ),
        (failing("Concat", "", "base.h:13 PrepareImpl Axes must match"), "Concat: Axes must match"),
        (failing("Scan", "s", f"{SLICER}a < b was false. Axis 0 is 0"), "Scan 's': Axis 0 is 0"),
        (failing("Mul", "m", f"{HELPER}{CALLED}a == b was false."), "Mul 'm': a == b was false."),
        (f"{STATUS}{LONG}\n Please fix it.", f"{LONG} Please fix it."),
        ("something else", "something else"),
        ("", "RuntimeError"),
    ],
)
def test_what_happened_stands_first(text: str, expected: str) -> None:
    assert in_one_line(RuntimeError(text)) == expected


def test_long_texts_are_cut() -> None:
    assert in_one_line(RuntimeError("a" * 300), limit=10) == "aaaaaaaaa…"
