"""EmbeddingBags with a padding id: a loop within the loop collects the places of the others."""

from __future__ import annotations

import numpy as np
import pytest

from mari_engine import load, plan
from mari_engine.passes.embedding_bags import EMBEDDING_BAGS
from support.bag_models import LABELS, two_bags
from support.pass_checks import after
from support.rewrite_checks import wrong_rewrites

WEIGHTS = {
    "table": np.random.default_rng(0).integers(-2, 3, (5, 2)).astype("f"),
    "zero": np.array(0), "one": np.array(1), "three": np.array(3), "five": np.array(5),
    "l0": np.array([0]), "minus": np.array([-1]), "nowhere": np.zeros(0, np.int64),
    "empty": np.zeros((1, 2), "f"), "ones": np.ones((1, 2), "f"),
}  # fmt: skip
OPS = ("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin")
CHOICE = """{k}_row = If <then_branch = t () =>
        (float[r, d] {k}_none) {{ {k}_none = Identity (empty) }},
    else_branch = e () => (float[r, d] {k}_sum) {{
        {k}_rows = Gather ({k}_w, {k}_places) {k}_sum = {op} ({k}_rows, l0) }}> ({k}_bare)"""


def padded(k: str, op: str = "ReduceMean", *, choice: str = CHOICE) -> str:
    """Return an EmbeddingBag over [N, 3] ids, 0 its padding, as torch.export writes it."""
    row = choice.format(k=k, op=op)
    return f"""
    {k}_f = Reshape ({k}, minus) {k}_w = Gather (table, {k}_f) {k}_s = Shape ({k}_f)
    {k}_n = Squeeze ({k}_s, l0) {k}_r = Range (zero, {k}_n, three) {k}_num = Size ({k}_r)
    {k}_c = Concat <axis = 0> ({k}_r, {k}_s) {k}_q = SequenceEmpty ()
    {k}_ok = Less (zero, {k}_num)
    {k}_last, {k}_all = Loop <body = {k}_body (int64 {k}_i, bool {k}_go, int64 {k}_at,
            seq(float[r, d]) {k}_old) => (bool {k}_on, int64 {k}_next, seq(float[r, d]) {k}_new) {{
        {k}_a = Gather ({k}_c, {k}_at) {k}_at1 = Add ({k}_at, one) {k}_z = Gather ({k}_c, {k}_at1)
        {k}_some = Less ({k}_a, {k}_z)
        {k}_end, {k}_places = Loop <body = {k}_inner (int64 {k}_t, bool {k}_g, int64 {k}_j,
                int64[p] {k}_found) => (bool {k}_more, int64 {k}_j1, int64[q] {k}_grown) {{
            {k}_id = Gather ({k}_f, {k}_j) {k}_low = Less ({k}_id, zero)
            {k}_known = If <then_branch = m () => (int64 {k}_up) {{ {k}_up = Add ({k}_id, five) }},
                else_branch = o () => (int64 {k}_as) {{ {k}_as = Identity ({k}_id) }}> ({k}_low)
            {k}_pad = Equal ({k}_known, zero) {k}_real = Not ({k}_pad)
            {k}_grown = If <then_branch = p () => (int64[q] {k}_with) {{
                    {k}_l = Reshape ({k}_j, minus) {k}_with = Concat <axis = 0> ({k}_found, {k}_l)
                }}, else_branch = w () => (int64[q] {k}_same) {{
                    {k}_same = Identity ({k}_found) }}> ({k}_real)
            {k}_j1 = Add ({k}_j, one) {k}_more = Less ({k}_j1, {k}_z)
        }}> (, {k}_some, {k}_a, nowhere)
        {k}_size = Size ({k}_places) {k}_bare = Equal ({k}_size, zero)
        {row}
        {k}_new = SequenceInsert ({k}_old, {k}_row)
        {k}_next = Add ({k}_at, one) {k}_on = Less ({k}_next, {k}_num)
    }}> (, {k}_ok, zero, {k}_q)
    {k}_y = ConcatFromSequence <axis = 0> ({k}_all)
    """


def model(first: str, second: str) -> bytes:
    return two_bags(first, second, WEIGHTS)


def given() -> list[dict[str, np.ndarray]]:
    """Return requests with bags of no padding, of some, and of nothing else."""
    rng = np.random.default_rng(1)
    users = [[1, 2, 3], [0, 4, 0], [0, 0, 0]]
    items = np.concatenate([rng.integers(0, 5, (5, 3)), [[0, 0, 0], [4, 4, 4]]])
    return [{"uid": np.tile([user], (7, 1)), "iid": items} for user in users]


def close(left: np.ndarray, right: np.ndarray) -> bool:
    """Return whether means of at most three whole numbers agree, to rounding in float32."""
    return bool(np.abs(left - right).max() < 1e-6)


@pytest.mark.parametrize("op", OPS)
def test_the_rows_that_are_no_padding_are_reduced_at_once(op: str) -> None:
    data = model(padded("uid", op), padded("iid", op))
    made = plan(load(data), LABELS)
    assert made.coloring.unknown == {}
    assert made.coloring.values["uid_y"].side == "request"
    assert "Loop" not in {node.op_type for node in made.optimized.ir.graph}
    assert wrong_rewrites(data, LABELS, given(), close) == []


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (padded("iid", choice=CHOICE.replace("(empty)", "(ones)")),
         "a bag of no rows that is not zero"),
        (padded("iid").replace("iid_j1 = Add (iid_j, one)", "iid_j1 = Add (iid_j, three)"),
         "places that are not those of one bag"),
        (padded("iid").replace("Less (iid_j1, iid_z)", "Less (iid_j1, three)"),
         "places that are not those of one bag"),
        (padded("iid").replace("iid_pad = Equal (iid_known, zero)",
                               "iid_pad = Equal (iid_j, zero)"),
         "a test of more than ids"),
        (padded("iid").replace("Reshape (iid_j, minus)", "Reshape (iid_t, minus)"),
         "places that are collected in another way"),
    ],
    ids=["not zero", "other steps", "another end", "places tested", "others collected"],
)  # fmt: skip
def test_loops_that_collect_otherwise_stay_and_say_why(other: str, reason: str) -> None:
    found = after(EMBEDDING_BAGS, load(model(padded("uid"), other)))
    (refusal,) = found.refusals
    assert refusal.reason == f"no embedding bag: {reason}"
    assert sum(node.op_type == "Loop" for node in found.model.ir.graph) == 1
