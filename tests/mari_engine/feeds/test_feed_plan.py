from dataclasses import replace

import numpy as np
import pytest

from mari_engine.errors import FeedError, LabelError
from mari_engine.feeds import bind_feeds, make_feeds, plan_feeds
from mari_engine.feeds.random_features import Feature, draw_feature
from mari_engine.graph import Model
from mari_engine.loading import load
from mari_engine.types import Column, InputBinding, InputLabel, Interface, Labels, Role, Signature
from support.builders import build, build_proto

USER, ITEM = InputLabel(role=Role.USER), InputLabel(role=Role.ITEM)


def model(inputs: str, body: str = "y = Identity (item)", **weights: np.ndarray) -> Model:
    return load(build(body, inputs=inputs, outputs="float[N, 3] y", weights=weights))


def test_per_request_features_are_one_row_repeated() -> None:
    vanilla = model("float[N, 4] user, float[N, 3] item")
    labels = Labels({"user": USER, "item": replace(ITEM, axis=0)})
    feeds = make_feeds(vanilla, labels, batch=5, seed=0)
    assert (feeds["user"].shape, feeds["item"].shape) == ((5, 4), (5, 3))
    assert np.array_equal(feeds["user"], feeds["user"][:1].repeat(5, 0))
    assert len(np.unique(feeds["item"], axis=0)) == 5
    assert all(array.dtype == np.float32 for array in feeds.values())


def test_one_shot_inputs_stay_one_row() -> None:
    one_shot = model("float[1, 4] user, float[N, 3] item")
    feeds = make_feeds(one_shot, Labels({"user": USER, "item": ITEM}), batch=5, seed=0)
    assert feeds["user"].shape == (1, 4)


def test_a_history_has_its_own_length_everywhere() -> None:
    text = "float[N, L] history, float[1, L, 2] weights, float[N, 3] item, float[L] places"
    labels = Labels({"history": USER, "weights": USER, "item": ITEM, "places": USER})
    for seed in range(5):
        feeds = make_feeds(model(text), labels, batch=7, seed=seed)
        length = feeds["history"].shape[1]
        assert 2 <= length <= 6
        assert feeds["weights"].shape == (1, length, 2)
        assert feeds["places"].shape == (length,)


def test_an_empty_history_has_a_length_of_zero() -> None:
    text = "float[N, L, 2] history, int64[N] hist_len, float[N, 3] item"
    plan = plan_feeds(model(text), Labels({"history": USER, "hist_len": USER, "item": ITEM}))
    assert plan.draw(batch=2, seed=0, length=0)["hist_len"].tolist() == [0, 0]


def test_extents_may_be_worked_out_from_others() -> None:
    text = "float[N, L] history, float[1, M] pairs, float[N, 3] item"
    proto = build_proto("y = Identity (item)", inputs=text, outputs="float[N, 3] y")
    proto.graph.input[1].type.tensor_type.shape.dim[1].dim_param = "2*L"
    labels = Labels({"history": USER, "pairs": USER, "item": ITEM})
    feeds = make_feeds(load(proto.SerializeToString()), labels, batch=2, seed=1)
    assert feeds["pairs"].shape[1] == 2 * feeds["history"].shape[1]


def test_an_extent_of_thousands_of_parentheses_is_refused() -> None:
    proto = build_proto("y = Identity (item)", inputs="float[N, 3] item, float[M] more",
                        outputs="float[N, 3] y")  # fmt: skip
    proto.graph.input[1].type.tensor_type.shape.dim[0].dim_param = "N*(" * 5000
    with pytest.raises(
        FeedError, match=r"input 'more': extent 'N\*\(N.*\.\.\.' cannot be worked out"
    ):
        make_feeds(
            load(proto.SerializeToString()), Labels({"item": ITEM, "more": USER}), batch=2, seed=0
        )


def test_axes_may_have_any_name_or_none() -> None:
    text = "float[N, 3] item, float[A, B] user, float[C, 2] more"
    proto = build_proto("y = Identity (item)", inputs=text, outputs="float[N, 3] y")
    for value, names in zip(
        proto.graph.input, (("my-batch", ""), ("", ""), ("b 1", "")), strict=True
    ):
        for dim, name in zip(value.type.tensor_type.shape.dim, names, strict=True):
            if not dim.HasField("dim_value"):
                dim.Clear()
                dim.dim_param = name
    labels = Labels({"item": ITEM, "user": USER, "more": USER})
    feeds = make_feeds(load(proto.SerializeToString()), labels, batch=7, seed=0)
    assert [len(feeds[name]) for name in ("item", "user", "more")] == [7, 7, 7]
    assert feeds["user"].shape[1] in range(2, 7)


