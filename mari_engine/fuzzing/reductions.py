"""Smaller cases: each reduction of a graph yields what might still fail, and promises nothing.

A reduction may yield models that are not valid; whoever tries them finds out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import onnx
from onnx import helper, numpy_helper

from mari_engine.fuzzing.cases import Case
from mari_engine.graph import list_proto_bodies
from mari_engine.native import NativeSession, SessionSettings
from mari_engine.types import Feeds, InputLabel, Labels, Role

_WEIGHTS = (onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE, onnx.TensorProto.FLOAT16)


Reduction = Callable[[Case], Iterator[Case]]
"""Yields smaller cases, the smallest first."""


def _proto(case: Case) -> onnx.ModelProto:
    return onnx.load_model_from_string(case.data)


def _with(case: Case, proto: onnx.ModelProto, *, labels: Labels | None = None,
          requests: tuple[Feeds, ...] | None = None) -> Case:  # fmt: skip
    """Return the case with another graph, without what that does not use."""
    _remove_unused(proto.graph)
    names = [item.name for item in proto.graph.input]
    known = labels or case.labels
    return replace(
        case,
        data=proto.SerializeToString(),
        labels=Labels({name: known.inputs[name] for name in names}),
        requests=tuple(
            {name: feeds[name] for name in names} for feeds in requests or case.requests
        ),
    )


def _remove_unused(graph: onnx.GraphProto) -> None:
    needed = {output.name for output in graph.output}
    for node in reversed(list(graph.node)):
        if needed.isdisjoint(node.output):
            graph.node.remove(node)
        else:
            needed.update(_reads(node))
    for listed in (graph.initializer, graph.input):
        for item in list(listed):
            if item.name not in needed:
                listed.remove(item)
    del graph.value_info[:]


def _reads(node: onnx.NodeProto) -> set[str]:
    """Return what a node and its bodies read."""
    inner = (each for body in list_proto_bodies(node) for each in body.node)
    captured = {item.name for body in list_proto_bodies(node) for item in body.output}
    return {*node.input, *captured}.union(*(_reads(each) for each in inner)) - {""}


def fewer_requests(case: Case) -> Iterator[Case]:
    """One request of several candidates alone, or any beside one of several.

    Of a single candidate nothing tells what is the request's: a model cut where one was computed
    may hold for no other number.
    """
    several = [feeds for feeds in case.requests if _candidates(case, feeds) > 1]
    if len(case.requests) > 1:
        for feeds in several or case.requests:
            yield replace(case, requests=(feeds,))
    if len(case.requests) > 2 and several:
        for feeds in case.requests:
            if _candidates(case, feeds) == 1:
                yield replace(case, requests=(feeds, several[0]))


def fewer_outputs(case: Case) -> Iterator[Case]:
    """One output alone, or one value on the way to it in place of all, the first ones first."""
    typed = onnx.shape_inference.infer_shapes(_proto(case))
    kinds = {item.name: item for item in typed.graph.value_info}
    if len(typed.graph.output) > 1:
        for output in typed.graph.output:
            yield _with_output(case, output)
    present = {item.name for item in typed.graph.output}
    for node in typed.graph.node:
        for name in node.output:
            kind = kinds.get(name)
            if kind is not None and name not in present:
                tensor = kind.type.tensor_type
                if tensor.HasField("shape"):
                    free = [None] * len(tensor.shape.dim)
                    kind = helper.make_tensor_value_info(name, tensor.elem_type, free)
                yield _with_output(case, kind)


def _with_output(case: Case, output: onnx.ValueInfoProto) -> Case:
    proto = _proto(case)
    del proto.graph.output[:]
    proto.graph.output.append(output)
    return _with(case, proto)


def inputs_for_nodes(case: Case) -> Iterator[Case]:
    """An input in place of a value, the last ones first; it is fed what the original computes."""
    values = _computed(case)
    graph = _proto(case).graph
    read = set[str]().union(*(_reads(node) for node in graph.node))
    outputs = {item.name for item in graph.output}
    for node in reversed(graph.node):
        for name in node.output:
            arrays = values.get(name, []) if name in read - outputs else []
            if arrays and all(array.ndim for array in arrays):
                yield _cut_at(case, name, arrays)


def _computed(case: Case) -> dict[str, list[np.ndarray]]:
    """Return what the original computes at each node, a list of arrays over the requests."""
    proto = _proto(case)
    names = [name for node in proto.graph.node for name in node.output if name]
    present = {item.name for item in proto.graph.output}
    proto.graph.output.extend(onnx.ValueInfoProto(name=n) for n in names if n not in present)
    opened = NativeSession(proto.SerializeToString(), SessionSettings(optimize=False))
    runs = [opened.run(names, feeds) for feeds in case.requests]
    found = {name: [run[at] for run in runs] for at, name in enumerate(names)}
    return {
        name: arrays for name, arrays in found.items()
        if all(isinstance(array, np.ndarray) and array.dtype.kind == "f" for array in arrays)
    }  # fmt: skip


def _cut_at(case: Case, name: str, arrays: list[np.ndarray]) -> Case:
    proto = _proto(case)
    for node in proto.graph.node:
        for at, output in enumerate(node.output):
            if output == name:
                node.output[at] = f"{name}/unused"
    batches = [_candidates(case, feeds) for feeds in case.requests]
    own = [array.shape[0] for array in arrays]
    per_candidate = own == batches and any(batch > 1 for batch in batches)
    equal = all(np.array_equal(array, array[:1].repeat(len(array), 0)) for array in arrays)
    first = ["N"] if per_candidate else [arrays[0].shape[0]]
    role = Role.ITEM if per_candidate and not equal else Role.USER
    kind = helper.np_dtype_to_tensor_dtype(arrays[0].dtype)
    shape = [*first, *arrays[0].shape[1:]]
    proto.graph.input.append(helper.make_tensor_value_info(name, kind, shape))
    labels = Labels({**case.labels.inputs, name: InputLabel(role=role)})
    requests = tuple(
        {**feeds, name: array} for feeds, array in zip(case.requests, arrays, strict=True)
    )
    return _with(case, proto, labels=labels, requests=requests)


def _candidates(case: Case, feeds: Feeds) -> int:
    """Return the number of candidates of a request: the extent of the first symbol, "N"."""
    for item in _proto(case).graph.input:
        for axis, dim in enumerate(item.type.tensor_type.shape.dim):
            if dim.dim_param == "N":
                return int(feeds[item.name].shape[axis])
    return 1


def nodes_bypassed(case: Case) -> Iterator[Case]:
    """One node's operand in place of its result."""
    graph = _proto(case).graph
    outputs = {item.name for item in graph.output}
    for place, node in enumerate(graph.node):
        for operand in node.input:
            if operand and len(node.output) == 1 and node.output[0] not in outputs:
                proto = _proto(case)
                gone = proto.graph.node[place].output[0]
                for other in proto.graph.node:
                    for at, name in enumerate(other.input):
                        if name == gone:
                            other.input[at] = operand
                yield _with(case, proto)


