"""Evaluation in float64: onnxruntime where it has kernels, ONNX's reference evaluator elsewhere.

onnxruntime's CPU provider has no float64 kernel for some operators (PRelu, Erf, GRU, ...). The
graph is then cut into parts at those nodes: onnxruntime runs the parts between them, and ONNX's
own reference implementation, which computes in whatever type it is given, runs the rest.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx

from mari_engine.errors import Cancelled, ExecutionError, LimitError
from mari_engine.graph import list_proto_bodies
from mari_engine.isolation import Hosted, make
from mari_engine.native import RECURRENT, FileArray, ReferenceSession
from mari_engine.ops import USUAL_ACTIVATIONS, Trait, rule_for
from mari_engine.runtime import in_one_line, open_bytes
from mari_engine.types import Feeds
from mari_engine.verification.float64_model import Doubled
from mari_engine.wording import first_names

_NAMED = 3
"""Nodes that are named; more are counted."""
_BLAMED = re.compile(
    r"(?:find an implementation for |while running |of operator \(|Op \()(\w+)(?:\(| node|\))"
)


@dataclass
class _Part:
    """Nodes that one evaluator runs together; opened at the first run, when types are known."""

    nodes: list[onnx.NodeProto]
    by_reference: bool
    needs: list[str] = field(default_factory=list)
    gives: list[str] = field(default_factory=list)
    passed_on: frozenset[str] = frozenset()
    """What parts after this one take of what it gives."""
    runner: Hosted | None = None


class Float64Evaluator:
    """Evaluates a doubled model; which operators lack a float64 kernel shows in the first run."""

    def __init__(self, doubled: Doubled, inside: Collection[str] = ()) -> None:
        """Take the names of results `inside` the graph that runs may be asked for, too."""
        self._graph = doubled.proto.graph
        self._opsets = list(doubled.proto.opset_import)
        self._tensors, self._files = doubled.tensors, doubled.files
        self._name = doubled.name
        self._single = doubled.single
        self.rounded = doubled.rounded
        self._constants = {
            item.name: onnx.numpy_helper.to_array(item) for item in self._graph.initializer
        }
        self._outputs = [output.name for output in self._graph.output]
        made = {name for node in self._graph.node for name in node.output}
        self._inside = frozenset(inside) & made
        present = {node.op_type for node in _all_nodes(self._graph)}
        rough = {node.op_type for node in _all_nodes(self._graph) if _is_rough(node)}
        self._without_kernel: set[str] = present & set(RECURRENT) | rough
        self._parts = self._partition()

    @property
    def kept(self) -> frozenset[str]:
        """The nodes that compute in their own type."""
        return frozenset(self._single)

    @property
    def method(self) -> str:
        """What evaluates the model in float64, in words; final after the first run."""
        words = "the graph converted to float64, run by onnxruntime"
        if self._without_kernel:
            names = ", ".join(sorted(self._without_kernel))
            words += f", its {names} (no exact float64 kernel) by ONNX's reference implementation"
        if self._single:
            nodes = first_names(self._single, _NAMED)
            words += f"; in their own type, as their definition has no float64: {nodes}"
        return words

    def run(self, feeds: Feeds, inside: Collection[str] = ()) -> Feeds:
        """Return the outputs by name, and the results named `inside` that this evaluator keeps.

        Floating-point feeds are taken as float64. Raises ExecutionError when neither evaluator can
        run some node.
        """
        wanted = dict.fromkeys([*self._outputs, *(self._inside & frozenset(inside))])
        while True:
            env: dict[str, Any] = {**self._constants, **self._tensors, **_doubled_feeds(feeds)}
            try:
                for part in self._parts:
                    self._run_part(part, env, wanted)
                return {name: env[name] for name in wanted}
            except _NoKernel as missing:
                self._without_kernel |= missing.ops
                self._parts = self._partition()

    def _run_part(self, part: _Part, env: dict[str, Any], wanted: Collection[str]) -> None:
        given = {name: env[name] for name in part.needs}
        asked = [name for name in part.gives if name in part.passed_on or name in wanted]
        if not asked:
            return
        try:
            if part.runner is None:
                part.runner = self._open(part, given)
            fed = {name: array for name, array in given.items() if not self._is_constant(name)}
            results = part.runner.call("run", asked, fed)
        except (LimitError, Cancelled):
            raise
        except Exception as error:  # both evaluators raise whatever comes up
            reason = in_one_line(error)
            if not part.by_reference:
                raise _NoKernel(_blamed(part.nodes, str(error))) from error
            raise ExecutionError(
                f"node {part.nodes[0].name!r} ({part.nodes[0].op_type}) cannot be evaluated in "
                f"float64 ({reason}); no exactness can be shown for this model"
            ) from error
        env.update(zip(asked, results, strict=True))

    def _is_constant(self, name: str) -> bool:
        return name in self._constants or name in self._tensors

    def _open(self, part: _Part, given: Mapping[str, Any]) -> Hosted:
        fixed: dict[str, np.ndarray | FileArray] = {}
        graph = onnx.GraphProto(name="part", node=part.nodes)
        graph.output.extend(onnx.ValueInfoProto(name=name) for name in part.gives)
        for name, array in given.items():
            if name in self._constants and not part.by_reference:
                graph.initializer.append(onnx.numpy_helper.from_array(array, name))
                continue
            if self._is_constant(name):
                fixed[name] = self._files.get(name, array)
            kind = onnx.helper.np_dtype_to_tensor_dtype(np.asarray(array).dtype)
            graph.input.append(onnx.helper.make_tensor_value_info(name, kind, None))
        proto = onnx.ModelProto(graph=graph, opset_import=self._opsets, ir_version=10)
        data, name = proto.SerializeToString(), self._name
        if not part.by_reference:
            return open_bytes(data, name=name, fixed=fixed)
        return make(
            ReferenceSession, data, USUAL_ACTIVATIONS, fixed, about=name, room=2 * len(data)
        )

    def _partition(self) -> list[_Part]:
        """Cut the nodes into parts, each run wholly by one evaluator, in an order that can run."""
        stage_of: dict[str, int] = {}
        parts: dict[int, _Part] = {}
        for node in self._graph.node:
            by_reference = not self._without_kernel.isdisjoint(_ops_in(node))
            stage = max((stage_of.get(name, 0) for name in _used(node)), default=0)
            stage += (stage % 2 == 1) != by_reference
            stage_of.update(dict.fromkeys(node.output, stage))
            parts.setdefault(stage, _Part([], by_reference)).nodes.append(node)
        ordered = [parts[stage] for stage in sorted(parts)]
        wanted, taken = {*self._outputs, *self._inside}, set[str]()
        for part in reversed(ordered):
            made = [name for node in part.nodes for name in node.output if name]
            used = {name for node in part.nodes for name in _used(node)}
            part.gives = [name for name in made if name in wanted or name in taken]
            part.passed_on = frozenset(made) & taken
            part.needs = sorted(used - set(made))
            taken |= used
        return [part for part in ordered if part.gives]


class _NoKernel(Exception):
    """onnxruntime cannot run a part in float64; `ops` are to be left to the reference."""

    def __init__(self, ops: set[str]) -> None:
        super().__init__(ops)
        self.ops = ops


def _blamed(nodes: list[onnx.NodeProto], reason: str) -> set[str]:
    """Return the operators that the message names, or all when it names none of these nodes."""
    present = {op for node in nodes for op in _ops_in(node)}
    return set(_BLAMED.findall(reason)) & present or present


def _is_rough(node: onnx.NodeProto) -> bool:
    rule = rule_for(node.domain, node.op_type)
    return rule is not None and Trait.ROUGH_IN_FLOAT64 in rule.traits


def _all_nodes(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    for node in graph.node:
        yield node
        for body in list_proto_bodies(node):
            yield from _all_nodes(body)


def _ops_in(node: onnx.NodeProto) -> set[str]:
    inside = {inner.op_type for body in list_proto_bodies(node) for inner in _all_nodes(body)}
    return {node.op_type} | inside


def _used(node: onnx.NodeProto) -> set[str]:
    """Return the values that a node takes, those that its bodies capture included."""
    used = {name for name in node.input if name}
    for body in list_proto_bodies(node):
        defined = {item.name for item in (*body.input, *body.initializer)}
        captured = {output.name for output in body.output}
        for inner in body.node:
            captured |= _used(inner)
            defined.update(inner.output)
        used |= captured - defined
    return used


def _doubled_feeds(feeds: Feeds) -> Feeds:
    """Return the feeds with floating-point arrays as float64 (bfloat16 included)."""
    return {
        name: array.astype(np.float64) if array.dtype.kind in "fV" else array
        for name, array in feeds.items()
    }
