"""Node profile: median seconds of each node, by onnxruntime's own profiler."""

from __future__ import annotations

import json
import statistics
import tempfile
from collections import defaultdict
from pathlib import Path

from mari_engine.errors import ExecutionError
from mari_engine.graph import Model
from mari_engine.runtime.session import open_session
from mari_engine.types import Feeds

_KERNEL = "_kernel_time"


def profile_nodes(
    model: Model, feeds: Feeds, *, runs: int = 20, threads: int = 1, device: str = "cpu"
) -> dict[str, float]:
    """Return the median seconds of each node over the runs, by node name.

    onnxruntime's graph optimizations are off, so that the nodes are the model's own: the sum is
    more than an optimized session takes. Nodes inside loops count every pass of one run. Raises
    ExecutionError when the model cannot be run.
    """
    with tempfile.TemporaryDirectory(prefix="mari-") as folder:
        session = open_session(
            model,
            device=device,
            threads=threads,
            optimize=False,
            profile_prefix=str(Path(folder) / "profile"),
        )
        for _ in range(runs + 1):  # the first run allocates, and is left out below
            session.run(feeds)
        path = session.end_profiling()
        try:
            events = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ExecutionError(
                f"{model.name}: onnxruntime's profile cannot be read ({error}); run it again"
            ) from error
    names = {node.name for node in model.ir.graph.all_nodes()}
    times: dict[str, list[float]] = defaultdict(list)
    for event in events:
        name = str(event.get("name", ""))
        if event.get("cat") == "Node" and name.endswith(_KERNEL):
            times[name.removesuffix(_KERNEL)].append(event["dur"] * 1e-6)
    return {name: _per_run(times[name], runs) for name in times if name in names}


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
