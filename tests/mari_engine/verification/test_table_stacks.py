"""Tables that lie one behind the other in one of the rewritten model's, compared in every row."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from mari_engine import Certificate, Labels, Model, load, plan, verify
from mari_engine.verification.table_stacks import list_stacked
from sample_models import labels_path, sample_path
from support.builders import build
from support.rewrite_checks import roles

RNG = np.random.default_rng(8)
USERS, ITEMS = (RNG.standard_normal((rows, 4)).astype(np.float32) for rows in (300, 500))
LABELS = roles(user_id="user", item_id="item")
LOOKUPS = "u = Gather (A, user_id) i = Gather (B, item_id) "
STACKED = "m = Add (item_id, behind) u = Gather (AB, user_id) i = Gather (AB, m) "
REST = "c = Concat <axis = 1> (u, i) y = MatMul (c, V)"


def model(lookups: str, **tables: np.ndarray) -> Model:
    held = {"V": np.ones((8, 1), np.float32), "behind": np.array([300]), **tables}
    inputs = "int64[N] user_id, int64[N] item_id"
    data = build(lookups + REST, inputs=inputs, outputs="float[N, 1] y", weights=held)
    return load(data, name="m")


def check(stack: np.ndarray) -> Certificate:
    return verify(model(LOOKUPS, A=USERS, B=ITEMS), model(STACKED, AB=stack), LABELS)


def test_each_table_in_a_stack_is_a_constant_that_is_compared() -> None:
    found = check(np.concatenate([USERS, ITEMS]))
    assert found.passed, found.reason
    assert "3 constants in every element" in found.inside


def test_a_row_of_a_stack_that_no_request_reaches() -> None:
    stack = np.concatenate([USERS, ITEMS])
    stack[217, 1] += 1
    assert check(stack).reason == (
        "constant 'AB': 1 of the 1200 elements of 'A' in it are not the original's, the first at "
        "[217, 1]"
    )
    stack = np.concatenate([ITEMS, USERS])
    stack[[500 + 40, 500 + 41]] = stack[[500 + 41, 500 + 40]]
    turned = "m = Add (user_id, behind) u = Gather (AB, m) i = Gather (AB, item_id) "
    second = model(turned, AB=stack, behind=np.array([500]))
    assert verify(model(LOOKUPS, A=USERS, B=ITEMS), second, LABELS).reason == (
        "constant 'AB': 8 of the 1200 elements of 'A' in it are not the original's, the first at "
        "[540, 0]"
    )


def test_tables_that_begin_alike_are_told_apart() -> None:
    """Both begin with rows of padding."""
    users, items = USERS.copy(), ITEMS.copy()
    users[:2], items[:2] = 0, 0
    original = model(LOOKUPS, A=items, B=users)
    stack = np.concatenate([items, users])
    second = model(STACKED.replace("behind", "after"), AB=stack, after=np.array([500]))
    found = verify(original, second, LABELS)
    assert found.passed, found.reason
    assert "3 constants in every element" in found.inside


def test_a_table_of_other_numbers_is_no_stack() -> None:
    """Rows twice as large, behind a weight of a half: the same scores of other constants."""
    stack = np.concatenate([USERS, ITEMS]) * 2
    second = model(STACKED, AB=stack, V=np.full((8, 1), 0.5, np.float32))
    found = verify(model(LOOKUPS, A=USERS, B=ITEMS), second, LABELS)
    assert found.passed, found.reason
    assert not any("constant" in words for words in found.inside)


def test_what_the_engine_stacks_is_found_in_the_file_that_it_writes() -> None:
    original = load(sample_path("wide_deep_packed"))
    labels = Labels.load(labels_path("wide_deep_packed"))
    planned = plan(original, labels, candidates=500)
    data = ir.to_proto(planned.optimized.ir).SerializeToString()
    again = load(data, name="again")
    (stack,) = (
        each.const_value
        for each in again.ir.graph.initializers.values()
        if each.shape == ir.Shape([2470, 16])
    )
    tables = {
        name: each.const_value
        for name, each in original.ir.graph.initializers.items()
        if name.startswith("deep.tables") and each.const_value is not None
    }
    assert stack is not None
    found = list(list_stacked(stack, tables))
    assert {each.name for each in found} == set(tables)
    assert all(np.array_equal(each.rows, each.table) for each in found)
