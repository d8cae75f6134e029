"""Which whole numbers may be any: those that no table binds and of which no extent is made."""

from __future__ import annotations

import numpy as np
import pytest

from mari_engine import InputLabel, Labels, Role, load
from mari_engine.feeds import Values, plan_feeds
from support.builders import build

HELD = {"m": np.array(7), "t": np.eye(7, dtype=np.float32), "one": np.array([1])}
GATHER = "d = Mod (id, m) y = Gather (t, d)"
EXPAND = (
    "d = Mod (id, m) e = Add (d, id) o = Expand (one, e) f = Cast <to = 1> (o) y = ReduceSum (f)"
)

BY_FLOATS = EXPAND.replace("e = Add", "n = Add").replace(
    "o = Expand", "g = Cast <to = 1> (n) e = Cast <to = 7> (g) o = Expand"
)


def largest(body: str, kind: str = "int64", *, bounds: tuple[float, float] | None = None) -> int:
    outputs = "float[N, 7] y" if "Gather" in body else "float y"
    data = build(body, inputs=f"{kind}[N] id", outputs=outputs, weights=HELD)
    plan = plan_feeds(load(data), Labels({"id": InputLabel(role=Role.ITEM, range=bounds)}))
    drawn = plan.draw(batch=20, seed=0, values=Values.ANY_WHOLE)["id"]
    assert plan.has_unbounded == (np.abs(drawn.astype(np.float64)).max() >= 7)
    return int(np.abs(drawn.astype(np.float64)).max())


def test_a_remainder_takes_any() -> None:
    assert largest(GATHER) > 2**32


def test_a_narrow_type_holds_what_it_holds() -> None:
    body = GATHER.replace("(id", "(w").replace("d = Mod", "w = Cast <to = 7> (id) d = Mod")
    assert 2**30 < largest(body, "int32") <= 2**31


@pytest.mark.parametrize(
    "body", ["y = Gather (t, id)", EXPAND, BY_FLOATS], ids=["table", "extent", "extent by floats"]
)
def test_ids_of_tables_and_extents_stay_in_their_range(body: str) -> None:
    assert largest(body) < 7


def test_a_range_that_labels_state_holds() -> None:
    assert largest(GATHER, bounds=(0, 5)) < 5
