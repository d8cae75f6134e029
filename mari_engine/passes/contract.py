"""DOC."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import onnx_ir as ir
import onnx_ir.passes.common as passes

from mari_engine.analysis import Survey, survey_model
from mari_engine.graph import Model, infer_shapes

Found = TypeVar("Found")


def _rewritten(
    model: Model, survey: Survey, found: Sequence[Found],
    write: Callable[[Found, Mapping[ir.Node, ir.Node], ir.Model], None],
) -> tuple[Model, Survey]:  # fmt: skip
    """Write all that was found anew in a copy, where there is something; `write` gets the twins."""
    if not found:
        return model, survey
    copy = model.ir.clone()
    twins = dict(zip(model.ir.graph, copy.graph, strict=True))
    for each in found:
        write(each, twins, copy)
    return _tidied(copy, model, survey)


def _tidied(copy: ir.Model, model: Model, survey: Survey) -> tuple[Model, Survey]:
    passes.RemoveUnusedNodesPass()(copy)
    infer_shapes(copy)
    spelled = Model(copy, model.name)
    return spelled, survey_model(spelled, survey.symbols)
