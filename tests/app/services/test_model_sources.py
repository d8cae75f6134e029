from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import pytest

from app.services import model_sources
from app.services.server_files import ServerFiles
from app.session import MOST_UPLOADED, Work
from mari_engine import LabelError, MariError, ModelError, Role
from sample_models import sample_names
from support.app_visits import LABELS
from support.builders import build_proto, ranking_tower


@dataclass
class Sent:
    name: str
    data: bytes = b""

    @property
    def size(self) -> int:
        return len(self.data)

    def getbuffer(self) -> memoryview:
        return memoryview(self.data)


class Huge(Sent):
    @property
    def size(self) -> int:
        return MOST_UPLOADED


def test_an_upload_is_opened(tmp_path: Path) -> None:
    opened = model_sources.open_upload([Sent("my tower.onnx", ranking_tower())], tmp_path)
    assert opened.model.name == "my tower"
    assert opened.path == "my tower.onnx"
    assert opened.labels is None


def test_an_upload_brings_its_external_data_and_labels(tmp_path: Path) -> None:
    weights = {"w": np.arange(600, dtype=np.float32).reshape(6, 100)}
    proto = build_proto(
        "y = MatMul (x, w)", inputs="float[N, 6] x", outputs="float[N, 100] y", weights=weights
    )
    source = tmp_path / "source"
    source.mkdir()
    onnx.save(
        proto, source / "m.onnx", save_as_external_data=True, location="m.data", size_threshold=0
    )
    LABELS.save(source / "labels.json")
    files = [Sent(path.name, path.read_bytes()) for path in source.iterdir()]
    target = tmp_path / "target"
    target.mkdir()
    opened = model_sources.open_upload(files, target)
    assert (target / "m.data").is_file()
    assert opened.labels == LABELS


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("../../etc/passwd.onnx", "passwd.onnx"),
        (r"C:\models\ranker.onnx", "ranker.onnx"),
        ("..", None),
        ("...onnx", "onnx"),
        ("a\x00b\n<img>.onnx", "a_b__img_.onnx"),
        ("model.onnx.data", "model.onnx.data"),
        ("", None),
        ("x" * 500 + ".onnx", "x" * 115 + ".onnx"),
        ("字" * 500 + ".onnx", "字" * 38 + ".onnx"),
        ("a/" * 5000 + "m.onnx", "m.onnx"),
    ],
)
def test_names_stay_in_their_folder(name: str, cleaned: str | None) -> None:
    if cleaned is None:
        with pytest.raises(ModelError, match="no usable name"):
            model_sources.clean_name(name)
    else:
        assert model_sources.clean_name(name) == cleaned


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ([], "0 .onnx files; give exactly one"),
        ([Sent("a.data")], "0 .onnx files; give exactly one"),
        ([Sent("a.onnx"), Sent("b.onnx")], "2 .onnx files; give exactly one"),
        ([Sent("a.onnx"), Sent("x/a.onnx")], "two files have the same name"),
        ([Sent("a.onnx", b"x"), Huge("b.data")], "more than 1 GiB"),
        ([Sent(f"{at}.data") for at in range(17)], "more than 16 files"),
    ],
)
def test_uploads_that_are_refused(files: list[Sent], message: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=message):
        model_sources.open_upload(files, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_garbage_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"bad\.onnx"):
        model_sources.open_upload([Sent("bad.onnx", b"not a model")], tmp_path)


def test_a_path_brings_the_labels_beside_it(tmp_path: Path) -> None:
    served = ServerFiles((tmp_path,))
    (tmp_path / "m.onnx").write_bytes(ranking_tower())
    assert model_sources.open_path(f" {tmp_path}/m.onnx ", served).labels is None
    LABELS.save(tmp_path / "m.labels.json")
    opened = model_sources.open_path("m.onnx", served)
    assert opened.labels == LABELS
    assert opened.path == opened.server_path == str(tmp_path / "m.onnx")


def test_an_error_tells_nothing_that_labels_beside_a_model_hold(tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(ranking_tower())
    secret = "hunter2"
    for text in (secret, f'{{"inputs": "{secret}"}}', f'{{"inputs": {{"{secret}": 1}}}}'):
        (tmp_path / "m.labels.json").write_text(text)
        with pytest.raises(LabelError, match=r"^m\.labels\.json: .* cannot be read") as caught:
            model_sources.open_path("m.onnx", ServerFiles((tmp_path,)))
        assert secret not in str(caught.value)


def test_two_copies_of_a_model_have_keys_of_their_own(tmp_path: Path) -> None:
    keys = set()
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        sent = [Sent("m.onnx", ranking_tower())]
        keys.add(model_sources.open_upload(sent, tmp_path / folder).key)
    assert len(keys) == 2


def test_a_sample_brings_its_labels() -> None:
    opened = model_sources.open_sample("two_tower")
    assert opened.sample == "two_tower"
    assert opened.path == "samples/two_tower.onnx"
    assert opened.labels is not None
    assert opened.labels.confidence == 1
    with pytest.raises(MariError, match="there is none of this name"):
        model_sources.open_sample("nothing")


def start(monkeypatch: pytest.MonkeyPatch, *words: str) -> Work:
    monkeypatch.setattr("sys.argv", ["main.py", *words])
    work = Work()
    model_sources.open_at_start(work)
    return work


def test_the_server_may_be_started_with_a_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "m.onnx").write_bytes(ranking_tower())
    work = start(monkeypatch, str(tmp_path / "m.onnx"))
    assert work.opened is not None
    assert work.labels is not None
    assert work.labels.inputs["user"].role == Role.USER
    monkeypatch.setenv("MARI_MODEL", sample_names()[-1])
    work = start(monkeypatch)
    assert work.opened is not None
    assert work.opened.sample == sample_names()[-1]


def test_a_wrong_model_at_the_start_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    work = start(monkeypatch, "/no/such.onnx")
    assert work.opened is None
    assert work.error.startswith("/no/such.onnx: there is no such file")


def test_no_model_at_the_start_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    work = start(monkeypatch)
    assert (work.opened, work.error) == (None, "")


def test_an_upload_that_the_disk_does_not_take_is_told_without_the_servers_folder(
    tmp_path: Path,
) -> None:
    with pytest.raises(ModelError, match="upload: cannot be kept"):
        model_sources.open_upload([Sent("m.onnx", ranking_tower())], tmp_path / "gone")
    files = [Sent("m.onnx", ranking_tower()), Sent("l.json", b"{")]
    with pytest.raises(ModelError, match=r"^l\.json: labels: line 1"):
        model_sources.open_upload(files, tmp_path)
