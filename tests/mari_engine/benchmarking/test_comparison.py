import json
from functools import partial

import numpy as np
import pytest

from mari_engine.benchmarking import benchmark
from mari_engine.errors import Cancelled, ExecutionError
from mari_engine.loading import load
from mari_engine.pipeline import plan
from mari_engine.plan_types import Plan
from mari_engine.types import Arm, BenchmarkResult, Column, InputLabel, Labels, Role
from support.builders import build, ranking_tower
from support.split_pairs import LABELS

time_quickly = partial(benchmark, repetitions=3, memory=False)


def tower() -> Plan:
    return plan(load(ranking_tower(user=64, item=16, hidden=64), name="tower"), LABELS)


def fragmented() -> Plan:
    """Return a packed tower whose user and item columns alternate."""
    rng = np.random.default_rng(0)
    model = build(
        "h = MatMul (x, W) a = Relu (h) y = MatMul (a, V)",
        inputs="float[N, 64] x",
        outputs="float[N, 1] y",
        weights={
            "W": rng.standard_normal((64, 128)).astype(np.float32),
            "V": rng.standard_normal((128, 1)).astype(np.float32),
        },
    )
    columns = tuple(
        Column(start=at, stop=at + 8, role=Role.ITEM if at % 16 else Role.USER)
        for at in range(0, 64, 8)
    )
    return plan(load(model, name="packed"), Labels({"x": InputLabel(columns=columns)}))


def test_the_arms_are_timed_on_the_same_requests() -> None:
    found = tower()
    result = time_quickly(found.original, found, batches=(4, 9, 4), seed=3)
    assert (result.model, result.device, result.seed) == ("tower", "cpu", 3)
    assert result.batches == (4, 9)
    assert not result.copies_included
    assert result.machine["onnxruntime"]
    arms = [timing.arm for timing in result.timings if timing.batch == 4]
    assert arms == [Arm.ORIGINAL, Arm.ONE_SHOT, Arm.MARI]
    assert result.skipped == {Arm.FRAGMENTS: "the same graph as mari"}
    mari, original = (result.timing(arm, 9) for arm in (Arm.MARI, Arm.ORIGINAL))
    assert mari is not None
    assert original is not None
    assert mari.flops == found.flops.after.flops.at(9) < original.flops


def test_a_fragmented_layout_has_an_arm_of_its_own() -> None:
    found = fragmented()
    result = time_quickly(found.original, found, batches=(4,))
    assert Arm.FRAGMENTS in {timing.arm for timing in result.timings}


@pytest.mark.parametrize("signature", ["drop-in", "compact"])
def test_both_signatures_are_fed(signature: str) -> None:
    found = fragmented()
    again = plan(found.original, found.labels, signature=signature)
    result = time_quickly(found.original, again, batches=(4,), arms=(Arm.MARI,))
    assert [timing.arm for timing in result.timings] == [Arm.ORIGINAL, Arm.MARI]


def test_a_model_with_nothing_to_gain_is_still_timed_against_itself() -> None:
    labels = Labels({name: InputLabel(role=Role.ITEM) for name in ("user", "item")})
    found = plan(load(ranking_tower()), labels)
    result = time_quickly(found.original, found, batches=(4,))
    assert [timing.arm for timing in result.timings] == [Arm.ORIGINAL, Arm.MARI]
    assert set(result.skipped) == {Arm.ONE_SHOT, Arm.FRAGMENTS}


def test_peak_memory_is_measured_when_asked_for() -> None:
    found = tower()
    result = benchmark(found.original, found, batches=(4,), arms=(), repetitions=3)
    (timing,) = result.timings
    assert timing.peak_memory is not None
    assert timing.peak_memory > 0


def test_a_fixed_batch_is_the_only_one() -> None:
    shape = "float[2, 3]"
    model = load(
        build("y = Add (user, item)", inputs=f"{shape} user, {shape} item", outputs=f"{shape} y")
    )
    result = time_quickly(model, plan(model, LABELS), batches=(100, 500))
    assert result.batches == (2,)


def test_insight_tells_operators_and_the_machines_peak() -> None:
    found = tower()
    plain, deep = (
        time_quickly(found.original, found, batches=(4, 9), insight=insight)
        for insight in (False, True)
    )
    assert (plain.peak, plain.operators) == (None, {})
    assert set(deep.operators) == {Arm.ORIGINAL, Arm.MARI}
    assert "Concat" in deep.operators[Arm.ORIGINAL]
    assert all(taken > 0 for times in deep.operators.values() for taken in times.values())
    assert deep.peak is not None
    assert deep.peak.flops_per_second > 0
    assert deep.peak.bytes_per_second > 0
    mari, original = (deep.timing(arm, 9) for arm in (Arm.MARI, Arm.ORIGINAL))
    assert mari is not None
    assert original is not None
    assert mari.bytes == found.flops.after.bytes.at(9)
    assert original.bytes == found.flops.before.bytes.at(9)
    assert deep.source_sha256 == found.original.sha256


def test_the_result_survives_json() -> None:
    found = tower()
    result = time_quickly(found.original, found, batches=(4,))
    assert BenchmarkResult.from_json(json.loads(json.dumps(result.to_json()))) == result


def test_progress_rises_to_one_and_may_cancel() -> None:
    found = tower()
    shares: list[float] = []
    time_quickly(found.original, found, batches=(4, 9), progress=lambda s, _: shares.append(s))
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)

    def stop(_share: float, message: str) -> None:
        if message.startswith("timing"):
            raise Cancelled(message)

    with pytest.raises(Cancelled, match="timing 4 candidates"):
        time_quickly(found.original, found, batches=(4,), progress=stop)


def test_an_absent_device_is_refused_before_anything_is_built() -> None:
    found = tower()
    with pytest.raises(ExecutionError, match="device 'abacus' is unknown"):
        benchmark(found.original, found, device="abacus")
