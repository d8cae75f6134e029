"""Figures are written one way everywhere."""

from __future__ import annotations

import pytest

from mari_engine.wording import format_count, format_seconds, format_times


@pytest.mark.parametrize(
    ("number", "unit", "text"),
    [
        (0, "B", "0 B"),
        (999, "", "999"),
        (1000, "B", "1 kB"),
        (1_234_567, "FLOP", "1.23 MFLOP"),
        (999_600, "", "1 M"),
    ],
)
def test_counts_have_three_digits_and_a_prefix(number: float, unit: str, text: str) -> None:
    assert format_count(number, unit) == text


@pytest.mark.parametrize(
    ("duration", "text"), [(1.5, "1.5 s"), (0.0123, "12.3 ms"), (4e-5, "40 µs"), (5e-8, "50 ns")]
)
def test_durations_are_in_the_unit_that_fits(duration: float, text: str) -> None:
    assert format_seconds(duration) == text


def test_ratios_have_one_decimal_while_they_are_small() -> None:
    assert [format_times(3.444), format_times(1234.0)] == ["3.44×", "1,234×"]
