"""ONNX's reference evaluator, with an attention and recurrent operators of our own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import onnx.reference

from mari_engine.native.float64_attention import Attention
from mari_engine.native.float64_recurrent import RECURRENT
from mari_engine.native.sessions import Arrays, FileArray, read_fixed


class ReferenceSession:
    """A graph that is computed in whatever type it is given, by numpy."""

    def __init__(
        self,
        data: bytes,
        usual: Mapping[str, tuple[str, ...]],
        fixed: Mapping[str, np.ndarray | FileArray],
    ) -> None:
        """Read a file's bytes; `usual` are the recurrent operators' default activations."""
        kinds = [type(name, (kind,), {"usual": usual[name]}) for name, kind in RECURRENT.items()]
        self._raw = onnx.reference.ReferenceEvaluator(
            onnx.load_model_from_string(data), new_ops=[*kinds, Attention]
        )
        self._fixed = read_fixed(fixed)

    def run(self, names: Sequence[str], feeds: Arrays) -> list[Any]:
        """Return these outputs; raises whatever the evaluator raises."""
        return list(self._raw.run(list(names), {**feeds, **self._fixed}))
