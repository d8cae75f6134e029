"""Results written by hand, for tests of what shows them."""

from __future__ import annotations

from mari_engine.report import Findings, draw
from mari_engine.types import (
    Action,
    Arm,
    BenchmarkResult,
    Certificate,
    Check,
    Column,
    Coverage,
    Decision,
    Flops,
    FusionLayout,
    GraphInfo,
    GraphNode,
    InputBinding,
    InputLabel,
    Interface,
    Labels,
    MissedBranch,
    OutputBinding,
    OutputError,
    Role,
    Segment,
    Side,
    Signature,
    TensorInfo,
    Timing,
)

HOSTILE = "<script>alert(1)</script>|`x`\n"


def make_node(op: str, name: str, inputs: str, outputs: str) -> GraphNode:
    """Return a node with value names separated by blanks."""
    return GraphNode(name, op, "", tuple(inputs.split()), tuple(outputs.split()), {})


def make_graph(lookups: int = 12, name: str = "gemm") -> tuple[GraphInfo, dict[str, Side]]:
    """Return a ranking model's graph: lookups on both sides, joined, then a small tower."""
    sides: dict[str, Side] = {"joined": Side.CANDIDATE, "h": Side.CANDIDATE, "a": Side.CANDIDATE}
    sides |= {"score": Side.CANDIDATE}
    nodes, inputs = [], []
    for at in range(lookups):
        side = Side.REQUEST if at % 3 else Side.ITEM
        inputs.append(TensorInfo(f"id{at}", "int64", ("N", 1), None))
        nodes.append(make_node("Gather", f"lookup{at}", f"table{at} id{at}", f"e{at}"))
        sides |= {f"id{at}": side, f"e{at}": side}
    joined = " ".join(f"e{at}" for at in range(lookups))
    nodes += [
        make_node("Concat", "concat", joined, "joined"),
        make_node("Gemm", name, "joined w b", "h"),
        make_node("Relu", "relu", "h", "a"),
        make_node("Gemm", "head", "a w2 b2", "score"),
    ]
    outputs = (TensorInfo("score", "float32", ("N", 1), None),)
    info = GraphInfo(tuple(inputs), outputs, (), tuple(nodes), 17, 8, "test", 0, 0, 0)
    return info, sides


def make_layout(node: str, fields: int = 12, width: int = 16) -> FusionLayout:
    """Return a layout whose every third field is the item's, before and after."""
    before = [
        Segment(at * width, (at + 1) * width, Side.REQUEST if at % 3 else Side.ITEM, f"field {at}")
        for at in range(fields)
    ]
    ordered = sorted(before, key=lambda segment: segment.side != Side.REQUEST)
    after = [
        Segment(at * width, (at + 1) * width, segment.side, segment.source)
        for at, segment in enumerate(ordered)
    ]
    return FusionLayout(node, tuple(before), tuple(after))


def make_decisions(name: str = "gemm") -> tuple[Decision, ...]:
    """Return one split product and one that was kept."""
    split = Decision(
        name,
        "Gemm",
        Action.SPLIT,
        "128 of its 192 columns are the same for all candidates",
        Flops(0, 98_304),
        Flops(65_536, 32_768),
        ("gemm_request", "gemm_candidate"),
    )
    kept = Decision(
        "head", "Gemm", Action.KEPT, "all its columns vary", Flops(0, 512), Flops(0, 512)
    )
    return split, kept


def make_certificate(*, passed: bool = True, name: str = "score") -> Certificate:
    """Return a certificate over three batches; a failed one fails in its last check."""
    checks = tuple(
        Check(
            batch,
            0,
            "generated",
            (OutputError(name, 2.2e-15, 3.1e-7, 2.9e-7, 4e-7, batch != 17 or passed),),
            batch != 17 or passed,
            "" if batch != 17 or passed else "score differs by 0.37 at seed 0",
        )
        for batch in (1, 3, 17)
    )
    return Certificate(
        passed=passed,
        checks=checks,
        limits={"exact": 1e-9, "rounding_factor": 4.0, "rounding_floor": 1e-6},
        seeds=(0,),
        batches=(1, 3, 17),
        versions={"onnxruntime": "1.31.0", "python": "3.11"},
        exact_method="onnxruntime on the converted graphs",
        contract=("input names, types and shapes are unchanged",),
        reason="" if passed else "score differs by 0.37 at seed 0",
        coverage=Coverage(4, 3, (MissedBranch("pick", "Where", "a row all true"),), ("inner",)),
    )


def make_labels(name: str = "user") -> Labels:
    """Return labels with a packed input among them."""
    packed = (
        Column(start=0, stop=16, role=Role.USER, name="profile"),
        Column(start=16, stop=17, role=Role.ITEM, name="item_id", range=(0, 5000), integer=True),
        Column(start=17, stop=20, role=Role.CROSS, name="counts"),
    )
    context = InputLabel(role=Role.CONTEXT, evidence=("its first axis is 1",))
    return Labels({name: InputLabel(columns=packed), "hour": context})


def make_findings(
    name: str = "gemm",
    *,
    passed: bool = True,
    lookups: int = 12,
    source: str = "ranker.onnx",
) -> Findings:
    """Return all that a report tells; `name` stands wherever a model's names do."""
    graph, sides = make_graph(lookups, name)
    decisions = make_decisions(name)
    return Findings(
        source=source,
        source_sha256="0123456789abcdef" * 4,
        labels=make_labels(name),
        signature=Signature.DROP_IN,
        candidates=500,
        keep=("head",),
        flops_before=Flops(0, 98_816),
        flops_after=Flops(65_536, 33_280),
        uncounted=("Relu",),
        decisions=decisions,
        layout=(make_layout(name), make_layout("expert")),
        interface=Interface(
            (InputBinding(name, "float32", ("N", 20), "candidate", name, (3, 0, 1, 2)),),
            (OutputBinding("score", "candidate"),),
        ),
        certificate=make_certificate(passed=passed, name=name),
        elapsed=1.25,
        pictures={"Before": draw(graph, sides, decisions)},
    )


def make_benchmark() -> BenchmarkResult:
    """Return timings of three arms at two batches; the fourth was skipped."""
    speed = {Arm.ORIGINAL: 1.0, Arm.ONE_SHOT: 1.4, Arm.MARI: 3.5}
    timings = tuple(
        Timing(
            arm=arm,
            batch=batch,
            p50=batch * 2e-5 / factor,
            p90=batch * 2.2e-5 / factor,
            p99=batch * 2.6e-5 / factor,
            mean=batch * 2e-5 / factor,
            repetitions=50,
            candidates_per_second=factor / 2e-5,
            speedup=factor,
            speedup_low=factor * 0.95,
            speedup_high=factor * 1.05,
            peak_memory=50_000_000,
            flops=98_816 * batch,
        )
        for batch in (100, 500)
        for arm, factor in speed.items()
    )
    return BenchmarkResult(
        device="cpu",
        threads=1,
        batches=(100, 500),
        timings=timings,
        machine={"processor": "x86", "cores": "2"},
        model="ranker.onnx",
        seed=0,
        copies_included=True,
        skipped={"per-fragment": "it equals mari"},
    )
