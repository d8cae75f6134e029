"""Several files of one folder, replaced together.

The new files are written to a folder of their own first. Where the old folder can be exchanged for
it, the system does so at once: there is no moment at which the folder holds files of both. Where
it cannot (a mounted volume, folders of others within, another system), the complete new files are
moved into the folder as `.mari-commit`, from where they are moved to their names one by one, the
last of them the one that makes the folder complete. Who is killed in between is finished by the
next one that reads or replaces them.
"""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from mari_engine.files.locks import locked
from mari_engine.files.workplace import open_workplace, sync

_COMMIT = ".mari-commit"
_LIST = ".names"
_HERE = -100
"""AT_FDCWD: paths are as they stand."""
_EXCHANGE = 2
"""RENAME_EXCHANGE of renameat2(2)."""


def replace_files(target: Path, names: Sequence[str], fill: Callable[[Path], None]) -> None:
    """Let `fill` write some of `names` into a new folder, and put them into `target` together.

    Those that it does not write are removed from the target; all else there stays. The last name is
    of the file that makes the others complete. Raises OSError, and what `fill` raises; the target
    is then as it was.
    """
    real = Path(os.path.realpath(target))
    real.parent.mkdir(parents=True, exist_ok=True)
    inside = _is_mount(real)
    try:
        _replace(real, names, fill, real if inside else real.parent)
    except OSError as error:
        if inside or error.errno not in (errno.EXDEV, errno.EBUSY, errno.EACCES, errno.EROFS):
            raise
        if not real.is_dir():
            raise
        _replace(real, names, fill, real)


def replace_folder(target: Path, fill: Callable[[Path], None]) -> None:
    """Let `fill` write a new folder, and put it in the place of the old one and all that it holds.

    Where the system can exchange the two, there is always one of them. Raises OSError, and what
    `fill` raises; the target is then as it was.
    """
    real = Path(os.path.realpath(target))
    real.parent.mkdir(parents=True, exist_ok=True)
    with open_workplace(real.parent) as place:
        made = place / "made"
        made.mkdir()
        fill(made)
        for path in made.rglob("*"):
            sync(path)
        with locked(real.parent):
            if os.path.lexists(real) and not _swap(made, real):
                os.replace(real, place / "before")
            if made.exists() and not os.path.lexists(real):
                os.replace(made, real)
        sync(real.parent)


def finish_replacement(target: Path, names: Sequence[str]) -> None:
    """Finish a replacement of these names that was killed on its way, if one was."""
    real = Path(os.path.realpath(target))
    if (real / _COMMIT).is_dir():
        with locked(real.parent, real):
            _finish(real, names)


def _replace(real: Path, names: Sequence[str], fill: Callable[[Path], None], where: Path) -> None:
    with open_workplace(where) as made:
        fill(made)
        for path in made.iterdir():
            sync(path)
        sync(made)
        with locked(real.parent, real):
            if not os.path.lexists(real):
                made.rename(real)
            else:
                _finish(real, names)
                if where == real or not _exchange(made, real, names):
                    (made / _LIST).write_text("\n".join(sorted(os.listdir(made))))
                    sync(made / _LIST)
                    made.rename(real / _COMMIT)
                    _finish(real, names)
        sync(real)
        sync(real.parent)


def _finish(real: Path, names: Sequence[str]) -> None:
    """Move what is committed to its names; can be begun anew at any point."""
    commit = real / _COMMIT
    if not commit.is_dir():
        return
    if (commit / _LIST).is_file():
        listed = set((commit / _LIST).read_text().split("\n"))
        if (commit / names[-1]).exists():
            (real / names[-1]).unlink(missing_ok=True)
        for name in names:
            if (commit / name).exists():
                os.replace(commit / name, real / name)
            elif name not in listed:
                (real / name).unlink(missing_ok=True)
        (commit / _LIST).unlink()
    commit.rmdir()


def _exchange(made: Path, real: Path, names: Sequence[str]) -> bool:
    """Exchange a folder for the new one, with all else that it holds; False where it cannot be."""
    others = [entry.name for entry in os.scandir(real) if entry.name not in names]
    try:
        ready = _carry(made, real, others)
    except OSError:
        ready = False
    if not ready or not _swap(made, real):
        for other in others:
            (made / other).unlink(missing_ok=True)
        return False
    for entry in os.scandir(made):  # what came while this was done
        if entry.name not in names and not os.path.lexists(real / entry.name):
            os.rename(entry.path, real / entry.name)
    return True


def _carry(made: Path, real: Path, others: Sequence[str]) -> bool:
    """Give a new folder the rights of the old one, and links to its other files.

    False where a process stands in the old one, or where it holds folders.
    """
    within = Path(os.path.realpath(Path.cwd())).is_relative_to(real)
    if within or any((real / other).is_dir() for other in others):
        return False
    shutil.copystat(real, made)
    kept, new = real.stat(), made.stat()
    if (kept.st_uid, kept.st_gid) != (new.st_uid, new.st_gid):
        os.chown(made, kept.st_uid, kept.st_gid)
    for other in others:
        os.link(real / other, made / other, follow_symlinks=False)
    return True


def _swap(one: Path, other: Path) -> bool:
    """Exchange two paths at once; False where the system or its file system cannot."""
    if sys.platform != "linux":
        return False
    call = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if call is None:
        return False
    return bool(call(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0)


def _is_mount(real: Path) -> bool:
    """Return True where something is mounted here, also a folder of the same file system."""
    if os.path.ismount(real):
        return True
    try:
        mounts = Path("/proc/self/mountinfo").read_bytes().splitlines()
    except OSError:
        return False
    escaped = os.fsencode(real)
    for sign in (b"\\", b" ", b"\t", b"\n"):
        escaped = escaped.replace(sign, b"\\%03o" % sign[0])
    return any(line.split()[4] == escaped for line in mounts)
