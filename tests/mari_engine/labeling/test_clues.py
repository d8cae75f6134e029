import pytest

from mari_engine.labeling.clues import (
    FAINT,
    MILD,
    STRONG,
    SURE,
    Clue,
    read_name,
    weigh,
)
from mari_engine.types import Role

USER = Clue("name", Role.USER, MILD, "a")
USER_TABLE = Clue("table", Role.USER, MILD, "a2")
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
    ([USER, USER_TABLE], Role.USER, MILD, "a table is named after its feature: one source"),
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


def test_a_name_is_quoted_in_its_clue() -> None:
    clue = read_name("user_id", kind="name", where="the input's name")
    assert clue == Clue("name", Role.USER, SURE, "the input's name 'user_id' says 'user'")
    assert read_name("x", kind="name", where="the name") is None
