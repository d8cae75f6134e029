"""`mari offload` as a shell sees it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mari_engine.__main__ import run
from support.in_process import in_this_process  # noqa: F401 - a fixture for all here
from support.offload_models import joined_tower, label

FILES = {
    "certificate.json", "item.onnx", "labels.json", "manifest.json", "online.onnx", "report.html",
    "request.onnx",
}  # fmt: skip


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    """Return a command line for a tower whose price is volatile, without a choice."""
    (tmp_path / "tower.onnx").write_bytes(joined_tower(made=64))
    label(u="user", i="item", price="item volatile").save(tmp_path / "labels.json")
    return ["offload", str(tmp_path / "tower.onnx"), "--labels", str(tmp_path / "labels.json")]


def complaint(capsys: pytest.CaptureFixture[str], words: list[str]) -> str:
    """Run a command that is refused, and return its one line on stderr."""
    capsys.readouterr()
    assert run(words) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "Traceback" not in err
    return err


def test_without_a_choice_the_cuts_are_shown_and_nothing_is_written(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = set(tmp_path.iterdir())
    assert run([*words, "-o", str(tmp_path / "o")]) == 0
    out = capsys.readouterr().out
    assert "bytes/candidate" in out
    assert "Stays online: price: its labels say that it is volatile" in out
    assert out.splitlines()[-1].startswith("Nothing was cut. Give --bytes N")
    assert set(tmp_path.iterdir()) == before


def test_a_choice_writes_the_parts(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "o"
    assert run([*words, "--bytes", "2kB", "-o", str(folder), "--json", str(tmp_path / "j")]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "tower: cut into request.onnx, item.onnx, online.onnx"
    assert any(line.startswith("Lossless: the same numbers, if these labels are") for line in out)
    assert {path.name for path in folder.iterdir()} == FILES
    manifest = json.loads((folder / "manifest.json").read_text())
    document = json.loads((tmp_path / "j").read_text())
    assert document["item_hash"] == manifest["item_hash"]
    assert document["cut"] == manifest["cut"]
    assert document["frontier"]["points"] == manifest["frontier"]["points"]
    page = (folder / "report.html").read_text(encoding="utf-8")
    command = "mari offload tower.onnx --labels labels.json -o out --parts request,item"
    assert f"{command} --store float32 --bytes 2000 --candidates 500" in page
    assert "Parts and the cut" in page


def test_half_precision_says_everywhere_that_it_is_not_lossless(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    half = [*words, "--bandwidth", "100GB/s", "--store", "float16", "-o", str(tmp_path / "o")]
    assert run([*half, "-v"]) == 0
    out = capsys.readouterr().out
    assert out.count("NOT lossless: rounded on purpose; on ") == 2
    assert "Lossless" not in out
    page = (tmp_path / "o" / "report.html").read_text(encoding="utf-8")
    assert "NOT lossless" in page
    assert 'class="verdict bad"' in page


def test_the_command_writes_over_its_own_folder_and_no_other(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    offloaded, optimized = tmp_path / "o", tmp_path / "p"
    cut = [*words, "--bytes", "2kB", "-o"]
    assert run([*cut, str(offloaded)]) == 0
    assert run([*cut, str(offloaded)]) == 0
    rewrite = ["optimize", *words[1:], "--no-autotune", "-o"]
    assert run([*rewrite, str(optimized)]) == 0
    assert "holds what another command of mari wrote" in complaint(capsys, [*cut, str(optimized)])
    assert "choose another folder" in complaint(capsys, [*rewrite, str(offloaded)])
    bench = ["bench", words[1], str(offloaded), *words[2:]]
    assert "holds the parts of an offloaded model" in complaint(capsys, bench)
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "item.onnx").write_bytes(b"mine")
    assert "item.onnx: was not written by mari" in complaint(capsys, [*cut, str(mine)])
    (offloaded / "item.onnx").write_bytes(b"mine")
    assert "item.onnx: was changed after it was written" in complaint(
        capsys, [*cut, str(offloaded)]
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--bytes", "12x"], "--bytes '12x' is no number of bytes; write for instance 512 or 2kB"),
        (["--bytes", "1GB/s"], "--bytes '1GB/s' is no number of bytes"),
        (["--bytes", "0"], "--bytes '0' is no number of bytes"),
        (["--bandwidth", "fast"], "--bandwidth 'fast' is no number of bytes a second; write for"),
        (["--bytes", "1", "--bandwidth", "1"], "give --bytes or --bandwidth, and not both"),
        (["--parts", "item,item"], "--parts 'item,item': use request, item, or request,item"),
        (["--parts", "item,online"], "--parts 'item,online': use request, item, or request,item"),
        (["--bytes", "3"], "no cut that fetches at most 3 bytes per candidate saves time; give"),
        (["--bandwidth", "1kB/s"], "at 1,000 bytes per second it is faster to compute everything"),
        (["--keep", "no"], "--keep no: the model has no such node"),
    ],
)
def test_mistakes_are_told_in_one_line(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str],
    message: str,
) -> None:  # fmt: skip
    assert message in complaint(capsys, [*words, "-o", str(tmp_path / "o"), *options])
    assert not (tmp_path / "o").exists()


def test_a_folder_is_needed_for_parts(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert "give a folder for the parts: -o DIR" in complaint(capsys, [*words, "--bytes", "2kB"])


def test_only_item_features_are_volatile(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    label(u="user volatile", i="item", price="item").save(tmp_path / "labels.json")
    assert "input 'u': 'volatile' is said of an item feature, and the role is user" in complaint(
        capsys, [*words, "--bytes", "2kB", "-o", str(tmp_path / "o")]
    )


def test_a_folder_without_an_item_part_says_so_in_its_manifest(
    words: list[str], tmp_path: Path
) -> None:
    folder = tmp_path / "o"
    assert run([*words, "--parts", "request", "-o", str(folder)]) == 0
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["item_hash"] == ""
    assert {part["part"] for part in manifest["parts"]} == {"request", "online"}


def test_labels_of_another_model_are_refused(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    label(u="user", i="item").save(tmp_path / "labels.json")
    assert "'price'" in complaint(capsys, [*words, "--bytes", "2kB", "-o", str(tmp_path / "o")])


def test_the_folder_is_timed_with_its_fetch(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*words, "--bytes", "2kB", "-o", str(tmp_path / "o")]) == 0
    bench = ["bench", words[1], *words[2:], "--arms", "original,offloaded"]
    assert "--arms offloaded needs the folder that 'mari offload' wrote" in complaint(capsys, bench)
    assert "--store goes with --arms offloaded" in complaint(
        capsys, ["bench", *words[1:], "--store", str(tmp_path)]
    )
    timed = tmp_path / "b.json"
    bench[2:2] = [str(tmp_path / "o")]
    assert run([*bench, "--batch", "5", "--json", str(timed)]) == 0
    timings = json.loads(timed.read_text())["timings"]
    assert [timing["arm"] for timing in timings] == ["original", "offloaded"]
    out = capsys.readouterr().out
    assert "offloaded" in out
    assert "keys are drawn once and repeated in every run; 5 candidates are" in out
    store = ["--store", str(tmp_path / "none")]
    assert "none: holds no item store; run 'mari items'" in complaint(capsys, [*bench, *store])
