from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mari_engine.errors import LabelError
from mari_engine.graph import Model
from mari_engine.labeling import check_labels, propose_labels
from mari_engine.loading import load
from mari_engine.types import InputLabel, Labels, Role
from support.builders import build, ranking_tower

SAMPLES = Path(__file__).parents[3] / "sample_models"
TABLE = np.zeros((5, 2), np.float32)


def at(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int64)


def one_shot(user: str = "a", item: str = "b") -> Model:
    """One row, repeated for the rows of the other input and joined with it; no telling name."""
    return load(
        build(
            f"""
            n = Shape <start = 0, end = 1> ({item})
            k = Concat <axis = 0> (n, width)
            u = Expand ({user}, k)
            j = Concat <axis = 1> (u, {item})
            y = Relu (j)
            """,
            inputs=f"float[1, 4] {user}, float[N, 3] {item}",
            outputs="float[N, 7] y",
            weights={"width": at(4)},
        )
    )


def packed(user_table: str = "emb_user_id_weight") -> Model:
    """Two ids and four dense columns in one input; the tables have telling names."""
    return load(
        build(
            f"""
            a = Slice (x, c0, c1, last)
            b = Slice (x, c1, c2, last)
            d = Slice (x, c2, c6, last)
            i = Cast <to = 7> (a)
            j = Cast <to = 7> (b)
            u = Gather ("{user_table}", i)
            v = Gather (goods_brand_table, j)
            uf = Reshape (u, flat)
            vf = Reshape (v, flat)
            all = Concat <axis = 1> (uf, d, vf)
            y = Relu (all)
            """,
            inputs="float[N, 6] x",
            outputs="float[N, 8] y",
            weights={
                user_table: TABLE,
                "goods_brand_table": np.zeros((9, 2), np.float32),
                "flat": at(-1, 2),
                "last": at(1),
                **{f"c{number}": at(number) for number in (0, 1, 2, 6)},
            },
        )
    )


def test_names_that_cannot_be_mistaken_are_certain() -> None:
    labels = propose_labels(load(ranking_tower()))
    assert {name: label.role for name, label in labels.inputs.items()} == {
        "user": Role.USER,
        "item": Role.ITEM,
    }
    assert labels.confidence == 1.0


def test_one_row_beside_a_free_number_is_the_requests() -> None:
    label = propose_labels(one_shot()).inputs["a"]
    assert (label.role, label.confidence) == (Role.USER, 1.0)
    assert label.evidence == (
        "it has one row while others have a free number of rows",
        "its row is repeated for the rows of 'b'",
    )


def test_rows_that_others_are_repeated_for_are_candidates() -> None:
    label = propose_labels(one_shot()).inputs["b"]
    assert (label.role, label.confidence) == (Role.ITEM, 1.0)
    assert "it tells how often the row of 'a' is repeated" in label.evidence


def test_a_name_that_contradicts_the_graph_is_told_and_not_certain() -> None:
    label = propose_labels(one_shot(user="item_vector")).inputs["item_vector"]
    assert label.confidence == 0.5
    assert "but the input's name 'item_vector' says 'item'" in label.evidence


def test_a_packed_input_is_labelled_by_column() -> None:
    (label,) = propose_labels(packed()).inputs.values()
    told = [(c.start, c.stop, c.name, c.role, c.range, c.integer) for c in label.columns]
    assert told == [
        (0, 1, "user_id", Role.USER, (0, 5), True),
        (1, 2, "goods_brand", Role.ITEM, (0, 9), True),
        (2, 6, "x[2:6]", Role.ITEM, None, False),
    ]
    assert [column.confidence for column in label.columns] == [1.0, 1.0, 0.3]


def test_a_table_of_tensorflows_lookup_is_read_by_its_feature() -> None:
    (label,) = propose_labels(packed("fm/sparse_emb_user_id/embedding_lookup/7:0")).inputs.values()
    column = label.columns[0]
    assert (column.name, column.role, column.confidence) == ("sparse_emb_user_id", Role.USER, 1.0)


def test_ids_that_are_joined_before_their_lookups_keep_their_own_tables() -> None:
    """Each is reshaped to `[rows of it, -1]`, an extent that ONNX's inference leaves unknown."""
    columns = "".join(
        f"n{at} = Shape <end = 1> ({name})\n t{at} = Concat <axis = 0> (n{at}, back)\n"
        f"c{at} = Reshape ({name}, t{at})\n"
        for at, name in enumerate("ab")
    )
    model = load(
        build(
            columns
            + """
            x = Concat <axis = 1> (c0, c1)
            i, j = Split <axis = 1> (x)
            u = Gather (user_id_table, i)
            v = Gather (item_id_table, j)
            y = Concat <axis = 1> (u, v)
            """,
            inputs="int64[N] a, int64[N] b",
            outputs="float[N, 2, 2] y",
            weights={"back": at(-1), "user_id_table": TABLE, "item_id_table": TABLE[:3]},
        )
    )
    told = {name: (one.role, one.range) for name, one in propose_labels(model).inputs.items()}
    assert told == {"a": (Role.USER, (0, 5)), "b": (Role.ITEM, (0, 3))}


def test_ids_of_the_items_table_in_a_row_are_the_users_history() -> None:
    body = "e = Gather (w, past)\n m = ReduceMean <axes = [1], keepdims = 0> (e)\n"
    body += "f = Gather (w, one)\n y = Concat <axis = 1> (m, f)"
    model = load(
        build(
            body.replace("w", "item_table"),
            inputs="int64[N, 7] past, int64[N] one",
            outputs="float[N, 4] y",
            weights={"item_table": TABLE},
        )
    )
    labels = propose_labels(model).inputs
    assert (labels["past"].role, labels["past"].range) == (Role.USER, (0, 5))
    assert labels["one"].role == Role.ITEM


