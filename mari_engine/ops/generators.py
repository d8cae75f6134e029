"""Ops that make tensors from attributes: constants, random draws, windows.

None of them has factors: what they make is a constant, or differs from run to run.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from mari_engine.ops.rule import Rule, Trait, state_float32


def _state_literal(node: ir.Node) -> None:
    """Write the floats of a Constant as a tensor."""
    for name in ("value_float", "value_floats"):
        if name in node.attributes:
            numbers = np.asarray(node.attributes.pop(name).value, dtype=np.float32)
            node.attributes["value"] = ir.AttrTensor("value", ir.tensor(numbers))


_RANDOM = frozenset({Trait.RANDOM})
_UNFOLDED = frozenset({Trait.UNFOLDED})

RULES = (
    Rule("Constant", state_type=_state_literal, traits=_UNFOLDED),
    *(Rule(op, state_type=state_float32("dtype"), traits=_RANDOM)
      for op in ("RandomNormal", "RandomUniform")),
    *(Rule(op, traits=_RANDOM)
      for op in ("Bernoulli", "Multinomial", "RandomNormalLike", "RandomUniformLike")),
    *(Rule(op, state_type=state_float32("output_datatype"))
      for op in ("HannWindow", "HammingWindow", "BlackmanWindow", "MelWeightMatrix")),
    Rule("SequenceEmpty", state_type=state_float32("dtype")),
)  # fmt: skip
