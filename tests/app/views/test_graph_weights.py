from __future__ import annotations

from app.views.graph import describe_weight
from mari_engine import WeightSummary


def test_a_distribution_comes_with_its_scale() -> None:
    counts = (1, 2000, 3)
    weight = WeightSummary(
        "W", "float32", (4, 501), 2004, zeros=501, least=-1.5, most=2.25, mean=0.125,
        deviation=0.5, counts=counts,
    )  # fmt: skip
    told = describe_weight(weight)
    assert told["type"] == "float32 [4, 501]"
    assert told["facts"] == [
        ["Elements", "2,004"], ["Mean ± deviation", "0.125 ± 0.5"], ["Zeros", "25.0%"],
    ]  # fmt: skip
    assert (told["least"], told["most"], told["peak"]) == ("-1.5", "2.25", "2 k")
    assert told["counts"] == list(counts)


def test_a_sample_says_that_it_is_one() -> None:
    told = describe_weight(WeightSummary("W", "float32", (10, 1000), 100, counts=(100,)))
    assert ["Judged by", "100 elements from all over it"] in told["facts"]


def test_few_elements_are_shown_instead_of_a_distribution() -> None:
    weight = WeightSummary("axes", "int64", (2,), 2, least=0, most=1, counts=(1, 1), values=(0, 1))
    told = describe_weight(weight)
    assert (told["values"], told["counts"]) == (["0", "1"], [])


def test_hidden_letters_do_not_reach_the_panel() -> None:
    assert describe_weight(WeightSummary("a\u202eb", "float32", (), 0))["name"] == "a b"
