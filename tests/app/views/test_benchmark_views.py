from dataclasses import replace
from math import isclose

import pytest

from app.views.benchmark import (
    doubt,
    machine_rows,
    machines_figure,
    name_machine,
    operators_figure,
    roofline_figure,
)
from app.views.benchmark.operators import MOST
from mari_engine import Peak
from support.handmade_results import make_benchmark, make_plan

PEAK = Peak(1e11, 1e10)
HOSTILE = "<img src=x onerror=1>"


def test_arms_stand_below_the_roof_where_they_were_measured() -> None:
    timings = tuple(replace(one, bytes=one.flops // 4) for one in make_benchmark().timings)
    figure = roofline_figure(make_benchmark(timings=timings), PEAK)
    roof, *arms = figure.data
    assert roof.x[1] == 10
    assert list(roof.y[1:]) == [1e11, 1e11]
    assert isclose(roof.y[0], roof.x[0] * 1e10)
    assert [trace.name for trace in arms] == ["original", "one-shot", "per fragment", "MaRI"]
    first = timings[0]
    assert arms[0].x[0] == first.flops / (first.flops // 4)
    assert arms[0].y[0] == first.flops / first.p50
    reached = first.flops / first.p50 / min(1e11, arms[0].x[0] * 1e10)
    assert f"{reached:.0%} of what its 4 FLOPs a byte allow" in arms[0].customdata[0]


def test_what_counts_no_bytes_has_no_place_below_a_roof() -> None:
    assert len(roofline_figure(make_benchmark(), PEAK).data) == 1


def test_operators_are_ordered_by_their_time_in_either_model() -> None:
    many = {f"Op{at}": 1e-5 for at in range(MOST)}
    times = {"original": {"Concat": 2e-3, **many}, "mari": {"Gemm": 3e-3}}
    mari, original = operators_figure(make_benchmark(operators=times)).data
    assert list(mari.y)[::-1][:3] == ["Gemm", "Concat", "Op0"]
    assert mari.y[0] == "2 others"
    assert list(original.x)[::-1][:2] == [0, 2]
    assert list(mari.text)[::-1][:2] == ["3 ms", "none"]


def test_an_operators_name_is_no_markup() -> None:
    found = operators_figure(make_benchmark(operators={"mari": {HOSTILE: 1.0}}))
    assert "<" not in str(found.data[0].y)


def test_machines_stand_side_by_side_each_with_its_name() -> None:
    there = make_benchmark((500,), machine={"processor": f"Chip {HOSTILE}"}, device="cuda")
    named = [
        (name_machine(make_benchmark(), elsewhere=False), make_benchmark()),
        (name_machine(there, elsewhere=True), there),
    ]
    assert named[0][0] == "a test, cpu, 1 thread (this server)"
    assert named[1][0].endswith(", cuda, 1 thread (measured elsewhere)")
    figure = machines_figure(named)
    assert "<" not in figure.data[1].name
    assert list(figure.data[0].x) == ["100", "500", "2,000"]
    assert list(figure.data[1].y) == [4.0]
    rows = machine_rows(named)
    assert [(row["candidates"], row["speedup"]) for row in rows] == [
        (100, 4.0), (500, 4.0), (2000, 4.0), (500, 4.0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("timings", "says"),
    [
        ((), "holds no measurement of MaRI"),
        ([replace(make_benchmark().timings[3], flops=5)], "counts 5 FLOP at 100 candidates, this"),
        ([replace(make_benchmark().timings[3], flops=500_000 + 300_000 * 100)], ""),
    ],
)
def test_a_benchmark_of_another_rewrite_is_doubted(timings: tuple[object], says: str) -> None:
    found = doubt(make_benchmark(timings=tuple(timings)), make_plan())
    assert says in found
    assert bool(says) == bool(found)
