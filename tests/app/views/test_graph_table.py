from __future__ import annotations

import csv
import io

from app.views.graph import write_csv


def test_a_table_reads_back_as_it_was_written() -> None:
    rows: list[dict[str, object]] = [{"Node": 'a, "b"', "FLOPs": 3}, {"Node": "c", "FLOPs": None}]
    found = list(csv.reader(io.StringIO(write_csv(rows))))
    assert found == [["Node", "FLOPs"], ['a, "b"', "3"], ["c", ""]]


def test_no_cell_is_a_formula() -> None:
    names = ["=cmd()", "+1", "-1", "@x", "plain"]
    found = list(csv.reader(io.StringIO(write_csv([{"Node": name} for name in names]))))
    assert [row[0] for row in found[1:]] == ["'=cmd()", "'+1", "'-1", "'@x", "plain"]


def test_a_table_without_rows_is_empty() -> None:
    assert write_csv([]).strip() == ""
