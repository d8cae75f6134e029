"""What was labelled, chosen and decided otherwise: the changes beside those of the graphs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mari_engine.graph_diff.alignment import Alignment
from mari_engine.types import Change, ChangeKind, Decision, InputLabel, Labels


def list_label_changes(first: Labels, second: Labels) -> Iterator[Change]:
    """Yield the inputs of which a role or the candidates' axis is another."""
    for name in dict.fromkeys((*first.inputs, *second.inputs)):
        was, now = (
            _label(each.inputs[name]) if name in each.inputs else "" for each in (first, second)
        )
        if was != now:
            yield Change(ChangeKind.LABEL, name, was, now)


def _label(label: InputLabel) -> str:
    parts = [f"[{each.start}:{each.stop}] {each.role}" for each in label.columns]
    axis = label.stated_axis
    stated = "" if axis == "graph" else f", candidates along {'no axis' if axis is None else axis}"
    return (", ".join(parts) or str(label.role)) + stated


def list_side_changes(found: Alignment) -> Iterator[Change]:
    """Yield the nodes of both graphs that were found to be on another side."""
    for at, twin in found.to_second.items():
        node, other = found.first.nodes[at], found.second.nodes[twin]
        if node.side != other.side and node.side is not None and other.side is not None:
            yield Change(ChangeKind.SIDE, node.name, str(node.side), str(other.side))


def list_option_changes(first: Mapping[str, str], second: Mapping[str, str]) -> Iterator[Change]:
    """Yield the options, by name, that differ."""
    for name in first:
        if first[name] != second[name]:
            yield Change(ChangeKind.OPTION, name, first[name], second[name])


def list_decision_changes(
    found: Alignment, first: Sequence[Decision], second: Sequence[Decision]
) -> Iterator[Change]:
    """Yield the products of both graphs of which something else became."""
    names = {
        node.name: found.second.nodes[found.to_second[at]].name
        for at, node in enumerate(found.first.nodes)
        if at in found.to_second
    }
    now = {each.node: each for each in second}
    for each in first:
        other = now.get(names.get(each.node, each.node))
        if other is not None and other.action != each.action:
            texts = (f"{one.action}: {one.reason}" for one in (each, other))
            yield Change(ChangeKind.DECISION, each.node, *texts)
