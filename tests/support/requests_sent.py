"""Files as a browser sends them, and a request as one."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np


@dataclass
class Sent:
    """A file as a browser sends it."""

    name: str
    data: bytes

    @property
    def size(self) -> int:
        return len(self.data)

    def getbuffer(self) -> memoryview:
        return memoryview(self.data)


def make_request(*, user: bool, rows: int = 9) -> Sent:
    """A request of `ranking_tower` whose items differ, and the user's features if asked for."""
    rng = np.random.default_rng(0)
    one = rng.normal(size=(rows if user else 1, 4)).astype(np.float32)
    item = rng.normal(size=(rows, 3)).astype(np.float32)
    file = io.BytesIO()
    np.savez(file, user=np.broadcast_to(one, (rows, 4)), item=item)
    return Sent("log.npz", file.getvalue())
