import dataclasses
import hashlib
import json
from pathlib import Path

import pytest

import mari_engine as mari
from mari_engine.artifact import open_optimized, read_findings
from mari_engine.report import find
from support.builders import ranking_tower
from support.packed_models import packed_tower

TOWER = mari.Labels.from_json(
    {"version": 1, "inputs": {"user": {"role": "user"}, "item": {"role": "item"}}}
)


def forget_digests(folder: Path) -> None:
    """Make an artifact one of an earlier version, whose certificate is tied to nothing."""
    strip(folder / "certificate.json", "files", "digest")
    strip(folder / "manifest.json", "structure")


def strip(path: Path, *fields: str) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    kept = {name: value for name, value in document.items() if name not in fields}
    path.write_text(json.dumps(kept), encoding="utf-8")


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> mari.OptimizeResult:
    path = tmp_path_factory.mktemp("models") / "tower.onnx"
    path.write_bytes(ranking_tower(user=64, item=16, hidden=32))
    return mari.optimize(mari.load(path), TOWER)


@pytest.fixture
def folder(result: mari.OptimizeResult, tmp_path: Path) -> Path:
    result.save(tmp_path / "out")
    return tmp_path / "out"


def test_an_artifact_tells_what_its_result_told(result: mari.OptimizeResult, folder: Path) -> None:
    told = find(result)
    again = read_findings(mari.load_artifact(folder), result.original)
    for field in dataclasses.fields(again):
        if field.name in ("uncounted", "elapsed", "hashes"):
            continue  # a manifest does not keep the first two; files have hashes once written
        assert getattr(again, field.name) == getattr(told, field.name), field.name
    assert again.source == "tower.onnx"
    digest = hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()
    assert again.hashes == find(result, mari.load_artifact(folder).manifest).hashes
    assert again.hashes == {"model.onnx": digest}
    assert digest in (folder / "report.html").read_text(encoding="utf-8")


def test_stacked_lookups_are_told_by_the_artifact_and_its_report(tmp_path: Path) -> None:
    columns = [
        {"start": 0, "stop": 12, "role": "user"},
        {"start": 12, "stop": 24, "role": "item"},
    ]
    labels = mari.Labels.from_json({"version": 1, "inputs": {"X": {"columns": columns}}})
    result = mari.optimize(mari.load(packed_tower(24, 4, 9)), labels, autotune=False)
    result.save(tmp_path / "out")
    artifact = mari.load_artifact(tmp_path / "out")
    assert read_findings(artifact).selection == result.selection
    assert artifact.manifest["selection"]["stacked"]["lookups_before"] == 24
    told = "24 lookups became 2 on stacked tables: 3.63 kB of weights before, "
    assert told in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert told in mari.render_markdown(result)


def test_without_the_original_only_the_graph_after_is_drawn(folder: Path) -> None:
    assert list(read_findings(mari.load_artifact(folder)).pictures) == ["After"]


def test_another_original_is_refused(folder: Path) -> None:
    other = mari.load(ranking_tower(user=64, item=16, hidden=32, seed=1))
    with pytest.raises(mari.ModelError, match=r"made from another model; give tower\.onnx"):
        read_findings(mari.load_artifact(folder), other)


@pytest.mark.parametrize("field", ["decisions", "layout", "flops", "source", "candidates", "keep"])
def test_an_incomplete_manifest_is_told(folder: Path, field: str) -> None:
    strip(folder / "manifest.json", field)
    forget_digests(folder)
    with pytest.raises(mari.ModelError, match=f"incomplete.*{field}.*mari optimize"):
        read_findings(mari.load_artifact(folder))


EDITS = [
    ("labels.json", '"role": "item"', '"role": "cross"'),
    ("manifest.json", '"candidates": 500', '"candidates": 900'),
    ("certificate.json", '"passed": true', '"passed": false'),
    ("certificate.json", '"seeds": [', '"seeds": [7, '),
]


@pytest.mark.parametrize(("name", "old", "new"), EDITS)
def test_a_file_that_was_changed_after_the_check_is_refused(
    folder: Path, name: str, old: str, new: str
) -> None:
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(mari.ModelError, match=rf"{name}: was changed after the check"):
        mari.load_artifact(folder)


def test_another_model_in_an_artifact_is_refused(folder: Path) -> None:
    (folder / "model.onnx").write_bytes(ranking_tower(user=64, item=16, hidden=32))
    for path in (folder, folder / "model.onnx"):
        with pytest.raises(mari.ModelError, match=r"model\.onnx: was changed after the check"):
            open_optimized(path)


def test_a_certificate_whose_digests_were_taken_out_is_refused(folder: Path) -> None:
    strip(folder / "certificate.json", "files", "digest")
    with pytest.raises(mari.ModelError, match=r"certificate\.json: was changed after the check"):
        mari.load_artifact(folder)


def test_an_artifact_of_an_earlier_version_is_read(folder: Path) -> None:
    forget_digests(folder)
    assert mari.load_artifact(folder).certificate["passed"] is True


def test_a_rewritten_file_is_called_as_its_manifest_says(
    result: mari.OptimizeResult, folder: Path, tmp_path: Path
) -> None:
    for path in (folder, folder / "model.onnx"):
        opened = open_optimized(path)
        assert opened.interface == result.interface
        assert opened.may_be_of(result.original)
    alone = tmp_path / "alone.onnx"
    alone.write_bytes((folder / "model.onnx").read_bytes())
    assert open_optimized(alone).interface is None
    beside = folder / "other.onnx"
    beside.write_bytes(ranking_tower())
    assert open_optimized(beside).interface is None
    assert open_optimized(beside).may_be_of(result.original)


def test_a_folder_that_is_no_artifact_is_told(tmp_path: Path) -> None:
    with pytest.raises(mari.ModelError, match=r"manifest\.json"):
        open_optimized(tmp_path)
