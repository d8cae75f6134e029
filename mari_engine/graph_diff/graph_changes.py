"""The structural changes between two aligned graphs."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

from mari_engine.graph_diff.alignment import Alignment
from mari_engine.types import (
    Change,
    ChangeKind,
    Structure,
    StructureConstant,
    StructureNode,
    TensorInfo,
)


def list_graph_changes(found: Alignment) -> tuple[Change, ...]:
    """Return what makes two structures differ; nothing where their digests are the same."""
    first, second = found.first.structure, found.second.structure
    if first.digest == second.digest:
        return ()
    changes = [
        *_interface(ChangeKind.INPUT, first.inputs, second.inputs),
        *_interface(ChangeKind.OUTPUT, first.outputs, second.outputs),
        *_opsets(first, second),
        *_nodes(found),
        *_constants(found),
        *_makers_of_outputs(found),
    ]
    return tuple(changes) or (Change(ChangeKind.ORDER, "", *_orders(found)),)


def describe_node(node: StructureNode) -> str:
    """Return a node in one line: its operator, what it reads, its attributes."""
    attributes = "".join(f" {name}={text}" for name, text in node.attributes.items())
    return f"{node.op}({', '.join(node.inputs)}){attributes}"


def _interface(
    kind: ChangeKind, first: Sequence[TensorInfo], second: Sequence[TensorInfo]
) -> Iterator[Change]:
    was, now = ({each.name: _tensor(each) for each in row} for row in (first, second))
    for name in dict.fromkeys((*was, *now)):
        if was.get(name) != now.get(name):
            yield Change(kind, name, was.get(name, ""), now.get(name, ""))
    if set(was) == set(now) and list(was) != list(now):
        yield Change(ChangeKind.ORDER, f"{kind}s", ", ".join(was), ", ".join(now))


def _tensor(each: TensorInfo) -> str:
    if each.shape is None:
        return f"{each.dtype}, of unknown rank"
    return f"{each.dtype}[{', '.join(str(extent) for extent in each.shape)}]"


def _opsets(first: Structure, second: Structure) -> Iterator[Change]:
    for domain in sorted({*first.opsets, *second.opsets}):
        was, now = (each.opsets.get(domain) for each in (first, second))
        if was != now and was is not None and now is not None:
            yield Change(ChangeKind.OPSET, domain or "ai.onnx", str(was), str(now))


def _nodes(found: Alignment) -> Iterator[Change]:
    """Yield removed and changed nodes in the first's order, then those that were added."""
    for at, node in enumerate(found.first.nodes):
        twin = found.to_second.get(at)
        if twin is None:
            yield Change(ChangeKind.NODE, node.name, describe_node(node), "")
        else:
            yield from _changed(found, node, found.second.nodes[twin])
    for at, node in enumerate(found.second.nodes):
        if at not in found.to_first:
            yield Change(ChangeKind.NODE, node.name, "", describe_node(node))


def _changed(found: Alignment, node: StructureNode, twin: StructureNode) -> Iterator[Change]:
    if (node.domain, node.op) != (twin.domain, twin.op):
        yield Change(ChangeKind.NODE, node.name, describe_node(node), describe_node(twin))
        return
    was, now = dict(node.attributes), dict(twin.attributes)
    for name in sorted({*was, *now}):
        if was.get(name) != now.get(name):
            texts = (f"{name}={each[name]}" if name in each else "" for each in (was, now))
            yield Change(ChangeKind.NODE, node.name, *(text or f"no {name}" for text in texts))
    reads = _reads(found, node, twin)
    if reads is not None:
        yield Change(ChangeKind.NODE, node.name, *reads)


