"""MLCommons' load generator, and a pool of threads that answers what it sends.

Its Server scenario sends requests at Poisson arrivals, and counts the latency of each from when it
was scheduled, so that what waits behind a slow one is slow too (no coordinated omission).
https://github.com/mlcommons/inference/tree/master/loadgen
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from typing import Any

Answer = Callable[[int], None]
"""Answers the request of this number, and returns when it is answered."""
Arrived = Callable[[float], None]
_DETAIL = "mlperf_log_detail.txt"
_ENTRY = ":::MLLOG "
_SEEDS = (0x5EED, 0xCAFE, 0xF00D)
"""Of requests, schedule and choice: the same for all runs, so that arms meet the same arrivals."""


@dataclass(frozen=True)
class Load:
    """What one run sends."""

    rate: float
    """Requests a second, on average."""
    queries: int
    """How many requests."""
    bound: float
    """Seconds below which 99% of the latencies are to lie."""
    longest: float
    """Seconds after which no more are sent."""
    workers: int
    """Threads that answer."""


def generate_load(
    answer: Answer, requests: int, load: Load, arrived: Arrived = lambda _seconds: None
) -> Mapping[str, Any]:
    """Send a load, of `requests` different ones, and return what the generator says of it.

    Beside its own results it holds `processor_seconds`, the time of all threads of this process.
    `arrived` is told when each request is sent, in seconds of no known beginning.
    Raises what `answer` raised first, and ImportError without the load generator.
    """
    import mlperf_loadgen as generator

    pool = _Pool(answer, load.workers, generator)

    def issue(samples: Sequence[Any]) -> None:
        for _ in samples:
            arrived(time.perf_counter())
        pool.take(samples)

    began = time.process_time()
    with TemporaryDirectory(prefix="mari-load-") as folder:
        server = generator.ConstructSUT(issue, lambda: None)
        library = generator.ConstructQSL(requests, requests, lambda _: None, lambda _: None)
        try:
            generator.StartTestWithLogSettings(
                server, library, _settings(generator, load), _logs(generator, folder)
            )
        finally:
            pool.end()
            generator.DestroyQSL(library)
            generator.DestroySUT(server)
        found = read_results((Path(folder) / _DETAIL).read_text(encoding="utf-8"))
    pool.check()
    return {**found, "processor_seconds": time.process_time() - began}


class NativeServer:
    """A session that answers requests which lie beside it.

    A load takes longer than a call may, so it is started by one and waited for by others.
    """

    def __init__(self, raw: Any, requests: Sequence[Mapping[str, Any]]) -> None:
        self._raw, self._requests = raw, requests
        self._running: Future[Mapping[str, Any]] | None = None

    def warm_up(self, runs: int = 3) -> float:
        """Run each request some times, the last ones timed; return the mean seconds of one."""
        for index in range(len(self._requests)):
            for _ in range(runs):
                self._answer(index)
        began = time.perf_counter()
        for index in range(len(self._requests)):
            self._answer(index)
        return (time.perf_counter() - began) / len(self._requests)

    def start(self, *load: Any) -> None:
        """Begin to send a Load, given by its fields."""
        running: Future[Mapping[str, Any]] = Future()
        self._running = running

        def send() -> None:
            try:
                found = generate_load(self._answer, len(self._requests), Load(*load))
                running.set_result(found)
            except Exception as error:
                running.set_exception(error)

        threading.Thread(target=send, daemon=True).start()

    def wait(self, seconds: float) -> Mapping[str, Any] | None:
        """Return what `generate_load` returned or raise what it raised; None after so long."""
        assert self._running is not None
        try:
            return self._running.result(seconds)
        except TimeoutError:
            return None

    def _answer(self, index: int) -> None:
        self._raw.run(None, self._requests[index])


def read_results(log: str) -> dict[str, Any]:
    """Return the results that stand in a detailed log, by name."""
    entries = [json.loads(line.partition(_ENTRY)[2]) for line in log.splitlines() if _ENTRY in line]
    results = ("result_", "early_stopping_met", "loadgen_version")
    return {each["key"]: each["value"] for each in entries if each["key"].startswith(results)}


class _Pool:
    """Threads that take requests in order of arrival."""

    def __init__(self, answer: Answer, workers: int, generator: Any) -> None:
        self._answer, self._generator = answer, generator
        self._queue: SimpleQueue[Any] = SimpleQueue()
        self._failures: list[Exception] = []
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(workers)]
        for thread in self._threads:
            thread.start()

    def take(self, samples: Sequence[Any]) -> None:
        """Queue requests; returns at once."""
        for sample in samples:
            self._queue.put((sample.id, sample.index))

    def end(self) -> None:
        """Let the threads end, and wait for that."""
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join()

    def check(self) -> None:
        """Raise what failed first."""
        if self._failures:
            raise self._failures[0]

    def _work(self) -> None:
        while (taken := self._queue.get()) is not None:
            number, index = taken
            if not self._failures:
                try:
                    self._answer(index)
                except Exception as error:  # told when all are answered: the generator waits
                    self._failures.append(error)
            response = self._generator.QuerySampleResponse(number, 0, 0)
            self._generator.QuerySamplesComplete([response])


def _settings(generator: Any, load: Load) -> Any:
    settings = generator.TestSettings()
    settings.scenario = generator.TestScenario.Server
    settings.mode = generator.TestMode.PerformanceOnly
    settings.server_target_qps = load.rate
    settings.server_target_latency_ns = int(load.bound * 1e9)
    settings.server_target_latency_percentile = 0.99
    settings.min_query_count = load.queries
    settings.min_duration_ms = 0
    settings.max_duration_ms = int(load.longest * 1e3)
    settings.qsl_rng_seed, settings.schedule_rng_seed, settings.sample_index_rng_seed = _SEEDS
    return settings


def _logs(generator: Any, folder: str) -> Any:
    output = generator.LogOutputSettings()
    output.outdir = folder
    output.copy_summary_to_stdout = False
    settings = generator.LogSettings()
    settings.log_output = output
    settings.enable_trace = False
    return settings
