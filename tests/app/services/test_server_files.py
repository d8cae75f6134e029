"""Which files of its own a server opens for its visitors."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.services.server_files import Named, ServerFiles, read_arguments
from mari_engine import ModelError
from sample_models import sample_names

NO_SUCH = r"there is no such file in the folders of this server; give an \.onnx file there$"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a model and a folder within, beside another with a secret."""
    (tmp_path / "models/deep").mkdir(parents=True)
    (tmp_path / "models/m.onnx").write_text("model")
    (tmp_path / "models/deep/n.onnx").write_text("model")
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret/s.onnx").write_text("secret")
    return tmp_path


def test_files_under_a_named_folder_are_found_by_whole_and_by_relative_paths(folder: Path) -> None:
    served = ServerFiles.of(Named("", (str(folder / "models"),), ()))
    for asked in ("m.onnx", " m.onnx ", "deep/n.onnx", str(folder / "models/m.onnx")):
        assert served.find(asked).read_text() == "model"


def hostile(folder: Path) -> list[str]:
    outside = folder / "secret/s.onnx"
    (folder / "models/link.onnx").symlink_to(outside)
    (folder / "models/way").symlink_to(folder / "secret")
    (folder / "models/ring").symlink_to(folder / "models/ring")
    os.mkfifo(folder / "models/pipe.onnx")
    return [
        str(outside), "../secret/s.onnx", "deep/../../secret/s.onnx", "deep/../m.onnx",
        "link.onnx", "way/s.onnx", "ring", "ring/m.onnx", "pipe.onnx", "deep", ".", "/", "", " ",
        "~/s.onnx", "~nobody-of-this-name/s.onnx", "$HOME/s.onnx", "a\0b", "m.onnx\0", "\ud800",
        "x" * 300, "x/" * 3000, "x" * 100_000, "/proc/self/environ", "/dev/zero", "file:///etc/passwd",
        f"{folder}/models-of-others/m.onnx", "m.onnx/", "m.onnx/x",
    ]  # fmt: skip


def test_nothing_else_is_found_and_the_sentence_is_the_same(folder: Path) -> None:
    served = ServerFiles.of(Named("", (str(folder / "models"),), ()))
    for asked in hostile(folder):
        if asked == "m.onnx/":  # a path without its last slash
            continue
        with pytest.raises(ModelError, match=NO_SUCH) as caught:
            served.find(asked)
        assert len(str(caught.value)) < 250
        assert "\n" not in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_told(folder: Path) -> None:
    (folder / "models/m.onnx").chmod(0)
    served = ServerFiles.of(Named("", (str(folder / "models"),), ()))
    with pytest.raises(ModelError, match="this server may not read it"):
        served.find("m.onnx")


def test_a_folder_without_permission_holds_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = ServerFiles.of(Named("", (str(folder / "models"),), ()))

    def refuse(*arguments: object, **options: object) -> Path:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "resolve", refuse)
    with pytest.raises(ModelError, match=NO_SUCH):
        served.find("m.onnx")


def test_a_model_names_its_own_folder_and_may_itself_be_a_link(folder: Path) -> None:
    link = folder / "models/link.onnx"
    link.symlink_to(folder / "secret/s.onnx")
    served = ServerFiles.of(Named(str(link), (), ()))
    assert served.find(str(link)).read_text() == "secret"
    assert served.find("m.onnx").read_text() == "model"
    with pytest.raises(ModelError, match=NO_SUCH):
        served.find(str(folder / "secret/s.onnx"))


@pytest.mark.parametrize("model", ["", sample_names()[0]])
def test_a_server_that_was_told_no_folder_finds_nothing(model: str, folder: Path) -> None:
    served = ServerFiles.of(Named(model, (), ()))
    assert served.folders == ()
    for asked in ("m.onnx", str(folder / "models/m.onnx"), sample_names()[0]):
        with pytest.raises(ModelError, match=NO_SUCH):
            served.find(asked)


def test_a_folder_to_write_to_is_new_and_in_the_folders(folder: Path) -> None:
    served = ServerFiles.of(Named("", (str(folder / "models"),), ()))
    assert served.find_new("out") == folder / "models/out"
    assert served.find_new("deep/out") == folder / "models/deep/out"
    (folder / "models/way").symlink_to(folder / "secret")
    (folder / "models/gone").symlink_to(folder / "nowhere")
    for asked in ("deep", "m.onnx", "gone"):
        with pytest.raises(ModelError, match="is there already; name a new folder"):
            served.find_new(asked)
    for asked in ("way/out", "../out", str(folder / "out"), "no/such/out", "", "/", "m.onnx/out"):
        with pytest.raises(ModelError, match="is not in the folders of this server"):
            served.find_new(asked)


def test_the_command_line_names_model_folders_and_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["--folder", "a", "--folder", "b", "--name", "h", "--", "-m.onnx"]
    assert read_arguments(words) == Named("-m.onnx", ("a", "b"), ("h",))
    monkeypatch.setenv("MARI_MODEL", "x")
    assert read_arguments([]) == Named("x", (), ())
    with pytest.raises(SystemExit):
        read_arguments(["--no-such"])