def test_candidates_may_lie_along_another_axis() -> None:
    text = "float[L, N, 3] history, float[N, 3] item"
    feeds = make_feeds(model(text), Labels({"history": USER, "item": ITEM}), batch=5, seed=0)
    assert feeds["history"].shape[1:] == (5, 3)
    assert np.array_equal(feeds["history"], feeds["history"][:, :1].repeat(5, 1))
    assert len(np.unique(feeds["history"])) == 3 * len(feeds["history"])


def test_the_same_seed_gives_the_same_request() -> None:
    plan = plan_feeds(model("float[N, 3] item"), Labels({"item": ITEM}))
    first, again, other = (plan.draw(batch=3, seed=seed)["item"] for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_ids_stay_inside_the_tables_they_index() -> None:
    table = np.ones((6, 3), np.float32)
    text = "int64[N] id, float[N, 3] item"
    found = model(text, "e = Gather (T, id) y = Add (item, e)", T=table)
    ids = make_feeds(found, Labels({"id": ITEM, "item": ITEM}), batch=300, seed=0)["id"]
    assert set(ids) == set(range(6))


def test_labels_go_before_what_the_graph_tells() -> None:
    text = "int64[N] id, float[N, 3] item"
    narrow = InputLabel(role=Role.ITEM, range=(3, 5))
    found = model(text, "e = Gather (T, id) y = Add (item, e)", T=np.ones((6, 3), np.float32))
    ids = make_feeds(found, Labels({"id": narrow, "item": ITEM}), batch=50, seed=0)["id"]
    assert set(ids) == {3, 4}


def test_packed_columns_follow_their_own_labels() -> None:
    columns = (
        Column(start=0, stop=1, role=Role.USER, range=(2, 9), integer=True),
        Column(start=1, stop=3, role=Role.ITEM, range=(0.5, 0.75)),
        Column(start=3, stop=4, role=Role.CONTEXT),
    )
    labels = Labels({"x": InputLabel(columns=columns)})
    packed = load(build("y = Neg (x)", inputs="float[N, 4] x", outputs="float[N, 4] y"))
    x = make_feeds(packed, labels, batch=40, seed=3)["x"]
    assert len(np.unique(x[:, 0])) == 1
    assert x[0, 0] in range(2, 9)
    assert len(np.unique(x[:, 1:3])) == 80
    assert np.all((x[:, 1:3] >= 0.5) & (x[:, 1:3] < 0.75))
    assert len(np.unique(x[:, 3])) == 1


def test_float_ids_in_packed_inputs_are_found_in_the_graph() -> None:
    packed = load(
        build(
            """
            raw = Slice (x, zero, one, one)
            id = Cast <to = 7> (raw)
            e = Gather (T, id)
            f = Squeeze (e, one)
            y = Add (f, x)
            """,
            inputs="float[N, 3] x",
            outputs="float[N, 3] y",
            weights={
                "T": np.ones((6, 3), np.float32), "zero": np.array([0]), "one": np.array([1]),
            },
        )
    )  # fmt: skip
    x = make_feeds(packed, Labels({"x": ITEM}), batch=200, seed=0)["x"]
    assert set(x[:, 0]) == set(range(6))
    assert len(np.unique(x[:, 1])) == 200


def test_a_fixed_batch_is_told() -> None:
    fixed = load(build("y = Neg (item)", inputs="float[2, 3] item", outputs="float[2, 3] y"))
    plan = plan_feeds(fixed, Labels({"item": ITEM}))
    assert plan.fixed_batch == 2
    assert plan.draw(batch=2, seed=0)["item"].shape == (2, 3)
    with pytest.raises(FeedError, match="fixed at 2 candidates, not 3; ask for 2"):
        plan.draw(batch=3, seed=0)


def test_as_many_fixed_rows_as_candidates_may_be_a_history() -> None:
    made = load(build("y = Add (user, item)", inputs="float[5, 4] user, float[1, 5, 4] item",
                      outputs="float[1, 5, 4] y"))  # fmt: skip
    labels = Labels({"item": ITEM, "user": InputLabel(role=Role.USER)})
    plan = plan_feeds(made, labels)
    assert len(np.unique(plan.draw(batch=5, seed=0)["user"], axis=0)) == 1
    assert len(np.unique(plan.draw(batch=5, seed=0, apart=True)["user"], axis=0)) == 5
    told = Labels({**labels.inputs, "user": InputLabel(role=Role.USER, axis=0)})
    drawn = plan_feeds(made, told).draw(batch=5, seed=0, apart=True)
    assert len(np.unique(drawn["user"], axis=0)) == 1


def test_an_unlabelled_input_is_refused() -> None:
    with pytest.raises(LabelError, match="input 'item' has no role; label it"):
        plan_feeds(model("float[N, 3] item"), Labels({}))


RNG = np.random.default_rng


@pytest.mark.parametrize(
    ("feature", "low", "high"),
    [
        (Feature(name="id", dtype=np.dtype("int32")), 0, 1),
        (Feature(name="id", dtype=np.dtype("int32"), bounds=(-2, 3)), -2, 2),
        (Feature(name="id", dtype=np.dtype("float32"), bounds=(0.5, 3.5), whole=True), 1, 3),
        (Feature(name="seq_len", dtype=np.dtype("int64")), 1, 4),
        (Feature(name="hist.length", dtype=np.dtype("int64"), bounds=(0, 2)), 0, 1),
        (Feature(name="att_mask", dtype=np.dtype("float32")), 0, 1),
        (Feature(name="mask", dtype=np.dtype("int64")), 0, 1),
    ],
)
def test_whole_features_take_every_value_of_their_range(
    feature: Feature, low: int, high: int
) -> None:
    values = draw_feature(feature, (200,), RNG(0), longest=4)
    assert values.dtype == feature.dtype
    assert set(values) == set(range(low, high + 1))


def test_no_row_is_masked_out_whole() -> None:
    mask = draw_feature(Feature(name="m", dtype=np.dtype(bool)), (50, 3), RNG(0), longest=3)
    assert mask.dtype == bool
    assert np.all(mask.any(1))
    assert not np.any(mask.all(1))


def test_texts_are_texts() -> None:
    texts = draw_feature(Feature(name="t", dtype=np.dtype(object)), (9,), RNG(0), longest=1)
    assert set(texts) == {"0", "1"}


def test_feeds_are_bound_as_the_manifest_says() -> None:
    x = np.arange(12, dtype=np.float32).reshape(3, 4)
    interface = Interface(
        (
            InputBinding("u", "float32", (1, 2), "request", "x", (3, 0)),
            InputBinding("i", "float32", ("N", 2), "candidate", "x", (2, 1)),
            InputBinding("z", "float32", ("N", 4), "request", "x"),
        ),
        (),
    )
    compact = bind_feeds({"x": x}, interface, Signature.COMPACT)
    assert np.array_equal(compact["u"], [[3, 0]])
    assert np.array_equal(compact["i"], [[2, 1], [6, 5], [10, 9]])
    assert np.array_equal(compact["z"], x[:1])
    assert all(array.flags.c_contiguous for array in compact.values())
    assert np.array_equal(bind_feeds({"x": x}, interface, Signature.DROP_IN)["z"], x)
    with pytest.raises(FeedError, match="input 'x' is missing from the request; add it"):
        bind_feeds({}, interface, Signature.COMPACT)


def test_items_of_one_request_leave_their_number_free() -> None:
    """`[1, N, 3]`: the leading 1 is the request, and no number of candidates."""
    text = "float[1, N, 3] item"
    model = load(build("y = Neg (item)", inputs=text, outputs="float[1, N, 3] y"))
    plan = plan_feeds(model, Labels({"item": ITEM}))
    assert plan.fixed_batch is None
    assert plan.draw(batch=5, seed=0)["item"].shape == (1, 5, 3)
    assert plan.batch_of(plan.draw(batch=5, seed=0)) == 5


def test_a_number_of_candidates_along_a_stated_axis() -> None:
    text = "float[1, 50, 3] item"
    model = load(build("y = Neg (item)", inputs=text, outputs="float[1, 50, 3] y"))
    plan = plan_feeds(model, Labels({"item": replace(ITEM, axis=1)}))
    assert plan.fixed_batch == 50
    assert plan.batch_of(plan.draw(batch=50, seed=0)) == 50
