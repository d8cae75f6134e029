"""Candidates that are mixed up: one's value for another's, or one value for all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import onnx_ir as ir

from mutation.subject import Change, Subject, Writer

_LAST = 1 << 40


def mean_of_candidates(subject: Subject) -> Iterator[Change]:
    """A value is computed once, as the mean over all candidates."""
    yield from _changed(
        subject, "mean over candidates", lambda a, w, v: w.spread(w.reduce("ReduceMean", v, [a]), v)
    )


def first_candidate(subject: Subject) -> Iterator[Change]:
    """The first candidate's value is used for all."""
    yield from _changed(
        subject, "first candidate's row", lambda a, w, v: w.spread(w.rows(v, 0, 1, a), v)
    )


def last_candidate(subject: Subject) -> Iterator[Change]:
    """The last candidate's value is used for all."""
    yield from _changed(
        subject, "last candidate's row", lambda a, w, v: w.spread(w.rows(v, -1, _LAST, a), v)
    )


def next_candidate(subject: Subject) -> Iterator[Change]:
    """Each candidate gets the value of the one after it."""

    def turn(axis: int, w: Writer, v: ir.Value) -> ir.Value:
        return w("Concat", w.rows(v, 1, _LAST, axis), w.rows(v, 0, 1, axis), axis=axis)

    yield from _changed(subject, "next candidate's row", turn)


def one_row_of_an_input(subject: Subject) -> Iterator[Change]:
    """Some columns of an input that differ between candidates are cut to the first row."""
    for item in subject.plan.inputs:
        value = next(one for one in subject.graph.inputs if one.name == item.name)
        axes = subject.plan.candidate_axes(item)
        if not axes or not list(value.uses()):
            continue
        for part in item.parts:
            if part.per_request:
                continue
            cut, last = (part.start, part.stop), len(item.extents) - 1

            def first(
                w: Writer, v: ir.Value, cut: tuple[int, int | None] = cut, last: int = last,
                axis: int = axes[0],
            ) -> ir.Value:  # fmt: skip
                start, stop = cut
                once = w.spread(w.rows(v, 0, 1, axis), v)
                if stop is None:
                    return once
                pieces = [w.rows(v, 0, start, last)] if start else []
                pieces += [w.rows(once, start, stop, last), w.rows(v, stop, _LAST, last)]
                return w("Concat", *pieces, axis=last)

            what = f"input {item.name} {cut}: first candidate's row"
            yield Change(what, partial(subject.after, value, first))


def _changed(
    subject: Subject, what: str, build: Callable[[int, Writer, ir.Value], ir.Value]
) -> Iterator[Change]:
    for node in subject.graph:
        for value in node.outputs:
            fact = subject.fact(value)
            if fact is None or fact.rows is None or fact.array.dtype.kind == "b":
                continue
            made = partial(build, fact.rows)
            yield Change(f"{value.name}: {what}", partial(subject.after, value, made))
