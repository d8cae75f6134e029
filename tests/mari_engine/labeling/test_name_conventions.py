"""Names of real features: none is wrongly certain, and doubt goes to the candidate's side."""

from __future__ import annotations

from collections import Counter

import pytest

from mari_engine.labeling.name_conventions import read_convention, split_words
from mari_engine.types import Role
from support.name_table import main, rows


def test_the_table_is_large_and_of_many_sources() -> None:
    found = rows()
    assert len({row["name"] for row in found}) >= 600
    assert len({row["source"] for row in found}) >= 20
    assert {row["side"] for row in found} == {"request", "candidate", "unknown"}


def test_no_name_is_wrongly_certain() -> None:
    wrong = [
        (row["source"], row["name"])
        for row in rows()
        if (said := read_convention(row["name"])) is not None
        and said.certain
        and row["side"] != ("request" if said.role.per_request else "candidate")
    ]
    assert not wrong


def test_the_table_of_what_is_proposed_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    main()
    printed = capsys.readouterr().out
    assert printed.startswith(f"{len(rows())} names of ")
    assert "certain, right" in printed
    assert "certain, wrong" not in printed


def test_enough_names_are_certain_to_be_of_use() -> None:
    count = Counter(
        row["side"] for row in rows() if (said := read_convention(row["name"])) and said.certain
    )
    assert count["request"] >= 100
    assert count["candidate"] >= 100


READ = [
    ("user_id", Role.USER, True),
    ("userAge", Role.USER, True),
    ("uid", Role.USER, True),
    ("user_hist_items", Role.USER, True),
    ("embedding_dict.user_id.weight", Role.USER, True),
    ("model/sparse_emb_user_id/embedding_lookup/15438:0", Role.USER, True),
    ("deep_fm/user_id/embedding_lookup", Role.USER, True),
    ("author/user_id/embedding_lookup", Role.CROSS, False),
    ("network.embedding_dict.user_id.weight", Role.USER, True),
    ("network.deep.fields.tables.item_id.weight", Role.ITEM, True),
    ("network.receiver.user_id.weight", Role.USER, False),
    ("network_type", Role.CONTEXT, False),
    ("gender", Role.USER, False),
    ("income", Role.USER, False),
    ("u_level", Role.USER, False),
    ("hist_item_ids", Role.USER, True),
    ("cart_items", Role.USER, False),
    ("last_n_items", Role.USER, False),
    ("ctx_hour", Role.CONTEXT, True),
    ("device_type", Role.CONTEXT, False),
    ("geo", Role.CONTEXT, False),
    ("q_emb", Role.CONTEXT, False),
    ("item_id", Role.ITEM, True),
    ("asin", Role.ITEM, True),
    ("adid", Role.ITEM, True),
    ("job_id", Role.ITEM, True),
    ("poi", Role.ITEM, True),
    ("candidates", Role.ITEM, True),
    ("d_emb", Role.ITEM, False),
    ("item_id_list", Role.ITEM, False),
    ("cross_7", Role.CROSS, True),
    ("ui_score", Role.CROSS, False),
    ("user_author_affinity", Role.CROSS, False),
    ("user_category_match", Role.CROSS, False),
    ("user_brand_ctr", Role.CROSS, False),
    ("distance_to_user", Role.CROSS, False),
    ("uid_adid_ctr", Role.CROSS, False),
    ("user_hist_cate_ctr", Role.CROSS, False),
    ("hist_item_overlap", Role.CROSS, False),
    ("seen_by_user", Role.CROSS, False),
    ("engaged_with_user_id", Role.CROSS, False),
    ("author_user_id", Role.CROSS, False),
    ("bought_together", Role.CROSS, False),
    ("viewed_also", Role.CROSS, False),
    ("recent_buyers", Role.CROSS, False),
    ("users_bought_last_week", Role.USER, False),
    ("users", Role.USER, False),
    ("user_rating", Role.CROSS, False),
    ("user_reviews_mean", Role.CROSS, False),
    ("user_follower", Role.USER, True),
    ("user_id_2", Role.USER, False),
    ("user2_id", Role.USER, False),
    ("user_id_28", Role.USER, True),
    ("hist_item_clicks", Role.USER, False),
    ("hist_clicked_items", Role.USER, True),
    ("history_candidate_ids", Role.USER, False),
    ("context", Role.CONTEXT, False),
    ("job_seeker_id", Role.ITEM, False),
    ("product_buyer_id", Role.ITEM, False),
    ("ad_blocker", Role.ITEM, False),
]


@pytest.mark.parametrize(("name", "role", "certain"), READ)
def test_a_name_is_read_by_its_words_and_their_order(name: str, role: Role, certain: bool) -> None:
    said = read_convention(name)
    assert said is not None
    assert (said.role, said.certain) == (role, certain)


@pytest.mark.parametrize(
    "name", ["x", "input_3", "onnx::Gather_12", "i", "", "dense", "C14", "follower_count"]
)
def test_a_name_that_says_nothing_is_not_read(name: str) -> None:
    assert read_convention(name) is None


def test_words_are_split_at_marks_digits_and_capitals() -> None:
    assert split_words("embeddingDict.userId_2/Gather") == [
        "embedding", "dict", "user", "id", "gather",
    ]  # fmt: skip
    assert split_words("reviewerID") == ["reviewer", "id"]
