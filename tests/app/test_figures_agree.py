"""All outputs of one run tell the same figures: app, reports, manifest and command line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

import mari_engine as mari
from app.session import Opened, Options, Work
from mari_engine.__main__ import run
from mari_engine.commands.tables import show_benchmark
from sample_models import labels_path, sample_path
from support.app_visits import ended, visit
from support.handmade_results import make_benchmark
from support.in_process import in_this_process  # noqa: F401 - a fixture for all here
from support.told_figures import Told, read_told, told_by_manifest

SAMPLE = "mmoe_interleaved"
CANDIDATES = 300
"""No number that anything takes by itself."""
NEEDED = {
    "terminal": ("speedups", "work", "candidates", "checked"),
    "report.html": ("speedups", "work", "fewer", "candidates", "actions"),
    "report.md": ("speedups", "work", "candidates", "checked"),
    "graph": ("speedups", "work"),
    "layout": ("fewer", "candidates"),
    "download": ("speedups", "work", "checked"),
}
"""By output: the kinds of figures that it tells at least."""


@pytest.fixture(params=[False, True], ids=["expected", "timed"])
def result(request: pytest.FixtureRequest) -> mari.OptimizeResult:
    model = mari.load(sample_path(SAMPLE))
    labels = mari.Labels.load(labels_path(SAMPLE))
    return mari.optimize(model, labels, candidates=CANDIDATES, autotune=request.param)


def run_commands(
    result: mari.OptimizeResult,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> dict[str, str]:
    """Return what the commands print and write of a result, which `mari optimize` is given."""
    monkeypatch.setattr(mari, "optimize", lambda *_args, **_options: result)
    place, labels = folder / "out", str(labels_path(SAMPLE))
    capsys.readouterr()
    assert (
        run(["optimize", str(sample_path(SAMPLE)), "--labels", labels, "-o", str(place), "-v"]) == 0
    )
    told = {"terminal": capsys.readouterr().out}
    for name in ("report.html", "report.md"):
        assert run(["report", str(place), "-o", str(folder / name)]) == 0
        told[name] = (folder / name).read_text(encoding="utf-8")
    return told


def visit_pages(result: mari.OptimizeResult) -> dict[str, str]:
    """Return what pages of the app show of a result."""
    work = Work()
    work.open(Opened(result.original, "key", f"{SAMPLE}.onnx"), result.labels)
    options = Options(candidates=CANDIDATES)
    work.confirm(options, ended(lambda progress: result), result.labels, "Ada")
    pages = ["download"] if result.autotune else ["graph", "layout", "download"]
    return {page: shown(page, work) for page in pages}


def shown(page: str, work: Work) -> str:
    app = visit(page, work)
    kinds = [app.markdown, app.caption, app.success]
    texts = [element.value for kind in kinds for element in kind]
    return "\n".join([*texts, *(f"{one.label}: {one.value}" for one in app.metric)])


def differing(outputs: Mapping[str, str], told: Told) -> dict[str, object]:
    """Return by output what it tells that the files do not hold, and what it leaves out."""
    found: dict[str, object] = {}
    for name, text in outputs.items():
        figures = read_told(text)
        missing = [kind for kind in NEEDED[name] if not getattr(figures, kind)]
        if missing or figures.beyond(told):
            found[name] = (missing, figures.beyond(told))
    return found


def test_all_outputs_of_one_run_tell_the_same_figures(
    result: mari.OptimizeResult,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    outputs = run_commands(result, tmp_path, capsys, monkeypatch) | visit_pages(result)
    files = [
        json.loads((tmp_path / "out" / name).read_text(encoding="utf-8"))
        for name in ("manifest.json", "certificate.json")
    ]
    told = told_by_manifest(*files)
    assert differing(outputs, told) == {}
    assert bool(told.noise) == result.autotune
    for name in ("terminal", "report.html", "report.md", "download"):
        assert read_told(outputs[name]).noise == told.noise, name
    (speedup,) = told.speedups
    for (
        name,
        text,
    ) in outputs.items():  # the comparison can fail: one figure of an output is changed
        other = text.replace(speedup, "9.87×")
        assert (differing({name: other}, told) == {}) == (speedup not in text)


def test_a_benchmark_is_told_with_the_same_figures_everywhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    model, labels = mari.load(sample_path(SAMPLE)), mari.Labels.load(labels_path(SAMPLE))
    result = mari.optimize(model, labels, candidates=CANDIDATES, autotune=False)
    measured = make_benchmark((100, CANDIDATES, 2000), source_sha256=model.sha256)
    timings = [
        replace(each, speedup=ratio, speedup_low=ratio * 0.7, speedup_high=ratio * 1.4)
        for each in measured.timings
        for ratio in [each.speedup * each.batch**0.3]
    ]
    measured = replace(measured, timings=tuple(timings))
    own = measured.nearest(mari.Arm.MARI, CANDIDATES)
    assert own is not None
    assert own.batch == CANDIDATES
    ratio = mari.format_times(own.speedup)
    band = mari.format_band(own.speedup_low, own.speedup_high)
    (tmp_path / "bench.json").write_text(json.dumps(measured.to_json()), encoding="utf-8")
    run_commands(result, tmp_path, capsys, monkeypatch)
    show_benchmark(measured)
    outputs = {"terminal": capsys.readouterr().out}
    for name in ("with.html", "with.md"):
        given = ["--benchmark", str(tmp_path / "bench.json")]
        assert run(["report", str(tmp_path / "out"), *given, "-o", str(tmp_path / name)]) == 0
        outputs[name] = (tmp_path / name).read_text(encoding="utf-8")
    work = Work()
    work.open(Opened(model, "key", f"{SAMPLE}.onnx"), labels)
    work.confirm(Options(candidates=CANDIDATES), ended(lambda progress: result), labels, "Ada")
    work.measure(ended(lambda progress: measured))
    outputs["benchmark"] = shown("benchmark", work)
    for name, text in outputs.items():
        assert ratio in text, name
        assert band in text, name
    assert f"Speedup, measured: {ratio}" in outputs["benchmark"]
    assert f"Measured speedup at {CANDIDATES} candidates" in outputs["with.html"]
