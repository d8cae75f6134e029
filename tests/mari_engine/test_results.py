import csv
import dataclasses
import io
import json

import pytest

from mari_engine.errors import MariError
from mari_engine.results import Arm, BenchmarkResult, Timing

TIMING = Timing(
    arm=Arm.MARI,
    batch=100,
    p50=0.001,
    p90=0.002,
    p99=0.003,
    mean=0.0015,
    repetitions=3,
    candidates_per_second=1e5,
    speedup=3.5,
    speedup_low=3.0,
    speedup_high=4.0,
    peak_memory=1000,
    flops=12,
    samples=(0.001, 0.002, 0.003),
)
RESULT = BenchmarkResult(
    device="cpu",
    threads=1,
    batches=(100, 500),
    timings=(TIMING, dataclasses.replace(TIMING, arm=Arm.ORIGINAL, peak_memory=None)),
    machine={"cores": "2"},
    model="tower",
    seed=0,
    copies_included=False,
    skipped={"per-fragment": "the same graph as mari"},
)


def test_a_benchmark_survives_json() -> None:
    assert BenchmarkResult.from_json(json.loads(json.dumps(RESULT.to_json()))) == RESULT


def test_samples_may_be_left_out() -> None:
    data = json.loads(json.dumps(RESULT.to_json()))
    del data["timings"][0]["samples"]
    assert BenchmarkResult.from_json(data).timings[0].samples == ()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 2}, "benchmark: version is 2; measure it again"),
        ({"timings": {}}, "benchmark: 'timings' must be a list; measure it again"),
        ({"threads": True}, "benchmark: 'threads' is missing or malformed; measure it again"),
        ({"model": None}, "benchmark: 'model' is missing or malformed; measure it again"),
        ({"batches": ["a"]}, "benchmark: 'batches' must hold numbers; measure it again"),
        ({"machine": []}, "benchmark: machine: must be an object; measure it again"),
        ({"timings": [{"arm": "x"}]}, "benchmark: timing 0: unknown arm 'x'; measure it again"),
        ({"timings": [3]}, "benchmark: timing 0: must be an object; measure it again"),
        (
            {"timings": [{"arm": "mari", "batch": "9"}]},
            "benchmark: timing 0: 'batch' is missing or malformed; measure it again",
        ),
    ],
)
def test_malformed_benchmarks_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(MariError) as caught:
        BenchmarkResult.from_json(RESULT.to_json() | change)
    assert str(caught.value) == message


def test_a_benchmark_is_a_table() -> None:
    rows = list(csv.DictReader(io.StringIO(RESULT.to_csv())))
    assert [row["arm"] for row in rows] == ["mari", "original"]
    assert [row["peak_memory"] for row in rows] == ["1000", ""]
    assert (rows[0]["model"], rows[0]["p50"], rows[0]["speedup"]) == ("tower", "0.001", "3.5")
    assert "samples" not in rows[0]


def test_a_models_name_is_no_formula() -> None:
    named = dataclasses.replace(RESULT, model='=HYPERLINK("x"),"')
    (row, _) = csv.DictReader(io.StringIO(named.to_csv()))
    assert row["model"] == """'=HYPERLINK("x"),\""""
