"""Works that are kept on the server's disk: one file each, under a name that nobody can guess.

Whoever knows the name may read and replace the file, as with an address that is shared; no list of
names is ever given out. A file is a session file: it holds no model and no request.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import mari_engine as mari
from app.services.server_files import read_arguments

_NAME = re.compile(r"[0-9a-f]{32}")
_UNFINISHED = ".part"


@dataclass(frozen=True)
class Bounds:
    """How much is kept: of what is older or more, the oldest goes first."""

    works: int = 1000
    bytes: int = 1 << 30
    each: int = 16 << 20
    """Bytes of one work."""
    seconds: float = 90 * 86400.0
    """Since it changed last."""


@dataclass(frozen=True)
class KeptWorks:
    """A folder of kept works, readable by this server's user alone."""

    folder: Path
    bounds: Bounds = Bounds()

    def load(self, name: str) -> bytes | None:
        """Return what is kept under this name; None where nothing is, or it is too old or large."""
        place = self._place(name)
        try:
            found = None if place is None else place.stat()
            if place is None or found is None or self._is_old(found.st_mtime):
                return None
            return place.read_bytes() if found.st_size <= self.bounds.each else None
        except OSError:
            return None

    def save(self, name: str, data: bytes) -> None:
        """Keep these bytes under this name, whole or not at all; MariError where that fails."""
        place = self._place(name)
        assert place is not None  # names are made here, never by visitors
        if len(data) > self.bounds.each:
            raise mari.MariError(
                f"work: has {len(data):,} bytes, and at most {self.bounds.each:,} are kept; save it"
                " as a session file"
            )
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            held = place.stat().st_size if place.exists() else -1
            self._replace(place, data)
            if len(data) > held:
                self._make_room()
        except OSError as error:
            raise mari.MariError(
                f"work: cannot be kept on this server ({error.strerror}); save it as a session file"
            ) from error

    def _place(self, name: str) -> Path | None:
        return self.folder / f"{name}.json" if _NAME.fullmatch(name) else None

    def _replace(self, place: Path, data: bytes) -> None:
        handle, part = tempfile.mkstemp(_UNFINISHED, dir=self.folder)  # for its owner's eyes only
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
            os.replace(part, place)
        except OSError:
            with suppress(OSError):
                os.unlink(part)
            raise

    def _make_room(self) -> None:
        """Remove what is too old and, the oldest first, what is too much."""
        number = held = 0
        for changed, size, place in sorted(self._list(), reverse=True):
            number, held = number + 1, held + size
            much = number > self.bounds.works or held > self.bounds.bytes
            if much or self._is_old(changed):
                with suppress(OSError):
                    place.unlink()

    def _list(self) -> Iterator[tuple[float, int, Path]]:
        for place in self.folder.iterdir():
            if _NAME.fullmatch(place.stem) or place.suffix == _UNFINISHED:
                with suppress(OSError):  # another session removed it
                    found = place.stat()
                    yield found.st_mtime, found.st_size, place

    def _is_old(self, changed: float) -> bool:
        return time.time() - changed > self.bounds.seconds


def open_works() -> KeptWorks:
    """Return the works that this server keeps: where its command says, else in the user's state."""
    named = read_arguments(sys.argv[1:]).keep
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    return KeptWorks(Path(named) if named else state / "mari-studio")
