"""Runs original and rewritten models side by side, by the calling contract and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime as ort

from mari_engine.analysis import candidate_symbols, survey_model
from mari_engine.graph import Model
from mari_engine.loading import load
from mari_engine.passes import run_passes
from mari_engine.plan_types import Plan
from mari_engine.rewriting.context import Options, Strategy
from mari_engine.rewriting.interpreter import rewrite
from mari_engine.types import InputBinding, InputLabel, Labels, Role, Side, Signature

Arrays = Mapping[str, np.ndarray]
Compare = Callable[[np.ndarray, np.ndarray], bool]


def roles(**named: str) -> Labels:
    """Return labels with one role for each input."""
    return Labels({name: InputLabel(role=Role(role)) for name, role in named.items()})


def stated(labels: Labels, **axes: int) -> Labels:
    """Return the labels with the candidates' axis stated for some inputs."""
    named = {name: replace(labels.inputs[name], axis=axis) for name, axis in axes.items()}
    return Labels({**labels.inputs, **named})


def requests(
    batches: Sequence[int] = (1, 2, 5), *, seed: int = 0, whole: bool = True, **inputs: str
) -> list[dict[str, np.ndarray]]:
    """Return requests for float32 inputs given as "user N, 3"; whole numbers unless told."""
    out = []
    for batch in batches:
        rng, feeds = np.random.default_rng([seed, batch]), dict[str, np.ndarray]()
        for name, text in inputs.items():
            role, dims = text.split(" ", 1)
            sizes = [dim.strip() for dim in dims.split(",")]
            full = [batch if size == "N" else int(size) for size in sizes]
            own = [1 if size == "N" and role == "user" else n
                   for size, n in zip(sizes, full, strict=True)]  # fmt: skip
            drawn = rng.integers(-2, 3, own) if whole else rng.standard_normal(own)
            feeds[name] = np.broadcast_to(drawn.astype(np.float32), full).copy()
        out.append(feeds)
    return out


def session(data: bytes) -> ort.InferenceSession:
    """Return a session that runs the very nodes of the model, in one thread."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])


def data_of(model: Model) -> bytes:
    """Return a model as bytes, if onnx's own checker accepts what it knows of it."""
    proto = ir.serde.serialize_model(model.ir)
    if all(node.domain or onnx.defs.has(node.op_type) for node in proto.graph.node):
        onnx.checker.check_model(proto)
    return bytes(proto.SerializeToString())


def run(opened: ort.InferenceSession, feeds: Arrays) -> dict[str, np.ndarray]:
    """Return all outputs by name; feeds that the model does not have are left out."""
    wanted = {item.name for item in opened.get_inputs()}
    results = opened.run(None, {name: feeds[name] for name in wanted})
    names = [item.name for item in opened.get_outputs()]
    return dict(zip(names, results, strict=True))


def bound(inputs: Iterable[InputBinding], feeds: Arrays, signature: Signature) -> Arrays:
    """Return an optimized model's feeds, made as the page on the contract says."""
    out = {}
    for item in inputs:
        array = feeds[item.source]
        if item.columns is not None:
            array = array[..., list(item.columns)]
        if item.rows == "request" and signature == Signature.COMPACT and array.ndim:
            array = array[:1]
        out[item.name] = array
    return out


def alike(limit: float) -> Compare:
    """Return a comparison relative to the largest element of the truth; 0 asks for all bits."""

    def compare(truth: np.ndarray, other: np.ndarray) -> bool:
        if truth.shape != other.shape or truth.dtype != other.dtype:
            return False
        if limit == 0 or not np.issubdtype(truth.dtype, np.floating):
            return np.array_equal(truth, other)
        assert np.isfinite(truth).all()
        scale = max(1e-30, float(np.abs(truth).max(initial=0.0)))
        return float(np.abs(truth - other).max(initial=0.0)) <= limit * scale

    return compare


def differences(truth: Arrays, other: Arrays, same: Compare) -> list[str]:
    """Return the names of the outputs that differ, with what is seen of them."""
    if list(truth) != list(other):
        return [f"outputs {list(truth)} became {list(other)}"]
    return [
        f"{name}: {truth[name].shape} {truth[name].ravel()[:4]}, "
        f"but {other[name].shape} {other[name].ravel()[:4]}"
        for name in truth
        if not same(truth[name], other[name])
    ]


def changed_request_values(planned: Plan, first: Arrays, second: Arrays) -> list[str]:
    """Return values colored request that differ, by one bit, between two sets of candidates."""
    made = {value.name for node in planned.original.ir.graph for value in node.outputs}
    colors = planned.coloring.values
    names = [name for name, c in colors.items() if c.side == Side.REQUEST and name in made]
    proto = ir.serde.serialize_model(planned.original.ir)
    present = {value.name for value in proto.graph.output}
    proto.graph.output.extend(onnx.ValueInfoProto(name=n) for n in names if n not in present)
    opened = session(bytes(proto.SerializeToString()))
    one, two = run(opened, first), run(opened, second)
    return [name for name in names if _elements(one[name]) != _elements(two[name])]


def _elements(array: np.ndarray) -> object:
    """Return all bits of an array, or its texts."""
    return array.tolist() if array.dtype == np.object_ else array.tobytes()


NEAT = Strategy()


@dataclass(frozen=True)
class Way:
    """One way to rewrite a model."""

    signature: Signature = Signature.DROP_IN
    strategy: Strategy = NEAT


SIGNATURES = (Way(), Way(Signature.COMPACT))
ARMS = (
    Way(strategy=Strategy(split=False)),
    Way(strategy=Strategy(neat=False)),
    Way(strategy=Strategy(fold=False)),
)


def wrong_rewrites(
    data: bytes,
    labels: Labels,
    requests: Sequence[Arrays],
    same: Compare,
    *,
    ways: Sequence[Way] = (*SIGNATURES, *ARMS),
    candidates: int = 500,
) -> list[str]:
    """Rewrite a model in several ways and return what does not equal the original."""
    model = load(data, name="graph")
    opened = session(data)
    truths = [run(opened, request) for request in requests]
    wrong = []
    form = run_passes(model, survey_model(model, candidate_symbols(model, labels)))
    sources = dict.fromkeys((model, form.model))  # the arms of a benchmark read it as it came
    for way, source in product(ways, sources):
        made = rewrite(
            source,
            labels,
            Options(signature=way.signature, candidates=candidates),
            strategy=way.strategy,
        )
        assert not made.log.failures, made.log.failures
        rewritten = session(data_of(Model(made.model, "rewritten")))
        for request, truth in zip(requests, truths, strict=True):
            feeds = bound(made.boundary.bindings, request, way.signature)
            found = differences(truth, run(rewritten, feeds), same)
            wrong += [f"{way}: {each}" for each in found]
    return wrong
