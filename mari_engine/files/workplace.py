"""Places for what is not complete yet; those of programs that were killed are removed."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from mari_engine.files.locks import hold

_NAME = re.compile(r"\.mari-[0-9a-f]{12}")


@contextlib.contextmanager
def open_workplace(folder: Path, *, for_file: bool = False) -> Iterator[Path]:
    """Yield a new folder, or an empty file, in this folder; what is left of it goes afterwards.

    It is locked as long as it is used. Those that nobody holds any more are of programs that were
    killed, and go first.
    """
    for left in _list(folder):
        _remove_abandoned(left)
    made, held = _make(folder, for_file)
    try:
        yield made
    finally:
        _remove(made)
        if held is not None:
            os.close(held)


def _make(folder: Path, for_file: bool) -> tuple[Path, int | None]:
    """Return a new place and its lock; somebody may take it for abandoned before it is locked."""
    while True:
        made = folder / f".mari-{secrets.token_hex(6)}"
        if for_file:
            os.close(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        else:
            made.mkdir()
        held = hold(made, wait=True)
        if made.exists():
            return made, held
        if held is not None:
            os.close(held)


def sync(path: Path) -> None:
    """Return when a file or folder is on the disk, where the system can say so."""
    with contextlib.suppress(OSError):  # some file systems cannot, for folders above all
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _list(folder: Path) -> list[Path]:
    try:
        return [entry for entry in folder.iterdir() if _NAME.fullmatch(entry.name)]
    except OSError:
        return []


def _remove_abandoned(place: Path) -> None:
    held = hold(place, wait=False)
    if held is not None:
        _remove(place)
        os.close(held)


def _remove(place: Path) -> None:
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            place.unlink(missing_ok=True)
