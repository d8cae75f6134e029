"""What is said to be kept is as it was, and what is alike is told alike."""

from __future__ import annotations

from collections import defaultdict

import pytest

import mari_engine as mari
from sample_models import labels_path, sample_names, sample_path


def planned(sample: str) -> mari.Plan:
    return mari.plan(mari.load(sample_path(sample)), mari.Labels.load(labels_path(sample)))


@pytest.mark.parametrize("sample", sample_names())
def test_a_kept_product_is_the_same_operator_with_the_same_flops(sample: str) -> None:
    found = planned(sample)
    ops = {node.name or "": node.op_type for node in found.optimized.ir.graph}
    work = found.flops.after.nodes
    for decision in found.decisions:
        if decision.action != mari.Action.KEPT:
            continue
        computing = [ops[name] for name in decision.new_nodes if work[name] != mari.Flops()]
        assert (computing, decision.flops_after) == ([decision.op], decision.flops_before)


def test_a_sum_that_becomes_a_product_is_not_said_to_be_kept() -> None:
    told = {each.node: each for each in planned("mmoe_interleaved").decisions}["/ReduceSum"]
    assert told.action == mari.Action.FUSED
    assert told.reason.startswith("MatMul takes its place; all of its input depends on")


@pytest.mark.parametrize(("sample", "alike"), [("mmoe_interleaved", 3), ("ple", 3)])
def test_experts_that_are_alike_break_even_alike(sample: str, alike: int) -> None:
    groups = defaultdict(list)
    for each in planned(sample).decisions:
        if each.action == mari.Action.SPLIT:
            groups[(each.op, each.flops_before, each.reason)].append(each.break_even)
    assert max(map(len, groups.values())) >= alike
    assert all(len(set(evens)) == 1 for evens in groups.values())
