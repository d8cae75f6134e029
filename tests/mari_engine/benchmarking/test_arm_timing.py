import json
from functools import partial
from pathlib import Path

import numpy as np
import onnx
import pytest

from mari_engine.benchmarking import memory_probe
from mari_engine.benchmarking.arm_timing import PreparedArm, Settings, time_arms
from mari_engine.benchmarking.peak_memory import measure_peak_memory
from mari_engine.errors import Cancelled, ExecutionError
from mari_engine.feeds import bind_feeds, make_feeds, plan_feeds
from mari_engine.graph import digest_graph
from mari_engine.loading import load
from mari_engine.runtime import profile_nodes
from mari_engine.types import Arm, Cost, Feeds, Flops, Signature
from support.arrays import f32
from support.builders import build, build_proto, ranking_tower
from support.split_pairs import LABELS, compact_pair, split_pair

QUICK = Settings(repetitions=3, memory=False)


def quiet(_share: float, _message: str) -> None:
    pass


def prepared() -> tuple[list[PreparedArm], dict[int, Feeds]]:
    pair = split_pair()
    plan = plan_feeds(pair.original, LABELS)
    return (
        [
            PreparedArm(Arm.ORIGINAL, pair.original, dict, Cost(Flops(0, 70), Flops(8, 4), {})),
            PreparedArm(Arm.MARI, pair.optimized, dict, Cost(Flops(40, 30), Flops(), {})),
        ],
        {batch: plan.draw(batch=batch, seed=0) for batch in (2, 50)},
    )


def test_every_arm_is_timed_at_every_batch() -> None:
    arms, requests = prepared()
    timings = time_arms(arms, requests, QUICK, quiet)
    assert [(timing.arm, timing.batch) for timing in timings] == [
        (Arm.ORIGINAL, 2), (Arm.MARI, 2), (Arm.ORIGINAL, 50), (Arm.MARI, 50),
    ]  # fmt: skip
    assert [timing.flops for timing in timings] == [140, 100, 3500, 1540]
    assert [timing.bytes for timing in timings] == [16, 0, 208, 0]
    for timing in timings:
        assert timing.repetitions == len(timing.samples) == 3
        assert 0 < timing.p50 <= timing.p90 <= timing.p99
        assert timing.candidates_per_second == timing.batch / timing.p50
    assert all(t.speedup == 1.0 for t in timings if t.arm == Arm.ORIGINAL)


def test_compact_arms_are_bound_by_their_interface() -> None:
    pair = compact_pair()
    assert pair.interface is not None
    bind = partial(bind_feeds, interface=pair.interface, signature=Signature.COMPACT)
    arms = [
        PreparedArm(Arm.ORIGINAL, pair.original, dict, Cost(Flops(), Flops(), {})),
        PreparedArm(Arm.MARI, pair.optimized, bind, Cost(Flops(), Flops(), {})),
    ]
    x = np.ones((4, 7), np.float32)
    assert len(time_arms(arms, {4: {"x": x}}, QUICK, quiet)) == 2


def test_texts_are_timed_without_binding() -> None:
    model = load(build("y = Identity (x)", inputs="string[N] x", outputs="string[N] y"))
    feeds = {"x": np.array(["a", "b"], object)}
    (timing,) = time_arms(
        [PreparedArm(Arm.ORIGINAL, model, dict, Cost(Flops(), Flops(), {}))],
        {2: feeds},
        QUICK,
        quiet,
    )
    assert timing.p50 > 0


def test_progress_rises_and_may_cancel() -> None:
    arms, requests = prepared()
    shares: list[float] = []
    time_arms(arms, requests, Settings(repetitions=3), lambda share, _: shares.append(share))
    assert shares == sorted(shares)
    assert shares[0] == 0.0
    assert shares[-1] < 1.0

    def stop(share: float, message: str) -> None:
        if share > 0.3:
            raise Cancelled(message)

    with pytest.raises(Cancelled, match="timing 50 candidates"):
        time_arms(arms, requests, QUICK, stop)


def test_an_arm_that_cannot_be_loaded_is_named() -> None:
    arms, requests = prepared()
    with pytest.raises(ExecutionError, match=r"^arm original: device 'abacus' is unknown"):
        time_arms(arms, requests, Settings(device="abacus"), quiet)


def test_peak_memory_grows_with_the_request() -> None:
    model = load(ranking_tower(user=40, item=30, hidden=500))
    requests = [make_feeds(model, LABELS, batch=batch, seed=0) for batch in (1, 20_000)]
    peaks = measure_peak_memory(model, requests, threads=1)
    assert peaks is not None
    small, large = peaks
    assert small > 0
    assert large - small > 20_000 * 500 * 4


def test_peak_memory_is_of_the_session_alone() -> None:
    """A parent that is large does not show in its child's peak."""
    ballast = np.ones(40_000_000, np.float32)
    model = load(ranking_tower())
    peaks = measure_peak_memory(model, [make_feeds(model, LABELS, batch=1, seed=0)], threads=1)
    assert peaks is not None
    assert peaks[0] < ballast.nbytes / 2


def test_memory_is_unknown_where_it_cannot_be_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mari_engine.benchmarking.peak_memory.sys.executable", "/nowhere/python")
    assert measure_peak_memory(load(ranking_tower()), [], threads=1) is None


def test_mapped_tables_count_by_touched_pages(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    table = np.ones((100_000, 64), np.float32)
    proto = build_proto(
        "y = Gather (T, file)",
        inputs="int64[N] file",
        outputs="float[N, 64] y",
        weights={"T": table},
    )
    onnx.save(proto, path, save_as_external_data=True, location="m.data")
    peaks = measure_peak_memory(load(path), [{"file": np.array([1, 2])}], threads=1)
    assert peaks is not None
    assert peaks[0] < table.nbytes


def test_the_probe_prints_what_it_returns(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(ranking_tower())
    settings = {"names": [["user", "item"]], "threads": 1, "entries": {}}
    (tmp_path / "settings.json").write_text(json.dumps(settings))
    arrays = {"input0": np.ones((2, 4), np.float32), "input1": np.ones((2, 3), np.float32)}
    np.savez(tmp_path / "0.npz", allow_pickle=False, **arrays)
    assert len(memory_probe.probe(tmp_path)) == 1


def test_profiles_name_the_models_own_nodes() -> None:
    model = load(ranking_tower())
    feeds = make_feeds(model, LABELS, batch=500, seed=0)
    times = profile_nodes(model, feeds, runs=5)
    assert set(times) == {node.name for node in model.ir.graph}
    assert all(0 <= seconds < 1 for seconds in times.values())
    assert sum(times.values()) > 0


def test_digests_see_weights_and_wiring_but_no_names() -> None:
    def digest(body: str, weight: float = 1.0, output: str = "y") -> str:
        data = build(
            body,
            inputs="float[N, 2] a, float[N, 2] b",
            outputs=f"float[N, 2] {output}",
            weights={"w": f32([weight, 2])},
        )
        return digest_graph(load(data))

    same = digest("t = Sub (a, w) y = Sub (t, b)")
    assert digest("other = Sub (a, w) z = Sub (other, b)", output="z") == same
    assert digest("t = Sub (a, w) y = Sub (t, b)", weight=1.5) != same
    assert digest("t = Sub (a, w) y = Sub (b, t)") != same
    assert digest("t = Add (a, w) y = Sub (t, b)") != same
    assert digest("t = Elu <alpha = 2.0> (a) y = Sub (t, b)") != digest(
        "t = Elu <alpha = 3.0> (a) y = Sub (t, b)"
    )
