"""Standard streams of the program: the work goes on where they cannot be written any more."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO


class _Pipe(io.FileIO):
    """A file descriptor that takes whatever is written, also what its reader does not."""

    lost: OSError | None = None
    """Why the rest was dropped: the reader has gone, or a disk is full."""

    def write(self, data: Any, /) -> int:
        """Write and return how many bytes were taken."""
        if self.lost is None:
            try:
                return super().write(data)
            except OSError as error:
                self.lost = error
        return memoryview(data).nbytes


@contextmanager
def outlive_readers() -> Iterator[Callable[[], OSError | None]]:
    """Let a program's work go on where the readers of its output go, as in `| head -1`.

    Yields what tells afterwards why standard output was not written to its end, if it was not.
    """
    kept = sys.stdout, sys.stderr
    out, err = _Pipe(1, "w", closefd=False), _Pipe(2, "w", closefd=False)
    sys.stdout, sys.stderr = _text(out, kept[0]), _text(err, kept[1])
    try:
        yield lambda: out.lost
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        sys.stdout, sys.stderr = kept


def _text(pipe: _Pipe, like: TextIO) -> TextIO:
    """Return a stream of text that looks like the program's own."""
    return io.TextIOWrapper(
        io.BufferedWriter(pipe), encoding=like.encoding, errors=like.errors, line_buffering=True
    )
