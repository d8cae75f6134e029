"""The parts of a ranking model, by what they do: towers, meetings, experts, gates, heads."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from functools import cached_property

from app.views.graph.data_flow import PLUMBING, PRODUCTS, DataFlow
from app.views.graph.part_patterns import find_history_encoders, find_patterns
from app.views.graph.topology import Kind, Topology
from mari_engine import Side

Path = tuple[str, ...]
"""The names of the parts around a vertex, the outermost first; none where it stands alone."""

OUTPUTS = "Outputs"
_FEW = 12
"""Outputs stay outside of all boxes when there are no more than this."""
_FAMILY = 3
"""As many parts of one kind share a box."""


def find_parts(topology: Topology) -> list[Path]:
    """Return the parts around each vertex; constants are left to what takes them."""
    flow = DataFlow(topology)
    names = _Names(flow)
    outputs = [at for at in range(len(flow)) if flow.vertex(at).kind is Kind.OUTPUT]
    names.give(OUTPUTS if len(outputs) > _FEW else "", outputs)
    if any(vertex.side is None for vertex in topology.vertices):
        names.give("Graph", range(len(flow)))
    else:
        names.give_all()
    return [names.path(at) for at in range(len(flow))]


def split_parallel(
    members: Sequence[int], before: Sequence[Sequence[int]], begins: Container[int] = ()
) -> list[list[int]]:
    """Return parallel branches of the members, and the stretches in which they have joined.

    A vertex continues the branch of its predecessors among the members when they agree. It begins
    a new one where there are none, where branches meet, and where it is one of `begins`.
    """
    branch_of: dict[int, int] = {}
    branches: list[list[int]] = []
    for member in members:
        found = {branch_of[other] for other in before[member] if other in branch_of}
        if len(found) != 1 or member in begins:
            found = {len(branches)}
            branches.append([])
        (branch,) = found
        branch_of[member] = branch
        branches[branch].append(member)
    return branches


class _Names:
    """The name of the part of each vertex, and the kind that it is one of."""

    def __init__(self, flow: DataFlow) -> None:
        self.flow = flow
        self.names: dict[int, tuple[str, str]] = {}
        self.outputs = _reached_outputs(flow)

    def known(self, members: Iterable[int]) -> bool:
        return any(at in self.names for at in members)

    def path(self, at: int) -> Path:
        kind, name = self.names.get(at, ("", ""))
        if not name:
            return ()
        family = _plural(kind)
        many = self.kinds[kind] >= _FAMILY and name != family
        return (family, name) if many else (name,)

    @cached_property
    def kinds(self) -> Mapping[str, int]:
        """How many parts there are of each kind, once all have their names."""
        parts = {*self.names.values()}
        return Counter(kind for kind, name in parts if name != _plural(kind))

    def give(self, name: str, members: Iterable[int], kind: str = "") -> None:
        """Name the vertices that have no name yet."""
        for at in members:
            self.names.setdefault(at, (kind or name, name))

    def give_each(self, kind: str, parts: Sequence[Sequence[int]]) -> None:
        """Name parts of one kind: by the output that each alone leads to, or by number."""
        tasks = [self.task(part) for part in parts]
        told = len(parts) > 1 and len({*tasks} - {""}) == len(parts)
        for number, (task, part) in enumerate(zip(tasks, parts, strict=True), start=1):
            last = task if told else str(number)
            self.give(f"{kind} {last}" if len(parts) > 1 else kind, part, kind)

    def task(self, members: Iterable[int]) -> str:
        """Return the output that the members lead to, if it is one and there are others."""
        reached = frozenset[str]().union(*(self.outputs[at] for at in members))
        every = frozenset[str]().union(*self.outputs)
        return next(iter(reached)) if len(reached) == 1 < len(every) else ""

    def give_all(self) -> None:
        """Name every part of a colored graph."""
        self.give_towers()
        for kind, parts in _by_kind(find_patterns(self.flow)).items():
            self.give_each(kind, parts)
        meetings = [part for part in _find_meetings(self.flow) if not self.known(part)]
        few = len(meetings) < _FAMILY  # single nodes then stand for themselves
        self.give_each("Fusion layer", [part for part in meetings if len(part) > 1 or not few])
        self.give("", (at for part in meetings for at in part))
        self.give_rest()

    def give_towers(self) -> None:
        """Name what lies ahead of where the sides meet."""
        flow = self.flow
        sides: defaultdict[Side | None, list[int]] = defaultdict(list)
        for at in range(len(flow)):
            sides[flow.side(at)].append(at)
        history = find_history_encoders(flow)
        self.give("History encoder", (at for at in sides[Side.REQUEST] if at in history))
        for side, owner in ((Side.REQUEST, "User"), (Side.ITEM, "Item")):
            layers = any(flow.is_weighted(at) for at in sides[side] if at not in self.names)
            self.give(f"{owner} {'tower' if layers else 'features'}", sides[side])
        self.give("Cross features", _find_unmet(flow, sides[Side.CANDIDATE]))

    def give_rest(self) -> None:
        """Name what is computed per candidate: experts, layers of their own, heads."""
        flow = self.flow
        rest = [
            at for at in range(len(flow)) if flow.is_candidate_node(at) and at not in self.names
        ]
        meets = {at for at in rest if any(other in self.names for other in flow.before[at])}
        branches = split_parallel(rest, flow.before, begins=meets)
        self.give_each("Head", [part for part in branches if _leads_out(flow, part)])
        inner = [part for part in branches if not _leads_out(flow, part)]
        deep = [part for part in inner if any(map(flow.is_weighted, part))]
        alike = Counter(self._signature(part) for part in deep)
        self.give_each("Expert", [part for part in deep if alike[self._signature(part)] > 1])
        self.give_each("Deep layers", [p for p in deep if alike[self._signature(p)] == 1])
        for part in inner:
            self.follow(part)

    def follow(self, members: Sequence[int]) -> None:
        """Name what holds no weight after the only part, or kind of parts, that feeds it."""
        inside = {*members}
        feeders = {other for at in members for other in self.flow.before[at]} - inside
        known = {self.names.get(other, ("", "")) for other in feeders}
        kinds, names = {kind for kind, _ in known}, {name for _, name in known}
        kind = kinds.pop() if len(kinds) == 1 else ""
        name = names.pop() if len(names) == 1 else _plural(kind)
        self.give(name or "Combined features", members, kind)

    def _signature(self, part: Sequence[int]) -> tuple[str, ...]:
        """Return the operators of a branch: experts have the same ones."""
        return tuple(self.flow.op(at) for at in part)


def _plural(kind: str) -> str:
    """Return "Experts" for "Expert", and "Deep layers" as it is; "" for no kind."""
    return f"{kind}s" if kind and not kind.endswith("s") else kind


def _by_kind(parts: Sequence[tuple[str, list[int]]]) -> dict[str, list[list[int]]]:
    kinds: defaultdict[str, list[list[int]]] = defaultdict(list)
    for kind, members in parts:
        kinds[kind].append(members)
    return kinds


def _reached_outputs(flow: DataFlow) -> list[frozenset[str]]:
    """Return the names of the outputs that each vertex leads to."""
    reached: list[frozenset[str]] = [frozenset()] * len(flow)
    for at in reversed(range(len(flow))):
        if flow.vertex(at).kind is Kind.OUTPUT:
            reached[at] = frozenset({flow.vertex(at).name})
        else:
            reached[at] = frozenset[str]().union(*(reached[other] for other in flow.after[at]))
    return reached


def _leads_out(flow: DataFlow, part: Sequence[int]) -> bool:
    return any(flow.vertex(other).kind is Kind.OUTPUT for at in part for other in flow.after[at])


def _find_unmet(flow: DataFlow, members: Sequence[int]) -> list[int]:
    """Return candidate-side vertices that no request-side value has reached yet."""
    met: set[int] = set()
    for at in range(len(flow)):
        if flow.joins(at) or any(other in met for other in flow.before[at]):
            met.add(at)
    return [at for at in members if at not in met]


def _find_meetings(flow: DataFlow) -> list[list[int]]:
    """Return joins of both sides with the plumbing behind them, and the product if it is one."""
    parts: list[list[int]] = []
    taken: set[int] = set()
    for join in range(len(flow)):
        if join in taken or not flow.joins(join):
            continue
        reached = _reach_plumbing(flow, join)
        products = [at for at in reached if at != join and flow.op(at) in PRODUCTS]
        left = set(products) if len(products) > 1 else set()
        part = sorted(reached - left - taken)
        taken.update(part)
        parts.append(part)
    return parts


def _reach_plumbing(flow: DataFlow, join: int) -> set[int]:
    """Return the join, the plumbing behind it, and the first products."""
    reached, frontier = {join}, [join]
    while frontier:
        at = frontier.pop()
        if flow.op(at) in PRODUCTS and at != join:
            continue
        for other in flow.after[at]:
            if other not in reached and flow.op(other) in PLUMBING | PRODUCTS:
                reached.add(other)
                frontier.append(other)
    return reached
