"""`mari items` as a shell sees it."""

import json
from pathlib import Path

import pytest

from mari_engine.__main__ import run
from mari_engine.commands import items_commands
from mari_engine.serving.items import ItemStore
from support.in_process import in_this_process  # noqa: F401 - a fixture for all here
from support.item_stores import catalogue_columns, write_catalogue, write_offloaded


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    """Return a command line for a small catalogue."""
    offloaded = write_offloaded(tmp_path / "offloaded")
    catalogue = write_catalogue(tmp_path / "c.parquet")
    return ["items", str(offloaded), str(catalogue), "-o", str(tmp_path / "s"), "--key", "item_id"]


def complaint(capsys: pytest.CaptureFixture[str], words: list[str]) -> str:
    """Run a command that is refused, and return its one line on stderr."""
    assert run(words) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "Traceback" not in err
    return err


def test_a_catalogue_becomes_a_store(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "300 items: 300 computed; 20 B each."
    assert out[1].startswith(f"Published as {tmp_path / 's'}/v-")
    assert run([*words, "--since", str(tmp_path / "s"), "--json", "-"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["rows"], document["computed"], document["kept"]) == (300, 0, 300)
    with ItemStore.open(tmp_path / "s") as store:
        assert document["folder"] == str(store.folder)
        assert store.missing(catalogue_columns()["item_id"]).tolist() == []


def test_mistakes_are_told_in_one_line(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    catalogue = tmp_path / "c.parquet"
    assert "has no column 'id'; it has item_id, category" in complaint(capsys, [*words[:-1], "id"])
    assert "holds no item store" in complaint(capsys, [*words, "--since", str(tmp_path / "no")])
    assert "--workers goes with --ray" in complaint(capsys, [*words, "--workers", "2"])
    columns = catalogue_columns()
    columns["item_id"][7] = columns["item_id"][3]
    write_catalogue(catalogue, columns)
    assert "stands twice: in row 3 and in row 7" in complaint(capsys, words)
    catalogue.write_bytes(catalogue.read_bytes()[:1000])
    assert "cannot be read as Parquet" in complaint(capsys, words)
    (tmp_path / "offloaded" / "item.onnx").write_bytes(b"")
    assert "item.onnx: was changed" in complaint(capsys, words)
    assert not (tmp_path / "s" / "CURRENT").exists()


def test_a_run_that_is_stopped_exits_with_130_and_is_gone_on_with(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def stop(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("mari_engine.serving.items.writing.merge_pieces", stop)
        assert run(words) == 130
    assert capsys.readouterr().err == "mari: stopped\n"
    assert run([*words, "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["resumed"] == 300


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("a b --ray", "a b --ray local"),
        ("a b --ray -o s", "a b --ray local -o s"),
        ("--ray a b", "--ray local a b"),
        ("a b --ray auto", "a b --ray auto"),
        ("--ray ray://head:10001 a b", "--ray ray://head:10001 a b"),
        ("--ray 10.0.0.1:6379 a b", "--ray 10.0.0.1:6379 a b"),
        ("a b --ray=auto", "a b --ray=auto"),
        ("a b", "a b"),
    ],
)
def test_the_address_of_ray_may_be_left_out(given: str, read: str) -> None:
    assert items_commands._with_address(given.split()) == read.split()
