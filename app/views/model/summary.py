"""What a model is, on one card: figures, its inputs and outputs, its operators."""

from __future__ import annotations

from collections import Counter

from app.views.text import shape
from mari_engine import GraphInfo, TensorInfo, format_count


def figures(info: GraphInfo) -> list[tuple[str, str, str]]:
    """Return (name, value, help) for each figure of the card."""
    axis = "none" if info.candidate_axis is None else f"axis {info.candidate_axis}"
    return [
        ("Inputs", f"{len(info.inputs):,}", "Tensors that a caller feeds"),
        ("Outputs", f"{len(info.outputs):,}", "Tensors that a caller reads"),
        ("Nodes", f"{len(info.nodes):,}", "Operators in the graph, constants folded"),
        ("Parameters", format_count(info.parameters), "Numbers in all weights and tables"),
        ("Weights", format_count(info.bytes, "B"), "Size of all weights and tables"),
        ("Opset", str(info.opset), f"IR version {info.ir_version}"),
        ("Candidates", axis, "The inputs' axis along which the candidates of a request lie"),
    ]


def fixed_rows(info: GraphInfo) -> int | None:
    """Return the number of rows that all inputs fix, None where one leaves it open.

    Inputs of one row may stand beside others of more, and numbers alone have no rows.
    """
    shapes = [tensor.shape for tensor in info.inputs]
    if None in shapes:
        return None
    rows = {shape[0] for shape in shapes if shape}
    counts = {count for count in rows if isinstance(count, int)}
    most = max(counts, default=0)
    return most if rows == counts and counts and counts <= {1, most} else None


def tensor_rows(tensors: tuple[TensorInfo, ...]) -> list[dict[str, str]]:
    """Return a table of graph inputs or outputs."""
    return [
        {"name": tensor.name, "type": tensor.dtype, "shape": shape(tensor.shape)}
        for tensor in tensors
    ]


def count_operators(info: GraphInfo) -> dict[str, int]:
    """Return how often each operator occurs, the most frequent first."""
    return dict(Counter(node.op for node in info.nodes).most_common())
