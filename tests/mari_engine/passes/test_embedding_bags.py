"""EmbeddingBags as exporters write them: loops over bags become a lookup and a reduction."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from mari_engine import load, plan
from mari_engine.passes.embedding_bags import EMBEDDING_BAGS
from support.bag_models import LABELS, two_bags
from support.builders import build
from support.pass_checks import after
from support.rewrite_checks import wrong_rewrites

WEIGHTS = {
    "table": np.random.default_rng(0).integers(-2, 3, (5, 2)).astype("f"),
    "zero": np.array(0), "one": np.array(1), "two": np.array(2), "three": np.array(3),
    "l0": np.array([0]), "l1": np.array([1]), "minus": np.array([-1]), "far": np.array([2**62]),
    "yes": np.array(True), "empty": np.zeros((1, 2), "f"),
}  # fmt: skip


def bag(ids: str, *, step: str = "three", op: str = "ReduceSum", first: str = "zero",
        axis: str = "l0") -> str:  # fmt: skip
    """Return an EmbeddingBag over [N, 3] ids as the TorchScript exporter writes it."""
    k = ids
    return f"""
    {k}_s = Shape ({k}) {k}_n = ReduceProd <keepdims = 0> ({k}_s)
    {k}_r = Range ({first}, {k}_n, {step}) {k}_f = Reshape ({k}, minus)
    {k}_e = Shape ({k}_f) {k}_c = Concat <axis = 0> ({k}_r, {k}_e)
    {k}_t = Slice ({k}_c, l1, far, l0) {k}_b = Shape ({k}_t) {k}_m = Gather ({k}_b, zero)
    {k}_y = Loop <body = {k}_body (int64 {k}_i, bool {k}_go) => (bool {k}_on, float[d] {k}_row) {{
        {k}_a = Gather ({k}_c, {k}_i) {k}_z = Gather ({k}_t, {k}_i)
        {k}_a1 = Unsqueeze ({k}_a, l0) {k}_z1 = Unsqueeze ({k}_z, l0)
        {k}_own = Slice ({k}_f, {k}_a1, {k}_z1, l0) {k}_rows = Gather (table, {k}_own)
        {k}_row = {op} <keepdims = 0> ({k}_rows, {axis}) {k}_on = Cast <to = 9> (yes)
    }}> ({k}_m, yes)
    """


def sequence(ids: str) -> str:
    """Return the same as torch.export's exporter writes it."""
    k = ids
    return f"""
    {k}_f = Reshape ({k}, minus) {k}_w = Gather (table, {k}_f) {k}_s = Shape ({k}_f)
    {k}_n = Squeeze ({k}_s, l0) {k}_r = Range (zero, {k}_n, three) {k}_num = Size ({k}_r)
    {k}_c = Concat <axis = 0> ({k}_r, {k}_s) {k}_q = SequenceEmpty ()
    {k}_ok = Less (zero, {k}_num)
    {k}_all, {k}_last = Loop <body = {k}_body (int64 {k}_i, bool {k}_go,
            seq(float[r, d]) {k}_old, int64 {k}_at)
        => (bool {k}_on, seq(float[r, d]) {k}_new, int64 {k}_next) {{
        {k}_p = Reshape ({k}_at, minus) {k}_p1 = Add ({k}_p, l1) {k}_p2 = Add ({k}_p1, l1)
        {k}_a = Slice ({k}_c, {k}_p, {k}_p1) {k}_z = Slice ({k}_c, {k}_p1, {k}_p2)
        {k}_same = Equal ({k}_a, {k}_z) {k}_h = Squeeze ({k}_same, l0)
        {k}_row = If <then_branch = t () =>
            (float[r, d] {k}_none) {{ {k}_none = Identity (empty) }},
                      else_branch = e () => (float[r, d] {k}_sum) {{
            {k}_rows = Slice ({k}_w, {k}_a, {k}_z) {k}_sum = ReduceSum ({k}_rows, l0)
        }}> ({k}_h)
        {k}_new = SequenceInsert ({k}_old, {k}_row)
        {k}_next = Add ({k}_at, one) {k}_on = Less ({k}_next, {k}_num)
    }}> (, {k}_ok, {k}_q, zero)
    {k}_y = ConcatFromSequence <axis = 0> ({k}_all)
    """


