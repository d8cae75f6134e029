"""How long work reports the share that is done, and is cancelled."""

from __future__ import annotations

from collections.abc import Callable


def report_nothing(share: float, what: str) -> None:
    """Report progress to nobody."""


Progress = Callable[[float, str], None]
"""Called with the share done (0 to 1) and what is being done; raise Cancelled in it to stop."""
