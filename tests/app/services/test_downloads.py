from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.components.download import files
from app.services import NO_FOLDER, pack, save_once
from app.session import Options, Work
from mari_engine import ModelError, Review
from support.app_visits import CONFIRMED, ended, visit
from support.handmade_results import make_certificate, make_plan


class Saved:
    """Counts how often it is saved."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, directory: str | Path) -> None:
        self.times += 1
        folder = Path(directory)
        if folder.name == "refused":
            raise ModelError(f"{folder}: cannot be written; choose another folder")
        folder.mkdir(exist_ok=True)
        for name in ("model.onnx", "manifest.json", "report.html"):
            (folder / name).write_text(name)


def passed(save: Saved) -> Any:
    return make_plan(certificate=make_certificate(), save=save)


def test_the_artifact_is_saved_once(tmp_path: Path) -> None:
    save = Saved()
    result: Any = SimpleNamespace(save=save)
    assert save_once(result, tmp_path) == save_once(result, tmp_path) == tmp_path
    assert save.times == 1


def test_the_zip_holds_the_latest_report(tmp_path: Path) -> None:
    Saved()(tmp_path)
    packed = zipfile.ZipFile(io.BytesIO(pack(tmp_path, "with benchmark", Review("sha"))))
    assert packed.namelist() == ["manifest.json", "model.onnx", "report.html", "review.json"]
    assert Review.from_json(json.loads(packed.read("review.json"))) == Review("sha")
    assert packed.read("report.html") == b"with benchmark"
    assert packed.read("model.onnx") == b"model.onnx"


@pytest.mark.parametrize("name", ["optimized", "refused", "there", ""])
def test_a_large_model_is_written_on_the_server(
    name: str, opened: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MOST_BYTES", 0)
    monkeypatch.setattr("sys.argv", ["main.py", "--folder", str(tmp_path)])
    (tmp_path / "there").mkdir()
    save = Saved()
    opened.confirm(Options(), ended(lambda progress: passed(save)), CONFIRMED)
    app = visit("download", opened)
    assert not app.download_button
    target = tmp_path / name
    app.text_input[0].set_value(str(target) if name else " ")
    next(one for one in app.button if one.label == "Write").click()
    app.run()
    assert not app.exception
    told = [one.value.replace("\\", "") for one in [*app.error, *app.success[1:]]]
    assert told == [
        {
            "optimized": f"Written to {target}",
            "refused": f"{target}: cannot be written; choose another folder",
            "there": f"{target}: is there already; name a new folder",
            "": "Name a folder.",
        }[name]
    ]
    assert save.times == (name in ("optimized", "refused"))


def test_a_large_model_is_not_written_where_the_server_was_told_no_folder(
    opened: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MOST_BYTES", 0)
    opened.confirm(Options(), ended(lambda progress: passed(Saved())), CONFIRMED)
    app = visit("download", opened)
    assert not [one for one in app.text_input if "folder" in one.label]
    assert NO_FOLDER in app.info[0].value


def test_another_check_needs_a_request(confirmed: Work) -> None:
    app = visit("download", confirmed)
    next(one for one in app.button if one.label == "Check again").click()
    app.run()
    assert [one.value.replace("\\", "") for one in app.error] == [
        "requests: no file was given; choose an .npz file"
    ]
    assert confirmed.verified
