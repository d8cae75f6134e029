"""Node profile: median seconds of each node, by onnxruntime's own profiler."""

from __future__ import annotations

import json
import statistics
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from mari_engine.errors import ExecutionError
from mari_engine.graph import Model
from mari_engine.runtime.session import open_session
from mari_engine.types import Feeds

_KERNEL = "_kernel_time"
_LONGEST = 50_000
"""Passes in a profile, where fewer runs can keep it this short: it is read as text."""
_HELD = 1_000_000
"""Events that onnxruntime keeps; later ones are dropped without a word."""


def profile_nodes(
    model: Model, feeds: Feeds, *, runs: int = 20, threads: int = 1, device: str = "cpu"
) -> dict[str, float]:
    """Return the median seconds of each node over the runs, by node name.

    onnxruntime's graph optimizations are off, so that the nodes are the model's own: the sum is
    more than an optimized session takes. Nodes inside loops count every pass of one run; of loops
    with many passes there are fewer runs, one at least. Raises ExecutionError when the model cannot
    be run, or when one run has more passes than a profile holds.
    """
    profiler = _Profiler(model, feeds, threads, device)
    passes = profiler.time(1)
    each = sum(map(len, passes.values())) // 2
    most = min(runs, _LONGEST // max(1, each))
    if most > 1:
        passes = profiler.time(most)
    return {name: _per_run(found, max(1, most)) for name, found in passes.items()}


@dataclass(frozen=True)
class _Profiler:
    model: Model
    feeds: Feeds
    threads: int
    device: str

    def time(self, runs: int) -> dict[str, list[float]]:
        """Return the seconds of each pass through each node, of a first run and so many others."""
        with tempfile.TemporaryDirectory(prefix="mari-") as folder:
            session = open_session(
                self.model, device=self.device, threads=self.threads, optimize=False,
                profile_prefix=str(Path(folder) / "profile"),
            )  # fmt: skip
            for _ in range(runs + 1):  # the first run allocates, and is left out later
                session.run(self.feeds)
            path = session.end_profiling()
            try:
                events = json.loads(path.read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                raise ExecutionError(
                    f"{self.model.name}: onnxruntime's profile cannot be read ({error}); run it "
                    "again"
                ) from error
        if len(events) >= _HELD:
            raise ExecutionError(
                f"{self.model.name}: its loops take more than the {_HELD:,} steps that a profile "
                "holds; give a request with fewer candidates"
            )
        names = {node.name for node in self.model.ir.graph.all_nodes()}
        times: dict[str, list[float]] = defaultdict(list)
        for event in events:
            name = str(event.get("name", "")).removesuffix(_KERNEL)
            if event.get("cat") == "Node" and event["name"].endswith(_KERNEL) and name in names:
                times[name].append(event["dur"] * 1e-6)
        return times


def time_operators(
    model: Model, feeds: Feeds, *, runs: int = 20, threads: int = 1, device: str = "cpu"
) -> dict[str, float]:
    """Return the seconds that all nodes of an operator take in a run, the longest first.

    As in `profile_nodes`, onnxruntime's graph optimizations are off.
    """
    times = profile_nodes(model, feeds, runs=runs, threads=threads, device=device)
    operators = {node.name: node.op_type for node in model.ir.graph.all_nodes()}
    sums: dict[str, float] = defaultdict(float)
    for name, taken in times.items():
        sums[operators[name]] += taken
    return dict(sorted(sums.items(), key=lambda item: -item[1]))


def _per_run(durations: list[float], runs: int) -> float:
    """Return the median over the runs of the sum within a run."""
    passes = max(1, len(durations) // (runs + 1))
    sums = [sum(durations[at : at + passes]) for at in range(0, len(durations), passes)]
    return statistics.median(sums[1:] or sums)