def shorter_extents(case: Case) -> Iterator[Case]:
    """One number in place of a larger one wherever it is an extent, or stands in a shape."""
    proto = _proto(case)
    found = {extent for item in proto.graph.initializer for extent in item.dims}
    for item in proto.graph.input:
        found |= {dim.dim_value for dim in item.type.tensor_type.shape.dim}
    for extent in sorted(found, reverse=True):
        for less in range(1, min(extent, 4)):
            yield _shortened(case, extent, less)


def _shortened(case: Case, extent: int, less: int) -> Case:
    def cut(array: np.ndarray) -> np.ndarray:
        return array[tuple(slice(less) if n == extent else slice(None) for n in array.shape)]

    proto = _proto(case)
    for item in proto.graph.initializer:
        array = cut(numpy_helper.to_array(item))
        if array.dtype == np.int64 and array.ndim == 1:
            array = np.where(array == extent, less, array)
        item.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(array), item.name))
    cut_axes: dict[str, tuple[slice, ...]] = {}
    for value in proto.graph.input:
        dims = value.type.tensor_type.shape.dim
        cut_axes[value.name] = tuple(
            slice(less) if dim.dim_value == extent else slice(None) for dim in dims
        )
        for dim in dims:
            if dim.dim_value == extent:
                dim.dim_value = less
    requests = tuple(
        {name: np.ascontiguousarray(feeds[name][cut_axes[name]]) for name in cut_axes}
        for feeds in case.requests
    )
    return _with(case, proto, requests=requests)


def fewer_candidates(case: Case) -> Iterator[Case]:
    """Fewer rows along the candidates' axis, two at least (see `fewer_requests`)."""
    sized = {
        item.name: tuple(dim.dim_param == "N" for dim in item.type.tensor_type.shape.dim)
        for item in _proto(case).graph.input
    }
    if any(_candidates(case, feeds) > 2 for feeds in case.requests):
        yield replace(case, requests=tuple(
            {
                name: feeds[name][tuple(slice(2) if n else slice(None) for n in axes)]
                for name, axes in sized.items()
            }
            for feeds in case.requests
        ))  # fmt: skip


def simpler_constants(case: Case) -> Iterator[Case]:
    """Ones, or rounded numbers, in place of one tensor of weights."""
    proto = _proto(case)
    for place, item in enumerate(proto.graph.initializer):
        array = numpy_helper.to_array(item)
        if item.data_type not in _WEIGHTS or not array.size:
            continue
        for simpler in (np.ones_like(array), np.round(array), np.round(array, 1)):
            if not np.array_equal(simpler, array) and not np.all(array == 1):
                copy = _proto(case)
                made = numpy_helper.from_array(simpler.astype(array.dtype), item.name)
                copy.graph.initializer[place].CopyFrom(made)
                yield _with(case, copy)


REDUCTIONS: tuple[Reduction, ...] = (
    fewer_requests,
    fewer_outputs,
    inputs_for_nodes,
    nodes_bypassed,
    fewer_candidates,
    shorter_extents,
    simpler_constants,
)
"""In the order in which they are tried: what takes most away first."""