def test_who_is_in_the_users_table_may_be_a_friend() -> None:
    model = load(
        build(
            "a = Gather (user_table, user_id) b = Gather (user_table, x) y = Add (a, b)",
            inputs="int64[N] user_id, int64[N] x",
            outputs="float[N, 2] y",
            weights={"user_table": TABLE},
        )
    )
    labels = propose_labels(model).inputs
    assert labels["user_id"].confidence == 1
    assert labels["x"].confidence < 1


def test_an_input_that_nothing_reads_needs_no_thought() -> None:
    data = build("y = Relu (x)", inputs="float[N, 2] x, float[N] z", outputs="float[N, 2] y")
    label = propose_labels(load(data)).inputs["z"]
    assert label.confidence == 1.0
    assert "nothing reads it" in label.evidence[0]


def test_nobody_is_asked_about_rows_that_nothing_reads() -> None:
    """That its rows are free while others have one is a strong clue, and no proof."""
    data = build(
        "one = Expand (u, shape) y = Add (x, one)",
        inputs="float[N, 2] x, float[1, 2] u, float[N] z", outputs="float[N, 2] y",
        weights={"shape": np.array([1, 2])},
    )  # fmt: skip
    label = propose_labels(load(data)).inputs["z"]
    assert (label.role, label.confidence) == (Role.ITEM, 1.0)


@pytest.mark.parametrize(("shape", "role"), [("1, 2", Role.USER), ("N, 2", Role.ITEM)])
def test_nobody_is_asked_about_an_input_that_nothing_reads(shape: str, role: Role) -> None:
    """Exports keep inputs of unused features, and their names may say a side: it has no effect."""
    data = build(
        "y = Relu (x)", inputs=f"float[N, 2] x, float[{shape}] user_context",
        outputs="float[N, 2] y",
    )  # fmt: skip
    label = propose_labels(load(data)).inputs["user_context"]
    assert (label.role, label.confidence) == (role, 1.0)


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.onnx")), ids=lambda path: path.stem)
def test_no_certain_proposal_is_wrong_on_the_samples(path: Path) -> None:
    """A certain proposal must agree in side with what the sample's maker says."""
    model, truth = load(path), Labels.load(path.with_suffix(".labels.json"))
    check_labels(model, truth)
    proposed = propose_labels(model)
    check_labels(model, proposed)
    for name, label in truth.inputs.items():
        for start, part in ((c.start, c) for c in label.columns or ()):
            found = part_at(proposed.inputs[name], start)
            assert found.confidence < 1 or found.role.per_request == part.role.per_request
        if label.role is not None:
            found = part_at(proposed.inputs[name], 0)
            assert found.role.per_request == label.role.per_request
            assert found.confidence == 1.0 or "table" in " ".join(found.evidence)


def part_at(label: InputLabel, column: int) -> Any:
    parts = [part for part in label.columns if part.start <= column < part.stop]
    return parts[0] if parts else label


def labelled(**inputs: Any) -> Labels:
    return Labels.from_json({"version": 1, "inputs": inputs})


def columns(*bounds: tuple[int, int], **more: Any) -> dict[str, Any]:
    return {"columns": [{"start": a, "stop": b, "role": "user", **more} for a, b in bounds]}


USER = {"role": "user"}
WRONG = [
    ({"user": USER, "item": USER, "itm": USER}, "input 'itm' is not in the model"),
    ({"user": USER}, "input 'item' has no label"),
    ({"user": USER, "item": columns((0, 2), (1, 3))}, "column 1 is labelled twice"),
    ({"user": USER, "item": columns((0, 1), (2, 3))}, "columns 1 to 2 have no label"),
    ({"user": USER, "item": columns((0, 2))}, "columns 2 to 3 have no label"),
    ({"user": USER, "item": columns((0, 4))}, "it has 3 columns, the labels go to 4"),
]


@pytest.mark.parametrize(("inputs", "message"), WRONG, ids=[message for _, message in WRONG])
def test_labels_that_do_not_fit_are_refused(inputs: dict[str, Any], message: str) -> None:
    with pytest.raises(LabelError) as refused:
        check_labels(load(ranking_tower()), labelled(**inputs))
    assert message in str(refused.value)


def test_columns_need_a_known_last_axis() -> None:
    model = load(build("y = Relu (x)", inputs="float[N, L] x", outputs="float[N, L] y"))
    with pytest.raises(LabelError, match="its last axis has no known extent; label it as a whole"):
        check_labels(model, labelled(x=columns((0, 2))))


RANGES = [((0, 6), False), ((0, 5), True), ((-1, 5), False), ((1, 3), True)]


@pytest.mark.parametrize(("bounds", "fits"), RANGES)
def test_a_range_must_stay_inside_the_table(bounds: tuple[int, int], fits: bool) -> None:
    first = {"start": 0, "stop": 1, "role": "user", "range": list(bounds)}
    labels = labelled(x={"columns": [first, *columns((1, 2), (2, 6))["columns"]]})
    if fits:
        check_labels(packed(), labels)
        return
    with pytest.raises(LabelError, match=r"columns 0 to 1: range .* leaves the table's \[0, 5\)"):
        check_labels(packed(), labels)
