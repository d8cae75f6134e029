"""What the declarations say of labels: the facts that color, cost and rewriting are read from."""

from __future__ import annotations

import pytest

from mari_engine.axes import Along, Axes, Contract, Join, Pointwise, Reduce, Slices, Spec, View
from mari_engine.ops.rule_table import FAMILIES, RULES

ROWS: Axes = (("N",), (4,))


def test_a_rule_stands_once() -> None:
    rules = [rule for family in FAMILIES for rule in family.RULES]
    assert len(rules) == len(RULES)


def test_a_product_without_factors_says_why_it_is_kept() -> None:
    kept = [rule for rule in RULES.values() if rule.product and rule.declare is None]
    assert kept
    assert all(rule.refusal for rule in kept)
    assert not [rule for rule in RULES.values() if rule.refusal and rule.declare is not None]


def test_a_pointwise_result_has_its_own_labels() -> None:
    spec = Pointwise((ROWS, ((4,),)), (ROWS,), maps=((0, 1), (1,)))
    assert spec.labels() == (((0, 1), (1,)), ((0, 1),))
    assert spec.mixing() == frozenset()


def test_a_view_gives_new_labels_to_what_it_introduces() -> None:
    spec = View((((4,),), None), ((("N",), (4,)),), source=(-1, 0))
    assert spec.labels() == (((0,), None), ((1, 0),))


def test_a_reduction_mixes_what_it_takes_unless_it_is_idempotent() -> None:
    gone = Reduce((ROWS,), ((("N",),),), over=(1,))
    assert gone.labels() == (((0, 1),), ((0,),))
    assert gone.mixing() == {1}
    assert Reduce((ROWS,), ((("N",),),), over=(1,), idempotent=True).mixing() == frozenset()


def test_what_works_along_an_axis_mixes_it() -> None:
    spec = Along((ROWS, ((4,),)), (ROWS,), along=(1,))
    assert spec.labels() == (((0, 1), (1,)), ((0, 1),))
    assert spec.mixing() == {1}


def test_a_contraction_knows_the_extent_of_each_label() -> None:
    spec = Contract(
        (ROWS, ((4,), (3,))), ((("N",), (3,)),), terms=((0, 1), (1, 2)), output=(0, 2), weight=2
    )
    assert spec.extents() == {0: "N", 1: 4, 2: 3}
    assert spec.labels() == (((0, 1), (1, 2)), ((0, 2),))


def test_slices_say_what_they_mix() -> None:
    spec = Slices((ROWS,), (ROWS,), terms=((0, 1),), outputs=((0, 1),), mixed=frozenset({0}))
    assert spec.mixing() == {0}


@pytest.mark.parametrize("spec", [Join((ROWS, ROWS), ((("N",), (8,)),), position=1)])
def test_what_moves_whole_columns_has_no_labels(spec: Spec) -> None:
    with pytest.raises(TypeError, match="Join has no labels"):
        spec.labels()
