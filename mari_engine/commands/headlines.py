"""What `mari optimize` and `mari inspect` say first: the result, in at most six lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import mari_engine as mari
from mari_engine.commands.measurement_tables import left_lines
from mari_engine.types import Action, Side, Way
from mari_engine.wording import (
    certificate_in_words,
    first_names,
    format_count,
    format_seconds,
    make_plain,
    pairs_in_words,
    speedup_in_words,
)

_NAMES = 3
"""Names in a list; more are counted."""
_SAVINGS = 2
"""Decisions that are named as the largest."""
_LARGE = 0.05
"""The share of what is left to compute from which on a kept product is worth a look."""
_ACTIONS = {Action.ONCE: "once per request"}


def optimize_headline(result: mari.OptimizeResult, *, confirmed: bool) -> tuple[str, ...]:
    """Return how much faster, how much less arithmetic, how exact, what saved, what to look at.

    `confirmed` is False where the labels are proposals that nobody has confirmed.
    """
    return _plain(
        f"{result.original.name}: {_speed(result.selection, result.candidates)}",
        _flops(result),
        exactness_line(result.certificate),
        _vouched(result.certificate.vouched),
        _savings(result),
        _attention(result, _doubts(result.labels, confirmed), result.certificate.notes),
    )


def inspect_headline(found: mari.Plan, *, confirmed: bool) -> tuple[str, ...]:
    """Return the inputs by side, what a rewrite would gain, what was decided, what to look at."""
    return _plain(
        f"{found.original.name}: {_inputs(found)}",
        _vouched(mari.list_vouchers(found.original, found.labels)),
        f"Rewritten: {_speed(found.selection, found.candidates)}",
        _flops(found),
        _savings(found),
        _decided(found),
        _attention(found, _doubts(found.labels, confirmed)),
    )


def measure_headline(found: mari.Measurement) -> tuple[str, ...]:
    """Return the FLOPs attainable and reached, where the rest is left, what labels contradict."""
    sums = {
        "as exported": found.before,
        "attainable": found.attainable,
        "reached": found.reached,
    }
    told = ", ".join(
        f"{format_count(flops.at(found.candidates), 'FLOP')} {what}"
        for what, flops in sums.items()
        if flops is not None
    )
    left = left_lines(found)[:_SAVINGS]
    return _plain(
        f"Measured, at {found.candidates:,} candidates: products take {told}",
        *(f"{line[:1].upper()}{line[1:]}" for line in left),
        *(f"Labels against your requests: {each.text}" for each in found.labels),
        *found.notes,
    )


def axis_questions(labels: mari.Labels) -> tuple[str, ...]:
    """Return a line for each input of which the graph leaves open where its candidates lie."""
    return _plain(
        *(
            f"Input {name}: {'; '.join(label.axis_evidence)}. Say which in the file: add 'axis', "
            "its number or null for none."
            for name, label in labels.inputs.items()
            if label.axis == mari.FROM_GRAPH and label.axis_evidence
        )
    )


def _plain(*lines: str) -> tuple[str, ...]:
    return tuple(make_plain(line) for line in lines if line)


def _speed(selection: mari.Selection, candidates: int) -> str:
    """Return by how much the rewritten model is faster, and what kind of times tell so.

    The figures are those of `selection`, as in the report; FLOPs do not enter.
    """
    how = (
        "timed on this machine, one thread"
        if selection.timed
        else f"expected, by {selection.prices} prices"
    )
    before = format_seconds(selection.seconds(Way.ORIGINAL) or 0.0)
    at = f"at {candidates:,} candidates ({how}: {before}"
    if selection.way == Way.ORIGINAL or selection.speedup is None:
        others = [selection.seconds(trial.way) for trial in selection.trials[1:]]
        seconds = [each for each in others if each is not None]
        best = f", the fastest rewrite {format_seconds(min(seconds))}" if seconds else ""
        given = selection.chosen_by == "given"
        why = "as asked;" if given else "since no rewrite is clearly faster"
        return f"left as it was, {why} {at}{best})"
    after = format_seconds(selection.seconds(selection.way) or 0.0)
    return f"{speedup_in_words(selection.speedup)} {at} → {after})"


def _flops(found: mari.Plan) -> str:
    before, after = found.flops.before, found.flops.after
    amounts = " → ".join(
        format_count(cost.flops.at(found.candidates), "FLOP") for cost in (before, after)
    )
    missing = sorted({*before.uncounted, *after.uncounted})
    without = f", without {_names(missing)}, whose work is not counted" if missing else ""
    pairs = pairs_in_words(before.flops, found.candidates)
    square = f"; {pairs}" if pairs else ""
    return f"FLOPs per request: {amounts} (arithmetic, not time{without}{square})"


def exactness_line(certificate: mari.Certificate) -> str:
    """Return the outcome of the check, and what it rests on."""
    outcome = certificate_in_words(certificate)[0].rstrip(".")
    if not certificate.passed:
        return outcome
    if certificate.bounds:
        return outcome
    if outcome.startswith("Lossless"):
        outcome = "Lossless: the same numbers"
    count = len(certificate.checks)
    requests = "1 request" if count == 1 else f"{count} requests"
    found = certificate.coverage
    reached = f", {found.reached} of {found.branches} branches reached" if found else ""
    return f"{outcome}, if these labels are true ({requests} checked{reached})"


def _vouched(vouched: Mapping[str, Sequence[str]]) -> str:
    """Return what the labels rest on: how many the graph vouches for, requests, names, people."""
    told = mari.vouchers_in_words(vouched)
    return f"Vouched for: {told}" if told else ""


def _savings(found: mari.Plan) -> str:
    """Return the decisions that save the most FLOPs at the expected number of candidates."""
    at = found.candidates
    saved = sorted(
        ((each.flops_before.at(at) - each.flops_after.at(at), each) for each in found.decisions),
        key=lambda pair: -pair[0],
    )
    told = [
        f"{format_count(flops, 'FLOP')} at {each.node} ({_ACTIONS.get(each.action, each.action)})"
        for flops, each in saved[:_SAVINGS]
        if flops > 0
    ]
    return f"Saves most: {', '.join(told)}" if told else "Saves nothing in any product"


def _decided(found: mari.Plan) -> str:
    counts = Counter(each.action for each in found.decisions)
    told = ", ".join(f"{counts[action]} {_ACTIONS.get(action, action)}" for action in Action)
    return f"Products: {told}"


def _inputs(found: mari.Plan) -> str:
    """Return how many inputs each side has, with their names; packed ones with their columns."""
    sides: dict[str, list[str]] = {}
    for name, label in found.labels.inputs.items():
        if label.columns:
            width = label.columns[-1].stop
            own = sum(part.stop - part.start for part in label.columns if part.role.per_request)
            sides.setdefault("packed", []).append(f"{name}: {own} of {width} columns the request's")
        elif name in found.coloring.values:
            side = found.coloring.values[name].side
            kind = "request" if side == Side.REQUEST else "candidate"
            sides.setdefault(kind, []).append(name)
    told = [f"{len(names)} {kind} ({_names(names)})" for kind, names in sides.items()]
    return f"inputs by side: {', '.join(told) or 'none'}"


def _doubts(labels: mari.Labels, confirmed: bool) -> str:
    """Return which labels nobody has confirmed; empty where each has been."""
    unsure = [
        name
        for name, label in labels.inputs.items()
        if any(part.confidence < 1 for part in label.columns or (label,))
    ]
    if unsure:
        remedy = "" if confirmed else "; 'mari labels' writes them to a file to correct"
        return f"labels are guesses for {_names(unsure)}{remedy}"
    return "" if confirmed else "labels are proposals, not confirmed"


def _attention(found: mari.Plan, doubts: str, notes: Sequence[str] = ()) -> str:
    """Return what a person should look at: defects, doubts, notes, the largest kept product."""
    failures = f"the rewriter failed, and kept {_names(found.failures)}: report this defect"
    unknown = f"not understood, and left as they are: {_names(found.coloring.unknown)}"
    told = [
        failures if found.failures else "",
        unknown if found.coloring.unknown else "",
        doubts,
        *notes,
        _largest_kept(found),
    ]
    return f"To look at: {'; '.join(part for part in told if part) or 'nothing'}"


def _largest_kept(found: mari.Plan) -> str:
    at = found.candidates
    kept = [each for each in found.decisions if each.action == Action.KEPT]
    largest = max(kept, key=lambda each: each.flops_after.at(at), default=None)
    left = found.flops.after.flops.at(at)
    if largest is None or largest.flops_after.at(at) <= _LARGE * left:
        return ""
    share = largest.flops_after.at(at) / left
    return f"{largest.node} is kept with {share:.0%} of the FLOPs left, since {largest.reason}"


def _names(names: Iterable[str]) -> str:
    return first_names(list(names), _NAMES)
