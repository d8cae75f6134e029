"""The paper on formats names every field that is written."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import mari_engine as mari
from app.session.session_file import Session
from app.views.layout import order_json
from mari_engine.__main__ import run
from mari_engine.artifact import FIELDS
from mari_engine.commands.documents import inspection
from mari_engine.fuzzing import Examination, Examined, Failure, Outcome, Tally, case_of
from mari_engine.types import Structure, StructureConstant, StructureNode
from sample_models import labels_path, sample_path
from support.item_stores import catalogue_columns, write_catalogue, write_offloaded
from support.store_writes import write_store

PAPER = Path(__file__).parents[1] / "mari_engine" / "artifact" / "README.md"
TYPES: Mapping[str, tuple[type, ...]] = {
    "labels.json": (mari.InputLabel, mari.Column),
    "manifest.json": (
        mari.Decision, mari.Selection, mari.Trial, mari.Speedup, mari.BreakEven, mari.Segment,
        mari.Flops, mari.OutputBinding, mari.CutPoint, mari.Frontier,
    ),
    "certificate.json": (
        mari.Certificate, mari.Check, mari.Coverage, mari.MissedBranch, mari.OutputError,
        mari.ErrorBound,
    ),
    "structure.json": (Structure, StructureNode, StructureConstant),
    "Load": (mari.LoadResult, mari.LoadRun, mari.Capacity),
    "Difference": (mari.Difference, mari.Change, mari.WeightDifference, mari.WeightChange),
    "review.json": (mari.Review, mari.Note, mari.Turn, mari.SignOff, mari.Stamp),
    "Inspection": (
        mari.ValueColor, mari.FusionLayout, mari.Measurement, mari.ProductMeasure,
        mari.OperandMeasure, mari.TimeMeasure, mari.NodeTime, mari.LabelFinding,
    ),
    "Benchmark": (mari.BenchmarkResult, mari.Timing, mari.Peak),
    "Session file": (Session,),
}  # fmt: skip
"""By section: the nouns whose fields are keys of its document."""


def section(title: str) -> str:
    parts = PAPER.read_text(encoding="utf-8").split(f"\n## {title}\n")
    assert len(parts) == 2
    return parts[1].split("\n## ")[0]


def named_in(text: str) -> set[str]:
    """Return the names that a text has in backticks or, in an example, in quotes."""
    return set(re.findall(r"[`\"]([a-z_0-9]+)[`\"]", text))


def keys(document: Any) -> set[str]:
    """Return the names of a document's own fields, and of those of its objects one level down."""
    below = [one for one in document.values() if isinstance(one, dict)]
    return set(document).union(*below)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, mari.OptimizeResult]:
    folder = tmp_path_factory.mktemp("saved")
    name = "wide_deep_packed"
    model, labels = mari.load(sample_path(name)), mari.Labels.load(labels_path(name))
    result = mari.optimize(model, labels, signature="compact", autotune=False)
    result.save(folder)
    return folder, result


@pytest.mark.parametrize("title", TYPES)
def test_fields_of_nouns_are_named(title: str) -> None:
    fields = {each.name for kind in TYPES[title] for each in dataclasses.fields(kind)}
    assert not fields - named_in(
        PAPER.read_text(encoding="utf-8").split("\n## ")[0] + section(title)
    )


def test_files_of_the_artifact_are_named(saved: tuple[Path, mari.OptimizeResult]) -> None:
    folder, _ = saved
    first = PAPER.read_text(encoding="utf-8").split("\n## ")[0]
    assert all(f"`{path.name}`" in first for path in folder.iterdir())


def test_fields_of_the_manifest_are_named(saved: tuple[Path, mari.OptimizeResult]) -> None:
    folder, _ = saved
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert not keys(manifest) - named_in(section("manifest.json")) - {"version"}
    assert not keys(manifest["inputs"][0]) - named_in(section("manifest.json"))


def test_fields_of_the_saved_certificate_are_named(
    saved: tuple[Path, mari.OptimizeResult],
) -> None:
    folder, _ = saved
    certificate = json.loads((folder / "certificate.json").read_text(encoding="utf-8"))
    assert not set(certificate) - named_in(section("certificate.json")) - {"version"}


def test_fields_of_an_inspection_are_named(saved: tuple[Path, mari.OptimizeResult]) -> None:
    document = inspection(saved[1])
    fields = set(document) | set(document["model"]) | set(document["flops"])
    assert not fields - named_in(section("Inspection")) - {"version"}


def test_fields_of_conditions_are_named() -> None:
    told = section("manifest.json").split("### Conditions")[1]
    assert set(FIELDS) <= named_in(told)


def test_fields_of_fuzzing_are_named() -> None:
    case = case_of(0)
    found = Examination(Outcome.WRONG)
    tally = Tally(0, 1)
    tally.add(Examined(0, found, Failure(0, found, case, found)))
    document = tally.to_json()
    fields = {*document, *document["failures"][0], *document["failures"][0]["nodes"]}
    assert not fields - named_in(section("Fuzzing")) - {"version"}


def test_fields_of_an_input_order_are_named(saved: tuple[Path, mari.OptimizeResult]) -> None:
    result = saved[1]
    document = json.loads(order_json(result.interface, result.labels, result.signature))
    first = document["inputs"][0]
    fields = {*document, *first, *first["features"][0]}
    assert not fields - named_in(section("input_order.json")) - {"version"}


def test_fields_of_an_item_store_are_named(tmp_path: Path) -> None:
    write_offloaded(tmp_path / "offloaded")
    written = write_store(tmp_path, catalogue_columns())
    document = json.loads((written.folder / "store.json").read_text(encoding="utf-8"))
    files, first = document.pop("files"), document["outputs"][0]
    fields = {*keys(document), *first, *files["items.arrow"], "files"}
    assert not fields - named_in(section("Item store")) - {"version"}
    assert all(f"`{name}`" in section("Item store") for name in files)


def test_fields_of_what_was_stored_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARI_ISOLATION", "off")
    folder = write_offloaded(tmp_path / "offloaded")
    catalogue = write_catalogue(tmp_path / "c.parquet")
    words = ["items", folder, catalogue, "-o", tmp_path / "s", "--key", "item_id", "--json", "-"]
    assert run([str(word) for word in words]) == 0
    document = json.loads(capsys.readouterr().out)
    assert not set(document) - named_in(section("Item store")) - {"version"}
