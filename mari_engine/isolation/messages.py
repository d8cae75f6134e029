"""Messages between two processes over pipes: pickled, arrays beside the pickle and not copied.

A message is `count, length of the pickle, length of each of count buffers`, as 8-byte integers,
then the pickle, then the buffers (pickle protocol 5, https://peps.python.org/pep-0574/).
"""

from __future__ import annotations

import io
import pickle
import struct
from collections.abc import Callable
from typing import IO, Any

_LENGTH = struct.Struct("<Q")
_ARRAYS = frozenset({"ndarray", "dtype", "_reconstruct", "_frombuffer", "scalar"})
"""What a pickle of arrays names in the modules of numpy and of its extra dtypes."""


class TooLarge(Exception):
    """A message is larger than the reader takes."""


class _DataOnly(pickle.Unpickler):
    """Reads plain values and arrays, and refuses to make anything else."""

    def find_class(self, module: str, name: str) -> Any:
        package = module.partition(".")[0]
        if (package == "numpy" and name in _ARRAYS) or package == "ml_dtypes":
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name} is no data")


def write_message(pipe: IO[bytes], message: object) -> None:
    """Write one message and flush; raises OSError where nobody reads any more."""
    buffers: list[pickle.PickleBuffer] = []
    head = pickle.dumps(message, protocol=5, buffer_callback=buffers.append)
    raw = [buffer.raw() for buffer in buffers]
    sizes = [len(raw), len(head), *(part.nbytes for part in raw)]
    pipe.write(b"".join(map(_LENGTH.pack, sizes)))
    pipe.write(head)
    for part in raw:
        pipe.write(part)
    pipe.flush()


def read_message(pipe: IO[bytes], *, most: int | None = None) -> Any:
    """Return the next message, whatever it holds: for messages of one's own parent."""
    return _read(pipe, most, pickle.Unpickler)


def read_data(pipe: IO[bytes], *, most: int) -> Any:
    """Return the next message if it holds plain values and arrays only.

    Raises EOFError where the writer has ended, TooLarge above `most` bytes, and UnpicklingError for
    a message that would make other objects.
    """
    return _read(pipe, most, _DataOnly)


def _read(pipe: IO[bytes], most: int | None, unpickler: Callable[..., pickle.Unpickler]) -> Any:
    count = _length(pipe)
    if most is not None and count * _LENGTH.size > most:
        raise TooLarge
    sizes = [_length(pipe) for _ in range(1 + count)]
    if most is not None and sum(sizes) > most:
        raise TooLarge
    head, *buffers = (_exactly(pipe, size) for size in sizes)
    return unpickler(io.BytesIO(head), buffers=buffers).load()


def _length(pipe: IO[bytes]) -> int:
    return int(_LENGTH.unpack(_exactly(pipe, _LENGTH.size))[0])


def _exactly(pipe: IO[bytes], size: int) -> bytearray:
    found = bytearray(size)
    rest = memoryview(found)
    while rest:
        taken = pipe.readinto(rest)  # type: ignore[attr-defined]
        if not taken:
            raise EOFError
        rest = rest[taken:]
    return found
