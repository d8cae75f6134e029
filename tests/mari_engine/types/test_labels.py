"""labels.json is read from text as from parsed data."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from mari_engine.errors import LabelError
from mari_engine.types import InputLabel, Labels, Role

LABELS = Labels({"age": InputLabel(role=Role.USER), "id": InputLabel(role=Role.ITEM)})


def test_text_and_parsed_data_give_the_same_labels() -> None:
    data = LABELS.to_json()
    assert Labels.from_json(data) == Labels.from_json(json.dumps(data, indent=2)) == LABELS


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [("", 1, 1), ("no json", 1, 1), ('{\n  "a": x}', 2, 8)],
    ids=["nothing", "words", "a later line"],
)
def test_text_that_is_not_json_is_an_error_that_names_the_place(
    text: str, line: int, column: int, tmp_path: Path
) -> None:
    place = rf"labels: line {line} is not JSON \(.+ at column {column}\); mend it"
    with pytest.raises(LabelError, match=f"^{place}"):
        Labels.from_json(text)
    path = tmp_path / "labels.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(LabelError, match=f"^{re.escape(str(path))}: {place}"):
        Labels.load(path)


@pytest.mark.parametrize("text", ["[]", "3", '"labels"', "null"])
def test_json_of_another_kind_is_an_error(text: str) -> None:
    with pytest.raises(LabelError, match="labels: must be an object"):
        Labels.from_json(text)
