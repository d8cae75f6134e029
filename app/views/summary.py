"""What a model is, on one card: figures, its inputs and outputs, its operators."""

from __future__ import annotations

from collections import Counter

import plotly.graph_objects as go

from app.views.text import markup, scaled, shape
from mari_engine import GraphInfo, TensorInfo

MOST_OPS = 16


def figures(info: GraphInfo) -> list[tuple[str, str, str]]:
    """Return (name, value, help) for each figure of the card."""
    axis = "none" if info.candidate_axis is None else f"axis {info.candidate_axis}"
    return [
        ("Inputs", f"{len(info.inputs):,}", "Tensors that a caller feeds"),
        ("Outputs", f"{len(info.outputs):,}", "Tensors that a caller reads"),
        ("Nodes", f"{len(info.nodes):,}", "Operators in the graph"),
        ("Parameters", scaled(info.parameters, ""), "Numbers in all weights and tables"),
        ("Weights", scaled(info.bytes, "B"), "Size of all weights and tables"),
        ("Opset", str(info.opset), f"IR version {info.ir_version}"),
        ("Candidates", axis, "The inputs' axis along which the candidates of a request lie"),
    ]


def tensor_rows(tensors: tuple[TensorInfo, ...]) -> list[dict[str, str]]:
    """Return a table of graph inputs or outputs."""
    return [
        {"name": tensor.name, "type": tensor.dtype, "shape": shape(tensor.shape)}
        for tensor in tensors
    ]


def operator_figure(info: GraphInfo) -> go.Figure:
    """Return how often each operator occurs, the most frequent on top."""
    tally = Counter(node.op for node in info.nodes).most_common()
    shown = tally[:MOST_OPS]
    rest = sum(number for _, number in tally[MOST_OPS:])
    if rest:
        shown.append((f"{len(tally) - MOST_OPS} others", rest))
    names = [markup(name) for name, _ in reversed(shown)]
    numbers = [number for _, number in reversed(shown)]
    figure = go.Figure(
        go.Bar(
            x=numbers,
            y=names,
            orientation="h",
            text=numbers,
            textposition="outside",
            cliponaxis=False,
            marker_color="#8A94A3",
            hovertemplate="%{y}: %{x}<extra></extra>",
        )
    )
    figure.update_layout(
        height=60 + 24 * len(shown),
        margin={"l": 8, "r": 40, "t": 8, "b": 8},
        xaxis={"visible": False},
        yaxis={"automargin": True, "ticksuffix": "  "},
        bargap=0.35,
    )
    return figure
