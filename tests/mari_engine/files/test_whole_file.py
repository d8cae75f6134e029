from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from mari_engine.files import workplace, write_whole


def test_a_file_is_replaced_and_keeps_its_rights_and_links(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_whole(path, "one")
    path.chmod(0o640)
    (tmp_path / "link").symlink_to(path)
    write_whole(tmp_path / "link", b"two")
    assert path.read_text() == "two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert (tmp_path / "link").is_symlink()
    assert len(list(tmp_path.iterdir())) == 2


def test_a_new_file_has_the_rights_that_others_get(tmp_path: Path) -> None:
    (tmp_path / "usual").write_text("")
    write_whole(tmp_path / "new", "")
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.html"
    write_whole(path, "old")

    def fill_up(place: Path, data: bytes) -> int:
        with place.open("wb") as file:
            file.write(data[:3])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fill_up)
    with pytest.raises(OSError, match="No space left") as told:
        write_whole(path, "newer")
    assert told.value.filename == str(path)
    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["a.html"]


def test_what_a_killed_writer_left_goes_and_what_is_in_use_stays(tmp_path: Path) -> None:
    (tmp_path / ".mari-0123456789ab").write_text("left")
    (tmp_path / ".mari-0123456789ac").mkdir()
    (tmp_path / ".mari-notes").write_text("not a place of ours")
    with workplace.open_workplace(tmp_path) as used:
        write_whole(tmp_path / "a", "")
        assert {one.name for one in tmp_path.iterdir()} == {used.name, "a", ".mari-notes"}
    assert not used.exists()


def test_a_device_is_written_to_as_it_is() -> None:
    write_whole(os.devnull, "gone")
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file") as told:
        write_whole(tmp_path / "no" / "a", "")
    assert told.value.filename == str(tmp_path / "no" / "a")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no such device here")
def test_a_device_that_is_full_is_named() -> None:
    with pytest.raises(OSError, match="No space left on device: '/dev/full'"):
        write_whole("/dev/full", "text")
