"""The parts that MaRI sees in a ranking model: towers, fusion layers, experts, heads."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from app.views.graph.topology import Kind, Topology
from mari_engine import Side

PRODUCTS = frozenset({"MatMul", "Gemm", "Conv", "Einsum"})
"""A fusion layer ends at the first of these behind the concatenation."""
_PLUMBING = frozenset(
    {
        "BatchNormalization", "Cast", "Concat", "Dropout", "Flatten", "Identity",
        "LayerNormalization", "Reshape", "Squeeze", "Transpose", "Unsqueeze",
    }
)  # fmt: skip
"""What may stand between the concatenation and the product."""
OUTPUTS = "Outputs"
_FEW = 12
"""Outputs stay outside of all boxes when there are no more than this."""
_FEW_ALIKE = 4
"""More fusion layers of one node each than this, side by side, share a box."""

Part = tuple[str, list[int]]
"""A name ("" for vertices that stay outside of boxes) and vertices in topological order."""


def find_parts(topology: Topology) -> list[Part]:
    """Return every vertex in exactly one named part; constants go with what takes them."""
    anatomy = _Anatomy(topology)
    names = [anatomy.name(at) for at in range(len(topology.vertices))]
    for name, members in anatomy.find_alike().items():
        for at in members:
            names[at] = name
    for at in reversed(range(len(names))):
        if topology.vertices[at].side is Side.CONSTANT and anatomy.after[at]:
            names[at] = names[min(anatomy.after[at])]
    parts: dict[str, list[int]] = defaultdict(list)
    for at, name in enumerate(names):
        parts[name].append(at)
    if len(parts.get(OUTPUTS, ())) <= _FEW:
        parts[""] += parts.pop(OUTPUTS, [])
    return [(name, members) for name, members in parts.items() if members]


def split_parallel(members: Sequence[int], before: Sequence[Sequence[int]]) -> list[list[int]]:
    """Return parallel branches of the members, and the stretches in which they have joined.

    A vertex continues the branch of its predecessors among the members when they agree, and
    begins a new one where there are none or where branches meet.
    """
    branch_of: dict[int, int] = {}
    branches: list[list[int]] = []
    for member in members:
        found = {branch_of[other] for other in before[member] if other in branch_of}
        if len(found) != 1:
            found = {len(branches)}
            branches.append([])
        (branch,) = found
        branch_of[member] = branch
        branches[branch].append(member)
    return branches


@dataclass
class _Anatomy:
    """Names the part of each vertex of one graph."""

    topology: Topology
    before: list[list[int]] = field(init=False)
    after: list[list[int]] = field(init=False)
    fusion: dict[int, int] = field(init=False)
    behind: dict[int, int] = field(init=False)
    """What a fusion layer reaches, with the last fusion layer that does."""
    heads: dict[int, str] = field(init=False)

    def __post_init__(self) -> None:
        self.before, self.after = self.topology.neighbors
        self.fusion = self._find_fusion()
        self.behind = self._find_behind()
        self.heads = self._find_heads()

    def name(self, at: int) -> str:
        vertex = self.topology.vertices[at]
        if vertex.kind is Kind.OUTPUT:
            return OUTPUTS
        if vertex.side is None:
            return "Graph"
        if vertex.side is Side.CONSTANT:
            return "Constants"
        if vertex.side is Side.REQUEST:
            return "Request tower"
        if at in self.fusion:
            return f"Fusion layer {self.fusion[at]}"
        if at in self.behind:
            return self.heads[at]
        return "Item tower" if vertex.side is Side.ITEM else "Cross and mixed features"

    def find_alike(self) -> dict[str, list[int]]:
        """Return fusion layers of a single node that stand side by side, where there are many."""
        size = Counter(self.fusion.values())
        groups: defaultdict[int, list[int]] = defaultdict(list)
        for at, layer in self.fusion.items():
            if size[layer] == 1:
                last = max((self.behind.get(other, 0) for other in self.before[at]), default=0)
                groups[last].append(at)
        return {
            f"Fusion products behind layer {last}" if last else "Fusion products": members
            for last, members in groups.items()
            if len(members) > _FEW_ALIKE
        }

    def _candidate(self, at: int) -> bool:
        vertex = self.topology.vertices[at]
        return vertex.side is Side.CANDIDATE and vertex.kind is Kind.NODE

    def _joins(self, at: int) -> bool:
        """Return True where the request side meets the candidates."""
        sides = {self.topology.vertices[other].side for other in self.before[at]}
        return self._candidate(at) and Side.REQUEST in sides and len(sides - {Side.CONSTANT}) > 1

    def _find_fusion(self) -> dict[int, int]:
        """Number the fusion layers: joins, the plumbing behind them, and the first products."""
        layers: dict[int, int] = {}
        count = 0
        for at in range(len(self.topology.vertices)):
            if at not in layers and self._joins(at):
                reached = self._fused(at)
                known = {layers[other] for other in reached if other in layers}
                count += not known
                number = min(known, default=count)
                layers |= {other: number for other in reached if other not in layers}
        return layers

    def _fused(self, join: int) -> set[int]:
        reached, frontier = {join}, [join]
        while frontier:
            at = frontier.pop()
            if self.topology.vertices[at].op in PRODUCTS:
                continue
            for other in self.after[at]:
                op = self.topology.vertices[other].op
                if other not in reached and (op in _PLUMBING or op in PRODUCTS):
                    reached.add(other)
                    frontier.append(other)
        return reached

    def _find_behind(self) -> dict[int, int]:
        behind = dict(self.fusion)
        for at in range(len(self.topology.vertices)):
            last = max((behind[other] for other in self.before[at] if other in behind), default=0)
            if last and at not in self.fusion:
                behind[at] = last
        return behind

    def _find_ahead(self) -> set[int]:
        """Return all vertices that lead into a fusion layer."""
        ahead: set[int] = set()
        for at in reversed(range(len(self.topology.vertices))):
            if any(other in ahead or other in self.fusion for other in self.after[at]):
                ahead.add(at)
        return ahead

    def _find_heads(self) -> dict[int, str]:
        """Name what lies behind the fusion: heads by output, experts where branches are shared.

        What leads into another fusion layer is named after the last one in front of it.
        """
        outputs: defaultdict[int, set[str]] = defaultdict(set)
        vertices = self.topology.vertices
        for at in reversed(range(len(vertices))):
            if vertices[at].kind is Kind.OUTPUT:
                outputs[at] = {vertices[at].name}
            for other in self.after[at]:
                outputs[at] |= outputs[other]
        ahead = self._find_ahead()
        names = {at: f"Behind fusion layer {last}" for at, last in self.behind.items()}
        rest = [at for at in sorted(self.behind) if at not in self.fusion and at not in ahead]
        several = len({name for at in rest for name in outputs[at]}) > 1
        shared = [at for at in rest if several and len(outputs[at]) > 1]
        names |= {at: f"Head {min(outputs[at], default='')}" if several else "Head" for at in rest}
        branches = split_parallel(shared, self.before)
        for number, branch in enumerate(branches, start=1):
            title = f"Expert {number}" if len(branches) > 1 else "Shared layers"
            names |= dict.fromkeys(branch, title if len(branch) > 1 else "Shared layers")
        return names
