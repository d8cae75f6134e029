"""The labellings that a node test's inputs permit, with the model and inputs that go with each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx

from mari_engine import InputLabel, Labels, Role

from .cases import NodeCase

_ROWS = "N"


@dataclass(frozen=True, eq=False)
class Labelled:
    """One labelling of a node test."""

    name: str
    model: bytes
    labels: Labels
    feeds: dict[str, Any]
    as_published: bool
    """The model and its inputs are the test's own, so that its expected outputs hold."""


def labellings(case: NodeCase) -> Iterator[Labelled]:
    """Yield all inputs as candidates', then the first as the request's where its axis permits.

    Both for the model as it is and, where the inputs agree on a number of rows, for a model in
    which that number is free. The rows of a request's input are then equal.
    """
    proto = onnx.load_model_from_string(case.model)
    names = [value.name for value in proto.graph.input]
    everything = _label(names, first=Role.ITEM)
    yield Labelled("candidates", case.model, everything, case.feeds, True)
    if not names:
        return
    apart = _label(names, first=Role.USER)
    extents = _leading(proto.graph.input[0])
    if extents in (None, 0, 1):
        yield Labelled("first of the request", case.model, apart, case.feeds, True)
    if not _free_rows(proto):
        return
    freed = proto.SerializeToString()
    yield Labelled("candidates, free rows", freed, everything, case.feeds, False)
    feeds = dict(case.feeds)
    if extents not in (None, 1):
        feeds[names[0]] = np.repeat(feeds[names[0]][:1], extents or 0, axis=0)
    yield Labelled("first of the request, free rows", freed, apart, feeds, False)


def _label(names: list[str], *, first: Role) -> Labels:
    roles = [first, *[Role.ITEM] * (len(names) - 1)]
    return Labels(
        {name: InputLabel(role=role) for name, role in zip(names, roles, strict=bool(names))}
    )


def _leading(value: onnx.ValueInfoProto) -> int | None:
    """Return the first extent of a tensor: 0 where it is free, None where there is none."""
    if value.type.WhichOneof("value") != "tensor_type" or not value.type.tensor_type.shape.dim:
        return None
    return int(value.type.tensor_type.shape.dim[0].dim_value)


def _free_rows(proto: onnx.ModelProto) -> bool:
    """Name the first extent of all inputs that share it; False where they do not."""
    leading = [_leading(value) for value in proto.graph.input]
    found = {extent for extent in leading if extent is not None and extent != 1}
    if len(found) != 1 or 0 in found or any(_is_container(value) for value in proto.graph.input):
        return False
    for value, extent in zip(proto.graph.input, leading, strict=True):
        if extent in found:
            value.type.tensor_type.shape.dim[0].dim_param = _ROWS
    del proto.graph.value_info[:]
    for output in proto.graph.output:
        if output.type.WhichOneof("value") == "tensor_type":
            output.type.tensor_type.ClearField("shape")
    return True


def _is_container(value: onnx.ValueInfoProto) -> bool:
    return bool(value.type.WhichOneof("value") != "tensor_type")
