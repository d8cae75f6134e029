"""A capacity is measured on real models, with a bound that nothing here misses."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError

import pytest

import mari_engine as mari
from mari_engine.serving.capacity import measurement
from mari_engine.types import Arm, InputLabel, Labels, LoadStage, Role
from support.builders import ranking_tower
from support.short_loads import STEPS, short_loads  # noqa: F401 - the latter is a fixture

LABELS = Labels({"user": InputLabel(role=Role.USER), "item": InputLabel(role=Role.ITEM)})
GENEROUS = 60.0
"""Seconds: the bound of a p99 that only a machine at a standstill misses."""


@pytest.mark.usefixtures("short_loads")
def test_both_models_are_searched_and_compared() -> None:
    pytest.importorskip("mlperf_loadgen")
    model = mari.load(ranking_tower(user=64, item=16, hidden=32))
    plan = mari.plan(model, LABELS, signature="compact")
    found = mari.measure_capacity(model, plan, p99=GENEROUS, candidates=(2, 30), workers=1)
    assert [each.arm for each in found.capacities] == [Arm.ORIGINAL, Arm.MARI]
    for each in found.capacities:
        assert each.rate == pytest.approx(each.saturation * (1 - 0.5**STEPS), rel=1e-9)
        assert each.core_seconds is not None
        assert each.core_seconds > 0
    assert {run.stage for run in found.runs} == set(LoadStage)
    assert all(run.met for run in found.runs if run.stage != LoadStage.SATURATION)
    assert mari.LoadResult.from_json(found.to_json()) == found
    assert (found.candidates, found.source_sha256) == ((2, 30), model.sha256)


def test_requests_are_of_the_sizes_as_often_as_they_occur() -> None:
    model = mari.load(ranking_tower())
    drawn = measurement._draw(model, LABELS, (9, 1, 1, 1), seed=0)
    sizes = [len(request["item"]) for request in drawn]
    assert (min(sizes), max(sizes)) == (1, 9)
    assert sizes.count(1) > 3 * sizes.count(9)


def test_without_the_load_generator_it_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(measurement, "version", missing)
    model = mari.load(ranking_tower())
    with pytest.raises(mari.ExecutionError, match=r"pip install 'mari-studio\[load\]'"):
        mari.measure_capacity(model, mari.plan(model, LABELS), p99=1.0)
