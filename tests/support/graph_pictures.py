"""Small graphs written by hand, for what draws them."""

from __future__ import annotations

from collections.abc import Sequence

from mari_engine import Coloring, GraphInfo, GraphNode, Role, Side, TensorInfo, ValueColor

LETTERS = {
    "R": (Side.REQUEST, frozenset({Role.USER})),
    "I": (Side.ITEM, frozenset({Role.ITEM})),
    "C": (Side.CANDIDATE, frozenset({Role.USER, Role.ITEM})),
    "K": (Side.CONSTANT, frozenset[Role]()),
}


def picture(
    lines: str, *, inputs: str = "", outputs: str = "", weights: Sequence[str] = ()
) -> tuple[GraphInfo, Coloring]:
    """Return a graph and its coloring from lines such as `C mix = Concat u i`.

    A line holds the side, the node's name and only value, the operator, and what it takes; the
    name may end in `@scope`. Inputs are given as `R u`, parted by commas.
    """
    given = [entry.split() for entry in inputs.split(",") if entry]
    colors = {name: _color(letter) for letter, name in given}
    nodes = []
    for line in filter(str.strip, lines.splitlines()):
        letter, name, _, op, *taken = line.split()
        name, _, scope = name.partition("@")
        colors[name] = _color(letter)
        nodes.append(GraphNode(name, op, "", tuple(taken), (name,), {}, scope))
    info = GraphInfo(
        inputs=tuple(TensorInfo(name, "float32", ("N", 4)) for _, name in given),
        outputs=tuple(TensorInfo(name, "float32", ("N", 1)) for name in outputs.split()),
        initializers=tuple(TensorInfo(name, "float32", (4, 4), 64) for name in weights),
        nodes=tuple(nodes),
        opset=18,
        ir_version=8,
        producer="",
        parameters=0,
        bytes=0,
        candidate_axis=0,
    )
    return info, Coloring(colors)


def tower() -> tuple[GraphInfo, Coloring]:
    """The paper's tower: each side's branch, the fusion layer, what follows."""
    return picture(
        """
        R wide = Relu user
        I flat = Relu item
        C joined = Concat wide flat
        C fused = Gemm joined W
        C active = Relu fused
        C final = Gemm active W
        """,
        inputs="R user, I item",
        outputs="final",
        weights=["W"],
    )


def chain(length: int, *, scope: str = "") -> tuple[GraphInfo, Coloring]:
    """A chain of nodes, each in the scope `scope.format(at)`."""
    lines = [
        f"R n{at}@{scope.format(at)} = Relu {f'n{at - 1}' if at else 'user'}"
        for at in range(length)
    ]
    return picture("\n".join(lines), inputs="R user", outputs=f"n{length - 1}")


def _color(letter: str) -> ValueColor:
    side, roles = LETTERS[letter]
    axis = 0 if side in (Side.ITEM, Side.CANDIDATE) else None
    return ValueColor(side, roles, (1 if side is Side.REQUEST else "N", 4), "float32", axis)
