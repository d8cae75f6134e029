"""Ops that mix some axes: full along those, compact along all others.

Softmax over L of `[N, L]`, a GRU over L: slices along N are treated alone, so a value
that does not vary along N is computed for one row, `[1, L]` (hoisting).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import onnx_ir as ir

from mari_engine.axes import (
    CANDIDATES,
    REQUESTS,
    Along,
    Axes,
    AxisLabels,
    Layout,
    Slices,
    flat,
    positions,
    static,
)
from mari_engine.graph import captured_values
from mari_engine.ops import Trait, has_trait, rule_of
from mari_engine.rewriting.context import Step, distribute, find_passing_columns
from mari_engine.rewriting.emission import Tensor, copy_with_captures
from mari_engine.rewriting.forms import Atom, Blocks, Form, per_candidate
from mari_engine.types import Action


def along(step: Step) -> Form:
    """Return the result of an op that works along some positions of its first operand."""
    spec, form = step.spec, step.forms[0]
    assert isinstance(spec, Along)
    if isinstance(form, Blocks) and form.mixed and form.position not in spec.along:
        rest = [None] * (len(step.forms) - 1)
        places = [form.position, *rest]
        return distribute(step, step.forms, places, form.position, _along_whole)
    return _along_whole(step, step.forms, step.result)


def _along_whole(step: Step, forms: Sequence[Form | None], axes: Axes) -> Form:
    spec, form = step.spec, forms[0]
    assert isinstance(spec, Along)
    assert form is not None
    atom = step.context.materializer.materialize(form, step.why)
    if not spec.along:  # of several dimensions of extent 1 nothing tells which the op works along
        atom = step.context.layouts.with_row(atom)
    at = _dimension(atom, spec)
    if at is None:
        rest = tuple(
            kept
            for group in atom.dims
            if (kept := tuple(p for p in group if p not in spec.along)) or not group
        )
        atom = step.context.layouts.lay(atom, (*rest, spec.along))
        at = len(rest)
    after = ((),) * (len(atom.dims) - at - 1)
    extras = [None if extra is None else _extra(step, extra, len(after)) for extra in forms[1:]]
    node = step.context.builder.copy(step.node, [atom.tensor, *extras], axis=at)
    return replace(atom, axes=axes, tensor=node.outputs[0])


def _dimension(atom: Atom, spec: Along) -> int | None:
    """Return the dimension that is the axis worked along, None where the layout must change."""
    if spec.along not in atom.dims:
        return None
    at = atom.dims.index(spec.along)
    return None if spec.last and any(atom.dims[at + 1 :]) else at


def _extra(step: Step, form: Form, trailing: int) -> Tensor:
    atom = step.context.materializer.materialize(form)
    dims: Layout = (tuple(range(len(flat(atom.axes)))), *((),) * trailing)
    return step.context.layouts.lay(atom, dims).tensor


def slices(step: Step) -> list[Form]:
    """Return the results of an op called in its own layout, compact where all operands are."""
    spec = step.spec
    assert isinstance(spec, Slices)
    apart = find_passing_columns(step, spec.terms, spec.outputs[0], spec.mixed)
    if apart is not None and len(spec.results) == 1:
        place, places = apart
        return [distribute(step, step.forms, places, place, _slice)]
    return list(_call(step, step.forms))


def _slice(step: Step, forms: Sequence[Form | None], axes: Axes) -> Form:
    return replace(_call(step, forms)[0], axes=axes)


def _call(step: Step, forms: Sequence[Form | None]) -> list[Atom]:
    spec, materialize = step.spec, step.context.materializer.materialize
    assert isinstance(spec, Slices)
    atoms = [None if form is None else materialize(form, step.why) for form in forms]
    present = _present(spec, atoms)
    several = sum(CANDIDATES in flat(axes or ()) for axes in spec.operands) > 1
    tensors: list[Tensor | None] = []
    for at, (atom, labels) in enumerate(zip(atoms, spec.terms, strict=True)):
        if atom is None or labels is None:
            tensors.append(step.tensor(at))
            continue
        own = {labels[place] for place in atom.present} | spec.mixed
        alone = at in spec.broadcast and REQUESTS not in flat(atom.axes)
        shown = present & own if alone else present  # one row is broadcast, a request's is not
        laid = step.context.layouts.lay(atom, _native(atom.axes, labels, shown))
        # beside others of the candidates: not all need be made of first rows, nor are broadcast
        laid = step.context.layouts.with_row(laid) if several else laid
        tensors.append(laid.tensor)
        if has_trait(step.node, Trait.NEEDS_SHAPES):
            _state_shape(tensors[-1], laid, step.node.inputs[at])
    node = _copy(step, tensors)
    note = next((atom.note for atom in atoms if atom is not None and atom.note), "")
    rule = rule_of(step.node)
    if spec.why or (rule is not None and rule.product):
        _record(step, [atom for atom in atoms if atom is not None])
    results = []
    for value, axes, labels in zip(node.outputs, spec.results, spec.outputs, strict=True):
        dims = _native(axes, labels, present)
        results.append(Atom(axes, value, dims, note))
        for at, group in enumerate(dims):
            dim = flat(axes)[group[0]] if len(group) == 1 else 1
            if isinstance(dim, str):
                step.context.builder.extents.register(dim, value, at)
    return results


def _copy(step: Step, tensors: Sequence[Tensor | None]) -> ir.Node:
    """Return the node's copy that reads these tensors: its inputs, and what its bodies capture."""
    builder, inner = step.context.builder, captured_values(step.node)
    count = len(step.node.inputs)
    new = [builder.value(tensor) for tensor in tensors[count:] if tensor is not None]
    inputs = [None if each is None else builder.value(each) for each in tensors[:count]]
    outer = dict(zip(inner, new, strict=True))
    return copy_with_captures(builder, step.node, inputs, outer, full=False)


