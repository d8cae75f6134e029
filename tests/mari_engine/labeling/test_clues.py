import pytest

from mari_engine.labeling.clues import (
    FAINT,
    MILD,
    STRONG,
    SURE,
    Clue,
    read_name,
    split_words,
    weigh,
)
from mari_engine.types import Role

NAMES = [
    ("user_id", Role.USER, SURE),
    ("userAge", Role.USER, SURE),
    ("uid", Role.USER, SURE),
    ("gender", Role.USER, MILD),
    ("u_level", Role.USER, MILD),
    ("hist_item_ids", Role.USER, STRONG),
    ("user_hist_items", Role.USER, STRONG),
    ("user_seq", Role.USER, SURE),
    ("ctx_hour", Role.CONTEXT, SURE),
    ("device_type", Role.CONTEXT, MILD),
    ("item_id", Role.ITEM, SURE),
    ("item_age", Role.ITEM, SURE),
    ("candidates", Role.ITEM, SURE),
    ("video_length", Role.ITEM, MILD),
    ("i_cate", Role.ITEM, MILD),
    ("user_item_ctr", Role.CROSS, MILD),
    ("cross_7", Role.CROSS, SURE),
    ("ui_score", Role.CROSS, MILD),
    ("device_price", Role.CONTEXT, FAINT),
]


@pytest.mark.parametrize(("name", "role", "strength"), NAMES)
def test_a_names_words_tell_its_role(name: str, role: Role, strength: float) -> None:
    clue = read_name(name, kind="name", where="the name")
    assert clue is not None
    assert (clue.role, clue.strength) == (role, strength)
    assert repr(name) in clue.text


@pytest.mark.parametrize("name", ["x", "input_3", "onnx::Gather_12", "i", "", "dense"])
def test_a_name_that_tells_nothing_is_no_clue(name: str) -> None:
    assert read_name(name, kind="name", where="the name") is None


def test_words_are_split_at_marks_digits_and_capitals() -> None:
    assert split_words("embeddingDict.userId_2/Gather") == [
        "embedding", "dict", "user", "id", "gather",
    ]  # fmt: skip


USER = Clue("name", Role.USER, MILD, "a")
CONTEXT_ROWS = Clue("rows", Role.CONTEXT, MILD, "b")
ITEM = Clue("table", Role.ITEM, MILD, "c")
SURE_ITEM = Clue("name", Role.ITEM, SURE, "d")
STRONG_USER = Clue("name", Role.USER, STRONG, "e")
FAINT_USER = Clue("sequence", Role.USER, FAINT, "f")
ROWS_USER = Clue("rows", Role.USER, SURE, "g")
CONTEXT = Clue("name", Role.CONTEXT, MILD, "h")

WEIGHED = [
    ([USER], Role.USER, MILD, "one mild clue stays a guess"),
    ([USER, USER], Role.USER, MILD, "the same kind twice is no agreement"),
    ([USER, CONTEXT_ROWS], Role.USER, 1.0, "two kinds agree on the side"),
    ([SURE_ITEM], Role.ITEM, 1.0, "one unmistakable clue is enough"),
    ([USER, SURE_ITEM], Role.ITEM, 0.5, "a contradiction is told"),
    ([SURE_ITEM, FAINT_USER], Role.ITEM, 1.0, "a faint one does not contradict"),
    ([STRONG_USER, FAINT_USER], Role.USER, 1.0, "a faint one may confirm a strong one"),
    ([USER, FAINT_USER], Role.USER, MILD, "but not a mild one"),
    ([ROWS_USER, CONTEXT], Role.CONTEXT, 1.0, "the name tells user from context"),
    ([], Role.ITEM, 0.3, "nothing at all is per candidate"),
]


@pytest.mark.parametrize(
    ("clues", "role", "confidence"),
    [case[:3] for case in WEIGHED],
    ids=[case[3] for case in WEIGHED],
)
def test_clues_are_weighed(clues: list[Clue], role: Role, confidence: float) -> None:
    verdict = weigh(clues)
    assert (verdict.role, verdict.confidence) == (role, confidence)
    assert verdict.evidence


def test_contradictions_are_named_as_such() -> None:
    assert weigh([SURE_ITEM, USER]).evidence == ("d", "but a")
