"""What runs of one candidate each show: what differs, what is read, what is a pattern."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import onnx_ir as ir

from mari_engine.graph import Model
from mari_engine.metering.probe_requests import Requester
from mari_engine.metering.product_flops import Counted
from mari_engine.metering.request_patterns import Patterns, follow_patterns
from mari_engine.metering.row_liveness import Live, Positions, find_live, live_positions
from mari_engine.metering.run_declarations import Declared, declare_nodes
from mari_engine.metering.variation import Observation


@dataclass(frozen=True, eq=False)
class Evidence:
    """What was seen of each value, and what the declarations of single ops say of it."""

    seen: Mapping[ir.Value, Observation]
    specs: Declared = field(default_factory=dict)
    live: Live = field(default_factory=dict)
    patterns: Mapping[ir.Value, Patterns] = field(default_factory=dict)

    @classmethod
    def of(
        cls, model: Model, requester: Requester, seen: Mapping[ir.Value, Observation]
    ) -> Evidence:
        """Return what follows from the declarations at the extents of these runs.

        Raises ExecutionError when the model cannot be run.
        """
        specs = declare_nodes(model, requester, seen)
        graph = model.ir.graph
        return cls(seen, specs, find_live(graph, specs), follow_patterns(graph, specs, seen))

    def live_positions(self, counted: Counted) -> Positions:
        """Return the places of a product's labels at which some result is read."""
        if counted.work is None:
            return {}
        return live_positions(counted.work, [self.live.get(v) for v in counted.node.outputs])
