"""Figures and names as text: prefixes, units, ranges, and escapes for terminal and Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence

_PREFIXES = ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_MARKDOWN_MARKS = re.compile(r"([\\`*_\[\]<>#|~&])")


def format_count(number: float, unit: str = "") -> str:
    """Write a number with three digits and a thousand's prefix: `12.3 MFLOP`.

    >>> format_count(12_345_678, "FLOP"), format_count(999_900), format_count(7, "B")
    ('12.3 MFLOP', '1 M', '7 B')
    """
    for factor, prefix in _PREFIXES:
        if abs(number) >= factor * 0.9995:
            return f"{number / factor:.3g} {prefix}{unit}"
    return f"{number:.3g} {unit}".rstrip()


def format_whole(number: float) -> str:
    """Write a number in full, its thousands apart.

    >>> format_whole(1234567), format_whole(0.5), format_whole(2000.0)
    ('1,234,567', '0.5', '2,000')
    """
    return f"{int(number):,}" if float(number).is_integer() else f"{number:,}"


def format_seconds(seconds: float) -> str:
    """Write a duration in the unit that fits.

    >>> format_seconds(0.00321), format_seconds(2.5), format_seconds(4e-8)
    ('3.21 ms', '2.5 s', '40 ns')
    """
    for factor, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if seconds >= factor * 0.9995:
            return f"{seconds / factor:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def format_error(error: float | None) -> str:
    """Write a relative error with two digits, or a dash where none was measured.

    >>> format_error(1.234e-13), format_error(0.0), format_error(None)
    ('1.2e-13', '0', '–')
    """
    if error is None:
        return "–"
    return "0" if error == 0 else f"{error:.1e}"


def format_times(ratio: float) -> str:
    """Write a ratio with three digits, and never less than a whole number.

    >>> format_times(3.444), format_times(12.0), format_times(1234.0)
    ('3.44×', '12.0×', '1,234×')
    """
    return f"{_three_digits(ratio)}×"


def format_band(low: float, high: float) -> str:
    """Write the two ends of a band of ratios, as `format_times` writes what lies between.

    >>> format_band(1.799, 12.345)
    '1.80 to 12.3'
    """
    return f"{_three_digits(low)} to {_three_digits(high)}"


def _three_digits(ratio: float) -> str:
    if ratio < 9.995:
        return f"{ratio:.2f}"
    return f"{ratio:.1f}" if ratio < 99.95 else f"{ratio:,.0f}"


def format_ratio(before: float, after: float) -> str:
    """Write how many times smaller a number became.

    >>> format_ratio(200, 16), format_ratio(5, 0), format_ratio(0, 0)
    ('12.5×', 'all gone', '–')
    """
    if after:
        return format_times(before / after)
    return "all gone" if before else "–"


def make_plain(text: str) -> str:
    """Return text on one line without control characters: names reach terminals, too.

    >>> make_plain("a\\n  b\\x1b[31m")
    'a b?[31m'
    """
    line = " ".join(text.split())
    return "".join(letter if letter.isprintable() else "?" for letter in line)


def format_ranges(numbers: Sequence[int]) -> str:
    """Write whole numbers with runs joined.

    >>> format_ranges((3, 4, 5, 9, 1, 0))
    '3–5, 9, 1, 0'
    """
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{run[0]}–{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs)


class Verbatim(str):
    """Text that Markdown shows as it is where it stands, such as an indented block."""


def escape_markdown(text: object) -> str:
    """Return text on one line that Markdown shows as it is.

    >>> escape_markdown("a|<b>")
    'a\\\\|\\\\<b\\\\>'
    """
    if isinstance(text, Verbatim):
        return text
    return _MARKDOWN_MARKS.sub(r"\\\1", make_plain(str(text)))
