import csv
import dataclasses
import io
import json

import pytest

from mari_engine.errors import MariError
from mari_engine.types import Arm, BenchmarkResult, Peak, Timing

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
    peak=Peak(1e11, 1e10),
    operators={"mari": {"Gemm": 0.25}},
    source_sha256="ab",
)


def test_a_benchmark_survives_json() -> None:
    assert BenchmarkResult.from_json(json.loads(json.dumps(RESULT.to_json()))) == RESULT


def test_what_earlier_versions_did_not_write_may_be_missing() -> None:
    data = json.loads(json.dumps(RESULT.to_json()))
    for name in ("peak", "operators", "source_sha256"):
        del data[name]
    for name in ("samples", "bytes"):
        del data["timings"][0][name]
    found = BenchmarkResult.from_json(data)
    assert (found.timings[0].samples, found.timings[0].bytes) == ((), None)
    assert (found.peak, found.operators, found.source_sha256) == (None, {}, "")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 2}, "version is 2"),
        ({"timings": {}}, "'timings' must be a list"),
        ({"threads": True}, "'threads' is missing or not a whole number from 0 to 1e+21"),
        ({"threads": -1}, "'threads' is missing or not a whole number from 0 to 1e+21"),
        ({"model": None}, "'model' is missing or not a text"),
        ({"model": "m" * 301}, "a text is longer than 300 characters"),
        ({"copies_included": 1}, "'copies_included' must be true or false"),
        ({"batches": ["a"]}, "a batch is not a whole number"),
        ({"batches": [0]}, "a batch is not within 1 and 10,000,000"),
        ({"batches": []}, "'batches' must be different numbers of candidates"),
        ({"batches": [100, 100]}, "'batches' must be different numbers of candidates"),
        ({"batches": list(range(1, 66))}, "'batches' has more than 64 entries"),
        ({"batches": [500]}, "'timings' must hold each arm and batch once"),
        ({"machine": []}, "machine: must be an object"),
        ({"machine": {"cores": 2}}, "machine: 'cores' is missing or not a text"),
        ({"skipped": {str(at): "" for at in range(201)}}, "skipped: has more than 200 entries"),
        ({"timings": [{"arm": "x"}]}, "timing 0: unknown arm 'x'"),
        ({"timings": [3]}, "timing 0: must be an object"),
        ({"peak": {"flops_per_second": 1}}, "peak: 'bytes_per_second' is missing or not a number"),
        ({"operators": {"mari": {"Gemm": -1}}}, "operators: 'Gemm' is negative or too large"),
        ({"operators": {"best": {}}}, "operators: unknown arm 'best'"),
        ({"source_sha256": 5}, "'source_sha256' is missing or not a text"),
    ],
)
def test_malformed_benchmarks_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(MariError) as caught:
        BenchmarkResult.from_json(RESULT.to_json() | change)
    assert str(caught.value) == f"benchmark: {message}; measure it again"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"batch": "9"}, "a batch is not a whole number"),
        ({"p50": None}, "'p50' is missing or not a number"),
        ({"p50": float("nan")}, "'p50' is negative or too large"),
        ({"p50": 10**400}, "'p50' is negative or too large"),
        ({"p50": 0.01}, "its percentiles do not rise"),
        ({"speedup_low": 3.6}, "its percentiles do not rise"),
        ({"repetitions": 1.5}, "'repetitions' is missing or not a whole number from 0 to 1e+21"),
        ({"samples": [0.1] * 10_001}, "'samples' has more than 10000 entries"),
        ({"samples": ["0.1"]}, "'samples' is missing or not a number"),
    ],
)
def test_malformed_timings_are_refused(change: dict[str, object], message: str) -> None:
    data = RESULT.to_json()
    data["timings"] = [data["timings"][0] | change]
    with pytest.raises(MariError) as caught:
        BenchmarkResult.from_json(data)
    assert str(caught.value) == f"benchmark: timing 0: {message}; measure it again"


@pytest.mark.parametrize("text", ["", "{", b"\xff", "[" * 100_000])
def test_what_is_not_json_is_refused(text: str | bytes) -> None:
    with pytest.raises(MariError, match="is not JSON"):
        BenchmarkResult.from_text(text)


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
