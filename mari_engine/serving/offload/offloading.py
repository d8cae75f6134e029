"""Offloading in order: ways rewritten and cut, one chosen, its parts extracted and checked."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from mari_engine.errors import ModelError
from mari_engine.graph import Model
from mari_engine.labeling import check_answered, check_labels
from mari_engine.plan_types import CheckedPlan, Plan
from mari_engine.rewriting.cost import Prices
from mari_engine.serving.offload.checked_offload import CheckedOffload
from mari_engine.serving.offload.choice import (
    Choice,
    choose_by_bandwidth,
    choose_by_bytes,
    choose_uncut,
)
from mari_engine.serving.offload.cut_graph import has_type, pose_cut
from mari_engine.serving.offload.cut_ways import CutWay, find_frontier, list_ways
from mari_engine.serving.offload.extraction import Extracted, extract_parts
from mari_engine.serving.offload.joining import join_parts
from mari_engine.serving.offload.min_cut import Cut, solve_cut
from mari_engine.serving.offload.options import BOTH_PARTS, TABLE_SECONDS, OffloadOptions
from mari_engine.serving.offload.pace import keep_pace
from mari_engine.serving.offload.saving import save_offloaded
from mari_engine.types import (
    DEFAULT_CANDIDATES,
    Feeds,
    Frontier,
    Interface,
    Labels,
    PartKind,
    Progress,
    Side,
    Signature,
    Store,
    report_nothing,
)
from mari_engine.verification import Stage, measure_bounds, verify


class OffloadResult(CheckedOffload):
    """A model cut in parts, and the certificate of the chain that they make."""

    def save(self, directory: str | Path, *, force: bool = False) -> None:
        """Write the parts; raises VerificationError when the certificate is not passed.

        A file there that is not part of such a folder is replaced with `force` only.
        """
        save_offloaded(self, directory, force=force)


def offload(
    model: Model,
    labels: Labels,
    *,
    most_bytes: int | None = None,
    bandwidth: int | None = None,
    parts: Collection[str | PartKind] = BOTH_PARTS,
    store: str | Store = Store.FLOAT32,
    candidates: int = DEFAULT_CANDIDATES,
    keep: Collection[str] = (),
    table_seconds: float = TABLE_SECONDS,
    autotune: bool = False,
    requests: Sequence[Feeds] = (),
    prices: Prices | None = None,
    progress: Progress | None = None,
) -> OffloadResult:
    """Return a model cut into parts that run at different times, and checked as a chain.

    The item part runs over a catalogue beforehand, the request part once a request, and the online
    part takes what both give. The cut is the one of the least expected time that fetches at most
    `most_bytes` per candidate, or, fetching included, at `bandwidth` bytes per second. With
    `autotune` expected times are scaled to what the uncut model takes on this machine; the cut of
    `most_bytes` does not depend on it. `table_seconds` are what a GiB of lookup tables in the
    online part counts as, per candidate.
    With `store` float16 the result is not lossless, and its certificate holds the error that was
    measured. Look at `certificate.passed` before using it. Raises LabelError where a label is in
    doubt, and ModelError where no such cut exists.
    """
    report_progress = progress or report_nothing
    options = OffloadOptions(
        most_bytes=most_bytes, bandwidth=bandwidth, parts=tuple(map(PartKind, parts)),
        store=Store(store), candidates=candidates, keep=tuple(keep), prices=prices or Prices(),
        table_seconds=table_seconds, autotune=autotune,
    )  # fmt: skip
    ways = _ways(model, labels, options, report_progress)
    way, cut, point = _choose(ways, options)
    report_progress(0.2, "cutting the graph")
    plan, exact, served = _extract(way, cut, options)
    return OffloadResult(
        checked=_check(plan, exact, served, requests, report_progress),
        parts={kind: Model(part, f"{kind}.onnx") for kind, part in served.models.items()},
        hashes=served.hashes,
        frontier=find_frontier(ways, point if cut.fetched else None),
        point=point,
        options=options,
    )


def cut_frontier(
    model: Model,
    labels: Labels,
    *,
    parts: Collection[str | PartKind] = BOTH_PARTS,
    store: str | Store = Store.FLOAT32,
    candidates: int = DEFAULT_CANDIDATES,
    keep: Collection[str] = (),
    table_seconds: float = TABLE_SECONDS,
    autotune: bool = False,
    prices: Prices | None = None,
    progress: Progress | None = None,
) -> Frontier:
    """Return what the cuts of a model come to, for a choice among them; nothing is cut.

    Parameters are those of `offload`.
    Raises LabelError where a label is in doubt, and ModelError where no item part is possible.
    """
    options = OffloadOptions(
        parts=tuple(map(PartKind, parts)), store=Store(store), candidates=candidates,
        keep=tuple(keep), prices=prices or Prices(), table_seconds=table_seconds,
        autotune=autotune,
    )  # fmt: skip
    return find_frontier(_ways(model, labels, options, progress or report_nothing))


def _ways(
    model: Model, labels: Labels, options: OffloadOptions, report_progress: Progress
) -> tuple[CutWay, ...]:
    report_progress(0.0, "rewriting")
    check_answered(model, labels)
    check_labels(model, labels)
    online = PartKind.REQUEST not in options.parts
    weighing = options.weighing()
    ways = tuple(list_ways(model, labels, options.rewriting(), weighing, request_online=online))
    if not options.autotune:
        return ways
    report_progress(0.15, "timing the model uncut")
    return keep_pace(ways)


def _choose(ways: Sequence[CutWay], options: OffloadOptions) -> Choice:
    if PartKind.ITEM not in options.parts:
        return choose_uncut(ways)
    if options.most_bytes is not None:
        return choose_by_bytes(ways, options.most_bytes)
    if options.bandwidth is not None:
        return choose_by_bandwidth(ways, options.bandwidth)
    raise ModelError(
        f"{ways[0].plan.original.name}: nothing says how much may be fetched of each candidate; "
        "give most_bytes or bandwidth"
    )


def _given(kind: PartKind, way: CutWay, cut: Cut, options: OffloadOptions) -> tuple[str, ...]:
    """Return the values that a part hands over; none where it is not made."""
    if kind not in options.parts:
        return ()
    if kind == PartKind.ITEM:
        return cut.fetched
    problem = pose_cut(way.found, Side.REQUEST, options.weighing(), has_type)
    return solve_cut(problem, options.request_price).fetched


def _extract(way: CutWay, cut: Cut, options: OffloadOptions) -> tuple[Plan, Extracted, Extracted]:
    """Return the plan, the parts as they compute exactly, and as they are served."""
    given = {kind: names for kind in BOTH_PARTS if (names := _given(kind, way, cut, options))}
    if not given:
        raise ModelError(
            f"{way.plan.original.name}: nothing is computed of the request alone; give --parts item"
        )
    plan, opened, found = way.reopen(cut.fetched)
    exact = extract_parts(opened, found, given, half=False)
    if options.store == Store.FLOAT32:
        return plan, exact, exact
    return plan, exact, extract_parts(opened, found, given, half=True)


def _check(
    plan: Plan, exact: Extracted, served: Extracted, requests: Sequence[Feeds],
    report_progress: Progress,
) -> CheckedPlan:  # fmt: skip
    """Return the plan with the parts joined again, and the certificate of the chain.

    In their own precision the very parts are run, each by itself. Where values are rounded for
    the store, the exact parts are checked, and the error of the others is measured.
    """
    joined = _join(plan, exact)
    certificate = verify(
        plan.original,
        joined.optimized,
        plan.labels,
        interface=joined.interface,
        signature=Signature.COMPACT,
        stages=_stages(exact),
        requests=requests,
        progress=lambda share, what: report_progress(0.3 + 0.6 * share, what),
    )
    if served is not exact and certificate.passed:
        report_progress(0.9, "measuring what the store rounds")
        bounds, problem = measure_bounds(
            plan.original, _stages(served), plan.labels, joined.interface, requests=requests
        )
        certificate = replace(
            certificate,
            bounds=bounds,
            passed=not problem,
            reason=problem and f"with values stored as {Store.FLOAT16}, {problem}",
        )
        joined = _join(plan, served)
    report_progress(1.0, "checked")
    words = ", ".join(f"{kind}.onnx" for kind in PartKind if kind in served.models)
    contract = (*certificate.contract, f"in its own precision the chain of {words} was run")
    return CheckedPlan(**vars(joined), certificate=replace(certificate, contract=contract))


def _join(plan: Plan, extracted: Extracted) -> Plan:
    joined = join_parts(extracted.models, [item.name for item in plan.interface.inputs])
    taken = {value.name for value in joined.graph.inputs}
    inputs = tuple(item for item in plan.interface.inputs if item.name in taken)
    return replace(
        plan,
        optimized=Model(joined, plan.optimized.name),
        interface=Interface(inputs, plan.interface.outputs),
    )


def _stages(extracted: Extracted) -> list[Stage]:
    order = [kind for kind in PartKind if kind in extracted.models]
    return [
        Stage(Model(extracted.models[kind], f"{kind}.onnx"), by_row=kind == PartKind.ITEM)
        for kind in order
    ]
