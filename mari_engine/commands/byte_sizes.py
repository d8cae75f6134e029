"""Numbers of bytes as people write them: 512, 2kB, 1GB/s."""

from __future__ import annotations

import re
from decimal import Decimal

import typer

_WRITTEN = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)\s*([kKMGT]i?)?B?(/s)?")
_UNITS = ("", "k", "M", "G", "T")


def read_bytes(text: str, option: str, *, per_second: bool = False) -> int:
    """Return a whole number of bytes, at least 1; with `per_second`, of bytes each second.

    k, M, G and T are powers of 1,000, with an `i` behind them of 1,024. Raises BadParameter naming
    the option.

    >>> read_bytes("1.5KiB", "--bytes"), read_bytes("1GB/s", "--bandwidth", per_second=True)
    (1536, 1000000000)
    """
    found = _WRITTEN.fullmatch(text.strip())
    number = 0
    if found is not None and (per_second or found[3] is None):
        unit = found[2] or ""
        base = 1024 if unit.endswith("i") else 1000
        power = _UNITS.index(unit.removesuffix("i").replace("K", "k"))
        number = int(Decimal(found[1]) * base**power)
    if number < 1:
        example = "1GB/s" if per_second else "512 or 2kB"
        raise typer.BadParameter(
            f"{option} {text!r} is no number of bytes{' a second' if per_second else ''}; write "
            f"for instance {example}"
        )
    return number
