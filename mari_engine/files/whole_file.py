"""One file, written as a whole."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from mari_engine.files.workplace import open_workplace, sync


def write_whole(path: str | Path, data: str | bytes) -> None:
    """Write a file, text as UTF-8: who reads it sees the old contents or the new, and never less.

    It keeps its permissions, and a link to it stays one. What is no file, such as `/dev/stdout`,
    is written to as it is. Raises OSError, and leaves what was there.
    """
    contents = data.encode() if isinstance(data, str) else data
    place = Path(os.path.realpath(path))
    try:
        mode = place.stat().st_mode
    except FileNotFoundError:
        mode = None
    try:
        if mode is not None and not stat.S_ISREG(mode):
            Path(path).write_bytes(contents)
            return
        with open_workplace(place.parent, for_file=True) as made:
            made.write_bytes(contents)
            if mode is not None:
                made.chmod(stat.S_IMODE(mode))
            sync(made)
            os.replace(made, place)
        sync(place.parent)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