def _reads(found: Alignment, node: StructureNode, twin: StructureNode) -> tuple[str, str] | None:
    """Return what two nodes read that is not the same; None where it is.

    What an added node makes, or a removed one made, is told of that node already.
    """
    left = [(_origin_in_first(found, name), name) for name in node.inputs]
    right = [(_origin_in_second(found, name), name) for name in twin.inputs]
    if len(left) == len(right):
        rows = zip(left, right, strict=True)
        apart = [
            (was, now) for was, now in rows if was[0] != now[0] and None not in (was[0], now[0])
        ]
        return _readers([was[1] for was, _ in apart], [now[1] for _, now in apart])
    before, after = ({origin for origin, _ in row} for row in (left, right))
    gone = [name for origin, name in left if origin not in after and origin is not None]
    come = [name for origin, name in right if origin not in before and origin is not None]
    return _readers(gone, come)


def _readers(was: Sequence[str], now: Sequence[str]) -> tuple[str, str] | None:
    """Return the values that are read by one alone, in words; None where there are none."""
    if not was and not now:
        return None
    first, second = (f"a reader of {', '.join(names) or 'less'}" for names in (was, now))
    return first, second


def _origin_in_first(found: Alignment, name: str) -> Hashable:
    """Return where a value comes from, in terms of the second graph; None: of a removed node."""
    maker = found.first.makers.get(name)
    if maker is None:
        return _origin_outside(found.first.structure, name)
    twin = found.to_second.get(maker[0])
    return None if twin is None else (twin, maker[1])


def _origin_in_second(found: Alignment, name: str) -> Hashable:
    maker = found.second.makers.get(name)
    if maker is None:
        return _origin_outside(found.second.structure, name)
    return maker if maker[0] in found.to_first else None


def _origin_outside(structure: Structure, name: str) -> Hashable:
    """Return an input by its name; constants, which are compared by themselves, are all alike."""
    return "constant" if name in structure.constants_by_name else ("input", name)


def _constants(found: Alignment) -> Iterator[Change]:
    """Yield constants of another type, shape or, where they are structure, other elements."""
    told = set()
    for one, other in constant_pairs(found):
        was, now = _constant(one), _constant(other)
        if was != now and (one.name, was, now) not in told:
            told.add((one.name, was, now))
            kind = ChangeKind.CONSTANT if one.value and other.value else ChangeKind.WEIGHT
            yield Change(kind, one.name, was, now)


def constant_pairs(found: Alignment) -> Iterator[tuple[StructureConstant, StructureConstant]]:
    """Yield the constants that matched nodes read at one place."""
    first, second = (each.structure.constants_by_name for each in (found.first, found.second))
    for at, twin in found.to_second.items():
        a, b = found.first.nodes[at], found.second.nodes[twin]
        if len(a.inputs) == len(b.inputs):
            for name, other in zip(a.inputs, b.inputs, strict=True):
                if name in first and other in second:
                    yield first[name], second[other]


def _constant(each: StructureConstant) -> str:
    shape = ", ".join(str(extent) for extent in each.shape)
    return f"{each.dtype}[{shape}]" + (f" {each.value}" if each.value else "")


def _makers_of_outputs(found: Alignment) -> Iterator[Change]:
    """Yield outputs that another node of both graphs makes."""
    names = {each.name for each in found.second.structure.outputs}
    for each in found.first.structure.outputs:
        was, now = _origin_in_first(found, each.name), _origin_in_second(found, each.name)
        if each.name in names and was != now and was is not None and now is not None:
            makers = found.first.makers.get(each.name), found.second.makers.get(each.name)
            nodes = found.first.nodes, found.second.nodes
            told = (
                f"the result of {row[maker[0]].name}" if maker else "an input or a constant"
                for row, maker in zip(nodes, makers, strict=True)
            )
            yield Change(ChangeKind.OUTPUT, each.name, *told)


def _orders(found: Alignment) -> tuple[str, str]:
    """Return the first node that has another place, and the one that has it now."""
    moved = next((at for at, twin in found.to_second.items() if at != twin), 0)
    nodes = found.first.nodes, found.second.nodes
    was, now = (row[moved].name if row else "" for row in nodes)
    return f"{was} at place {moved + 1}", f"{now} at place {moved + 1}"
