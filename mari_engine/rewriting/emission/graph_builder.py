"""The builder of the new graph: its nodes, its layouts, and the extents that it reads."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from mari_engine.axes import Dim, Layout
from mari_engine.rewriting.emission.layout_changes import LayoutChanges
from mari_engine.rewriting.emission.node_writer import NodeWriter
from mari_engine.rewriting.emission.runtime_extents import RuntimeExtents
from mari_engine.rewriting.emission.tensors import Tensor


class GraphBuilder(NodeWriter):
    """Writes nodes, and layout changes and extents as nodes."""

    def __init__(self, *, opset: int, reserved: Collection[str] = ()) -> None:
        super().__init__(opset=opset, reserved=reserved)
        self.extents = RuntimeExtents(self)
        self.layouts = LayoutChanges(self, self.extents)

    def lay(self, tensor: Tensor, have: Layout, want: Layout, extents: Mapping[int, Dim]) -> Tensor:
        """Return the tensor in another layout; labels of `want` that it lacks are broadcast."""
        return self.layouts.apply(tensor, have, want, extents)
