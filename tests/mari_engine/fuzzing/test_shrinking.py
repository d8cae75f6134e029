"""A rewriter made wrong on purpose is seen, and the graph that shows it becomes a few nodes."""

from collections.abc import Callable
from dataclasses import replace

import onnx
import pytest

from mari_engine.axes import Pointwise
from mari_engine.fuzzing import Outcome, case_of, examine, shrink
from mari_engine.fuzzing.reductions import REDUCTIONS, Reduction, fewer_candidates, fewer_requests
from mari_engine.rewriting.context import Step
from mari_engine.rewriting.forms import Form
from mari_engine.rewriting.handlers import HANDLERS
from mari_engine.types import Feeds

SEED = 3 * 232_792_560
"""A multiple of all numbers up to 20: of the first dialect, however many of them there are."""
Handler = Callable[[Step], list[Form]]


def operators(data: bytes) -> list[str]:
    return [node.op_type for node in onnx.load_model_from_string(data).graph.node]


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch) -> Callable[[Handler], None]:
    """Set what becomes of a Sigmoid in place of its rule."""
    right = HANDLERS[Pointwise]

    def put(wrong: Handler) -> None:
        def handle(step: Step) -> list[Form]:
            return wrong(step) if step.node.op_type == "Sigmoid" else right(step)

        monkeypatch.setitem(HANDLERS, Pointwise, handle)

    return put


def forgotten(step: Step) -> list[Form]:
    form = step.forms[0]
    assert form is not None
    return [form]


def broken(step: Step) -> list[Form]:
    raise RuntimeError("seeded")


def test_a_forgotten_activation_is_shrunk_to_itself(
    faulty: Callable[[Handler], None],
) -> None:
    case = case_of(SEED)
    assert "Sigmoid" in operators(case.data)
    assert examine(case).outcome == Outcome.SAME
    faulty(forgotten)
    found = examine(case)
    assert (found.outcome, found.manner) == (Outcome.REFUSED_BY_CHECK, "in float64")
    smallest, shrunk = shrink(case, found, seconds=60)
    assert (shrunk.outcome, shrunk.manner) == (found.outcome, found.manner)
    assert operators(smallest.data) == ["Sigmoid"]
    assert smallest.signatures == (found.signature,)
    assert len(smallest.requests) == len(smallest.labels.inputs) == 1


def test_an_exception_of_the_rewriter_is_a_crash_and_stays_one(
    faulty: Callable[[Handler], None],
) -> None:
    faulty(broken)
    case = case_of(SEED)
    found = examine(case)
    assert found.outcome == Outcome.CRASH
    assert "RuntimeError" in found.manner
    smallest, shrunk = shrink(case, found, seconds=60)
    assert shrunk.manner == found.manner
    assert operators(smallest.data) == ["Sigmoid"]


def test_a_failure_that_the_rewriter_caught_itself_is_a_crash(
    faulty: Callable[[Handler], None],
) -> None:
    def caught(step: Step) -> list[Form]:
        raise ValueError("seeded")

    faulty(caught)
    found = examine(case_of(SEED))
    assert (found.outcome, found.manner) == (Outcome.CRASH, "caught ValueError")


def test_without_time_a_case_stays_as_it_is(faulty: Callable[[Handler], None]) -> None:
    faulty(forgotten)
    case = case_of(SEED)
    smallest, _ = shrink(case, examine(case), seconds=0)
    assert smallest.data is case.data
    assert smallest.requests is case.requests


def test_a_model_that_the_runtime_does_not_run_is_no_failure() -> None:
    case = case_of(SEED)
    assert examine(replace(case, requests=())).outcome == Outcome.NOT_RUN


@pytest.mark.parametrize("reduction", REDUCTIONS, ids=lambda each: each.__name__)
def test_reductions_change_no_case(reduction: Reduction) -> None:
    case = case_of(SEED)
    before = (case.data, [dict(feeds) for feeds in case.requests])
    attempts = list(reduction(case))
    assert attempts
    assert case.data == before[0]
    assert all(attempt is not case for attempt in attempts)


def test_what_is_left_has_a_request_of_several_candidates() -> None:
    """A graph that is cut where one candidate was computed may hold for no other number."""
    case = case_of(SEED)
    assert min(map(candidates, case.requests)) == 1
    for reduction in (fewer_requests, fewer_candidates):
        attempts = list(reduction(case))
        assert attempts
        assert all(max(map(candidates, attempt.requests)) > 1 for attempt in attempts)


def candidates(feeds: Feeds) -> int:
    return max(len(array) for array in feeds.values())
