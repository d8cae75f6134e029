"""Step 5: measure the original, one-shot, per-fragment and MaRI models side by side."""

from __future__ import annotations

import streamlit as st

from app.components.benchmark import choose_run, offer_elsewhere, show_results
from app.components.feedback import show_command, show_missing, show_next, show_progress
from app.components.requests import offer_requests
from app.components.review import show_review
from app.services import engine_cache, start_benchmark
from app.state import get_work
from app.views.header import bench_command
from mari_engine import Section

work = get_work()
if work.opened is None:
    show_missing(work.blocked(), page="pages/model.py", label="To the models")
else:
    st.header("Measured, not estimated", anchor=False)
    st.caption(
        "All arms take turns in one run, after a warm-up, so that a busy machine slows them alike."
        " Benchmarks of other sessions wait until yours has ended."
    )
    blocked = work.unverified()
    busy = work.benchmark is not None and work.benchmark.active
    run = choose_run(
        engine_cache.list_devices(), work.options.candidates, blocked=blocked, busy=busy
    )
    command = bench_command(
        work.opened.path, batches=run.batches, device=run.device, threads=run.threads
    )
    if run.clicked and work.result is not None:
        work.measure(
            start_benchmark(
                work.opened,
                work.result,
                batches=run.batches,
                device=run.device,
                threads=run.threads,
            )
        )
        st.rerun()
    if work.benchmark is not None:
        show_progress(work.benchmark, key="bench-cancel")
    show_results(work)
    offer_elsewhere(work, command)
    offer_requests(work)
    show_review(work, Section.BENCHMARK)
    show_next("pages/serving.py", "Serving", blocked=work.blocked())
    show_command(work.opened, command)
