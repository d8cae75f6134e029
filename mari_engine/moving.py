"""Rewrites ops that only move columns: views, picks and joins."""

from __future__ import annotations

from dataclasses import replace

from mari_engine.factors import Join, Pick, View
from mari_engine.forms import Blocks, Form, relabel, with_extent
from mari_engine.steps import Step
from mari_engine.waiting import cut_dearly


def view(step: Step) -> list[Form]:
    """Return the operand under other axes."""
    spec, form = step.spec, step.forms[0]
    assert isinstance(spec, View)
    assert form is not None
    return [relabel(form, step.result, spec.source)]


def pick(step: Step) -> list[Form]:
    """Return the columns of each result."""
    spec, form = step.spec, step.forms[0]
    assert isinstance(spec, Pick)
    assert form is not None
    if len(spec.indices) > 1 and not isinstance(form, Blocks) and cut_dearly(form, spec.position):
        form = step.shop.settling.settle(form)
    results, read = [], step.node.inputs[0]
    name = (read.name if read is not None else None) or ""
    for index, axes in zip(spec.indices, spec.results, strict=True):
        taken = step.shop.algebra.chosen(form, spec.position, index, name)
        picked = with_extent(spec.axes(0), spec.position, len(index))
        results.append(step.shop.algebra.regroup(replace(taken, axes=picked), axes))
    return results


def join(step: Step) -> list[Form]:
    """Return the operands' columns side by side."""
    spec = step.spec
    assert isinstance(spec, Join)
    forms = [form for form in step.forms if form is not None]
    names = [value.name or "" for value in step.node.inputs if value is not None]
    return [step.shop.algebra.join(step.result, spec.position, forms, names)]