def _state_shape(tensor: Tensor | None, atom: Atom, old: ir.Value | None) -> None:
    """Write down how long the axes of a tensor are, as far as that is known before the run."""
    kind = old.type if old is not None else None
    if not isinstance(tensor, ir.Value) or tensor.shape is not None or kind is None:
        return
    factors = flat(atom.axes)
    tensor.type = tensor.type or kind
    tensor.shape = ir.Shape([static(tuple(factors[at] for at in group)) for group in atom.dims])


def _record(step: Step, atoms: Sequence[Atom]) -> None:
    """Record what became of a product that is called as it is, as rounded ones and recurrences."""
    spec = step.spec
    assert isinstance(spec, Slices)
    if any(per_candidate(atom) for atom in atoms):
        reason = spec.why or "all of its input depends on the candidates"
        step.context.log.record(step.node, Action.KEPT, reason, whole=not spec.why)
    else:
        reason = "nothing in it depends on the candidates: one row"
        step.context.log.record(step.node, Action.ONCE, reason)


def _present(spec: Slices, atoms: Sequence[Atom | None]) -> set[int]:
    """Return the labels present in the call; factors of one mixed axis are all so if one is."""
    present, seen = set(spec.changing()), set[int]()
    for atom, labels in zip(atoms, spec.terms, strict=True):
        if atom is not None and labels is not None:
            seen |= set(labels)
            present |= {labels[at] for at in atom.present}
    present |= {label for labels in spec.outputs for label in labels} - seen
    shapes = [
        *((axes, own) for axes, own in zip(spec.operands, spec.terms, strict=True)),
        *zip(spec.results, spec.outputs, strict=True),
    ]
    grown = True
    while grown:
        before = len(present)
        for axes, labels in shapes:
            for group in positions(axes) if axes is not None and labels is not None else ():
                names = {labels[at] for at in group} if labels is not None else set()
                together = names & present and names & spec.mixed
                present |= names if together else set()
        grown = len(present) > before
    return present


def _native(axes: Axes, labels: AxisLabels, present: set[int]) -> Layout:
    return tuple(tuple(at for at in group if labels[at] in present) for group in positions(axes))
