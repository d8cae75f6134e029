"""What logged requests say of labels, before either is changed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from app.services import compare_requests, take_compared
from app.session import Comparison, Opened, Work
from app.views.labels import list_parts, tell_comparison
from mari_engine import InputLabel, Labels, Role, load, propose_labels
from support.builders import ranking_tower
from support.requests_sent import make_request

SEEN = InputLabel(role=Role.ITEM, vouched="request", evidence=("its values differ",))


def compare(labels: Labels, learnt: Labels) -> list[str]:
    return tell_comparison(Comparison(labels, learnt, (), ()))


def test_a_comparison_tells_what_is_contradicted_answered_and_borne_out() -> None:
    right = InputLabel(role=Role.ITEM, vouched="Ada")
    wrong, doubtful = replace(right, role=Role.USER), replace(right, confidence=0.5, vouched="")
    assert compare(Labels({"a": wrong}), Labels({"a": SEEN})) == [
        "They contradict a, labelled R · user: its values differ."
    ]
    assert compare(Labels({"a": right}), Labels({"a": SEEN})) == [
        "They contradict no label.",
        "They bear out 1 other label.",
    ]
    assert compare(Labels({"a": doubtful}), Labels({"a": SEEN})) == [
        "They contradict no label.",
        "They would answer 1 row: a (I · item).",
    ]
    assert compare(Labels({"a": doubtful}), Labels({"a": doubtful})) == [
        "They contradict no label."
    ]


def test_many_contradictions_are_counted() -> None:
    names = "abcde"
    wrong = InputLabel(role=Role.USER, vouched="Ada")
    told = compare(Labels(dict.fromkeys(names, wrong)), Labels(dict.fromkeys(names, SEEN)))
    assert len(told) == 4
    assert told[-1] == "They contradict 2 more labels."


def test_comparing_changes_no_label_until_the_requests_are_taken(tmp_path: Path) -> None:
    model = load(ranking_tower(), name="tower")
    doubtful = {name: InputLabel(role=Role.USER, confidence=0.5) for name in ("user", "item")}
    work, labels = Work(), Labels(doubtful)
    work.open(Opened(model, "compared", "tower.onnx"), propose_labels(model), labels)
    compare_requests(work, [make_request(user=False)], tmp_path)
    assert (work.labels, work.requests) == (labels, [])
    assert work.comparison is not None
    assert tell_comparison(work.comparison) == [
        "They contradict no label.",
        "They would answer 2 rows: user (R · user), item (I · item).",
    ]
    take_compared(work)
    assert work.labels is not None
    assert work.labels.inputs["item"].vouched == "request"
    assert [place.name for place in work.requests] == ["log.npz"]
    assert work.comparison is None
    assert not any(part.refuted for part in list_parts(work.labels, work.proposed))