def model(first: str, second: str) -> bytes:
    return two_bags(first, second, WEIGHTS)


def given() -> list[dict[str, np.ndarray]]:
    rng = np.random.default_rng(1)
    return [
        {"uid": np.repeat(rng.integers(0, 5, (1, 3)), n, 0), "iid": rng.integers(0, 5, (n, 3))}
        for n in (1, 2, 5)
    ]


def equal(left: np.ndarray, right: np.ndarray) -> bool:
    return bool(np.allclose(left, right, rtol=0, atol=1e-6))


@pytest.mark.parametrize("op", ["ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin"])
def test_bags_of_equal_size_are_reduced_at_once(op: str) -> None:
    data = model(bag("uid", op=op), bag("iid", op=op))
    made = plan(load(data), LABELS)
    assert made.coloring.unknown == {}
    assert made.coloring.values["uid_y"].side == "request"
    used = Counter(node.op_type for node in made.optimized.ir.graph)
    assert (used["Loop"], used["Gather"]) == (0, 2)
    assert wrong_rewrites(data, LABELS, given(), equal) == []


def test_bags_kept_in_a_sequence_are_reduced_at_once() -> None:
    data = model(sequence("uid"), sequence("iid"))
    made = plan(load(data), LABELS)
    assert "Loop" not in {node.op_type for node in made.optimized.ir.graph}
    assert wrong_rewrites(data, LABELS, given(), equal) == []


def test_new_nodes_name_the_loop_that_they_stand_for() -> None:
    source = load(model(bag("uid"), bag("iid")))
    made = plan(source, LABELS)
    loops = {node.name for node in source.ir.graph if node.op_type == "Loop"}
    told = {node.metadata_props["mari.source"] for node in made.optimized.ir.graph}
    assert loops <= told
    assert all(each in {n.name for n in source.ir.graph} for line in told for each in line.split())
    assert not any("mari.stands_for" in node.metadata_props for node in made.optimized.ir.graph)


def test_a_loop_that_is_to_be_kept_stays() -> None:
    source = load(model(bag("uid"), bag("iid")))
    loops = [node.name or "" for node in source.ir.graph if node.op_type == "Loop"]
    made = plan(source, LABELS, keep=loops)
    assert sum(node.op_type == "Loop" for node in made.optimized.ir.graph) == 2


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (bag("iid", step="two").replace("[N, 3]", "[N, 2]"), "an element of another list"),
        (bag("iid").replace("iid_a1 = Unsqueeze (iid_a, l0)", "iid_a1 = Identity (l0)"),
         "bags that are not equal and side by side"),
        (bag("iid").replace("iid_z = Gather (iid_t, iid_i)", "iid_z = Add (iid_a, one)"),
         "bags that are not equal and side by side"),
        (bag("iid").replace("iid_own = Slice (iid_f, iid_a1, iid_z1, l0)",
                            "iid_own = Slice (iid_f, iid_z1, iid_a1, l0, minus)"),
         "another axis is cut"),
        (bag("iid").replace("iid_on = Cast <to = 9> (yes)", "iid_on = Less (iid_i, one)"),
         "a comparison that only the run knows"),
    ],
    ids=["uneven", "growing", "first of each", "backwards", "stops early"],
)  # fmt: skip
def test_loops_over_other_rows_stay_and_stay_right(other: str, reason: str) -> None:
    data = build(
        f"{bag('uid')} {other} t = ReduceSum <keepdims = 0> (iid_y, l0) y = Add (uid_y, t)",
        inputs="int64[N, 3] uid, int64[N, 3] iid", outputs="float[N, 2] y", weights=WEIGHTS,
        opset=18,
    )  # fmt: skip
    made = plan(load(data), LABELS)
    assert sum(node.op_type == "Loop" for node in made.optimized.ir.graph) >= 1
    assert wrong_rewrites(data, LABELS, given(), equal) == []
    (refusal,) = after(EMBEDDING_BAGS, load(data)).refusals
    assert refusal.reason == f"no embedding bag: {reason}"
