"""Artifacts are whole after a kill, beside another writer, and beside files of others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import onnx
import pytest

from mari_engine.artifact import load_artifact, open_optimized, read_findings, save_artifact
from mari_engine.errors import ModelError
from mari_engine.files import whole_folder
from mari_engine.loading import load
from mari_engine.pipeline import OptimizeResult, optimize
from mari_engine.types import Labels
from support.builders import build_proto, ranking_tower
from support.kill_points import LABELS, results

TESTS = Path(__file__).parents[2]
PAIRS = 150


@pytest.fixture(scope="module")
def pair() -> tuple[OptimizeResult, OptimizeResult]:
    return results()


@pytest.mark.skipif(sys.platform != "linux", reason="kills, and exchanges folders, as Linux does")
@pytest.mark.parametrize(
    ("kind", "mine", "incomplete"),
    [
        ("nothing", [], False),
        ("artifact", [], False),
        ("stranger's file", ["notes.txt"], False),
        ("folder", ["notes/notes.txt"], True),
    ],
)
def test_a_writer_killed_at_any_write_leaves_the_old_artifact_or_the_new(
    kind: str, mine: list[str], incomplete: bool, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "support.kill_points", kind, str(tmp_path / "place")],
        capture_output=True, text=True, check=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent)])},
    )  # fmt: skip
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) > 10
    old = "refused" if kind == "nothing" else "compact"
    for outcome in found:
        state = outcome["state"]
        assert state in {"old", "drop-in"} | ({"incomplete"} if incomplete else set())
        whole = {old} if state == "old" else {"drop-in"}
        assert outcome["read"] in whole | ({"drop-in"} if incomplete else set()), "read as a whole"
        assert outcome["mine"] == mine
        assert outcome["left"] == [], "the next save leaves nothing of the killed one"
    assert [outcome["done"] for outcome in found] == [False] * (len(found) - 1) + [True]
    assert found[-1]["state"] == "drop-in"


def test_two_writers_of_one_folder_never_mix(
    pair: tuple[OptimizeResult, OptimizeResult], tmp_path: Path
) -> None:
    """Each writer saves 150 times; after each of its saves it reads what is there."""
    mixed: list[str] = []

    def save(result: OptimizeResult) -> None:
        for _ in range(PAIRS):
            save_artifact(result, tmp_path / "out")
            try:
                load_artifact(tmp_path / "out")
            except ModelError as error:
                mixed.append(str(error))

    threads = [threading.Thread(target=save, args=(result,)) for result in pair]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert mixed == []
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert not list((tmp_path / "out").glob(".*"))


@pytest.mark.parametrize("name", ["model.onnx", "model.onnx.data", "labels.json", "report.html"])
def test_a_file_of_somebody_else_is_replaced_by_force_only(
    name: str, pair: tuple[OptimizeResult, OptimizeResult], tmp_path: Path
) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(ModelError, match=rf"{name}: was not written by mari; .*--force"):
        pair[0].save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "mine"
    pair[0].save(tmp_path, force=True)
    assert load_artifact(tmp_path).signature == "compact"


def test_a_part_that_was_edited_is_replaced_by_force_only(
    pair: tuple[OptimizeResult, OptimizeResult], tmp_path: Path
) -> None:
    pair[0].save(tmp_path)
    pair[1].save(tmp_path)
    Labels({}).save(tmp_path / "labels.json")
    with pytest.raises(ModelError, match=r"labels\.json: was changed after it was written"):
        pair[0].save(tmp_path)
    pair[0].save(tmp_path, force=True)
    assert load_artifact(tmp_path).labels == LABELS


def test_a_mounted_folder_and_a_link_are_targets_like_others(
    pair: tuple[OptimizeResult, OptimizeResult], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    volume = tmp_path / "volume"
    volume.mkdir()
    inode = volume.stat().st_ino
    monkeypatch.setattr(whole_folder, "_is_mount", lambda real: real == volume)
    (tmp_path / "link").symlink_to(volume)
    for result in (*pair, pair[0]):
        result.save(tmp_path / "link")
        assert load_artifact(volume).signature == result.signature
        assert volume.stat().st_ino == inode, "a mounted folder is never exchanged"
        assert not list(volume.glob(".*"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "volume"]


def test_a_circle_of_links_is_told(
    pair: tuple[OptimizeResult, OptimizeResult], tmp_path: Path
) -> None:
    (tmp_path / "one").symlink_to("other")
    (tmp_path / "other").symlink_to("one")
    for place in ("one", "one/out"):
        with pytest.raises(ModelError, match=r"cannot be written .*choose another folder"):
            pair[0].save(tmp_path / place)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "other"]


def test_a_file_system_that_exchanges_nothing_is_written_to_all_the_same(
    pair: tuple[OptimizeResult, OptimizeResult], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whole_folder, "_swap", lambda one, other: False)
    (tmp_path / "notes.txt").write_text("mine")
    for result in pair:
        result.save(tmp_path)
        assert load_artifact(tmp_path).signature == result.signature
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert not list(tmp_path.glob(".*"))


def with_table(folder: Path) -> Path:
    table = np.random.default_rng(0).standard_normal((600, 8)).astype(np.float32)
    proto = build_proto(
        "u = MatMul (user, table)\ny = Add (u, item)",
        inputs="float[N, 600] user, float[N, 8] item",
        outputs="float[N, 8] y",
        weights={"table": table},
    )
    path = folder / "m.onnx"
    onnx.save(proto, path, save_as_external_data=True, location="m.data", size_threshold=0)
    return path


def test_data_that_were_changed_after_the_check_are_not_saved(tmp_path: Path) -> None:
    result = optimize(load(with_table(tmp_path)), LABELS)
    data = tmp_path / "m.data"
    was = data.stat()
    scaled = np.frombuffer(data.read_bytes(), np.float32) * np.float32(1.5)
    data.write_bytes(scaled.tobytes())
    os.utime(data, ns=(was.st_atime_ns, was.st_mtime_ns))
    with pytest.raises(ModelError, match=r"m\.data: was changed after the model was read"):
        result.save(tmp_path / "out")
    assert not (tmp_path / "out").exists()
    data.unlink()
    with pytest.raises(ModelError, match=r"m\.data: was changed after the model was read"):
        result.save(tmp_path / "out")


def test_large_weights_that_were_changed_after_the_save_are_refused(tmp_path: Path) -> None:
    result, folder = optimize(load(with_table(tmp_path)), LABELS), tmp_path / "out"
    result.save(folder)
    data = folder / "model.onnx.data"
    scaled = np.frombuffer(data.read_bytes(), np.float32) * np.float32(1.5)
    data.write_bytes(scaled.tobytes())
    with pytest.raises(ModelError, match=r"model\.onnx\.data: was changed after the check"):
        load_artifact(folder)
    with pytest.raises(ModelError, match=r"model\.onnx\.data: was changed after .* would be lost"):
        result.save(folder)
    data.unlink()
    with pytest.raises(ModelError, match=r"model\.onnx\.data: was changed after the check"):
        load_artifact(folder)


def test_an_original_with_other_large_weights_is_another_model(tmp_path: Path) -> None:
    path, folder = with_table(tmp_path), tmp_path / "out"
    optimize(load(path), LABELS).save(folder)
    assert open_optimized(folder).may_be_of(load(path))
    assert read_findings(load_artifact(folder), load(path)).source == "m.onnx"
    scaled = np.frombuffer((tmp_path / "m.data").read_bytes(), np.float32) * np.float32(1.5)
    (tmp_path / "m.data").write_bytes(scaled.tobytes())
    assert not open_optimized(folder).may_be_of(load(path))
    with pytest.raises(ModelError, match="was made from another model"):
        read_findings(load_artifact(folder), load(path))


def test_the_manifest_names_the_model_that_was_checked(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(ranking_tower())
    model = load(path)
    result = optimize(model, LABELS)
    path.write_bytes(ranking_tower(seed=1))
    result.save(tmp_path / "out")
    manifest = load_artifact(tmp_path / "out").manifest
    assert manifest["source"]["sha256"] == load(ranking_tower()).sha256 == model.sha256
