"""The Layout step: where columns went, what a feature service fills, what fragments cost."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

import mari_engine as mari
from app.components.layout import fragment_cost as fragment_component
from app.session import Work
from app.views.layout import (
    find_moves,
    fragment_figure,
    move_rows,
    order_csv,
    order_json,
    order_python,
    order_text,
    slot_rows,
)
from app.views.layout.moves import ribbons
from app.views.text import rows_csv
from mari_engine import (
    Arm,
    Column,
    FusionLayout,
    InputBinding,
    InputLabel,
    Interface,
    Labels,
    Role,
    Segment,
    Side,
    Signature,
)
from mari_engine.feeds import bind_batch
from sample_models import labels_path, sample_path
from support.app_visits import ended, visit
from support.browser_session import click, confirm, open_sample, status, turn_to
from support.handmade_results import make_benchmark, make_layout

ODD = 'it\'s "x"\\n{0}'
LABELS = Labels(
    {
        "x": InputLabel(
            columns=(
                Column(start=0, stop=2, role=Role.USER, name="age"),
                Column(start=2, stop=3, role=Role.ITEM, name="price"),
                Column(start=3, stop=5, role=Role.USER, name="=city"),
            )
        ),
        ODD: InputLabel(role=Role.ITEM),
    }
)
INTERFACE = Interface(
    (
        InputBinding("x__request", "float32", (1, 4), "request", "x", (0, 1, 3, 4)),
        InputBinding("x__candidate", "float32", ("N", 1), "candidate", "x", (2,)),
        InputBinding(ODD, "int64", ("N",), "candidate", ODD),
    ),
    (),
)


@pytest.mark.parametrize("name", ["wide_deep_packed", "mmoe_interleaved", "paper_tower_fragmented"])
def test_every_column_of_a_sample_is_found_again(name: str) -> None:
    made = mari.plan(mari.load(sample_path(name)), Labels.load(labels_path(name)))
    assert made.layout
    for layout in made.layout:
        moves = find_moves(layout)
        width = layout.before[-1].stop
        went = {one.start + at: one.to + at for one in moves for at in range(one.stop - one.start)}
        assert sorted(went) == list(range(width))
        assert sorted(went.values()) == list(range(width))


def test_moves_say_where_each_fragment_went() -> None:
    moves = find_moves(make_layout(2))
    assert [(one.start, one.to, one.by) for one in moves] == [
        (0, 0, 0), (16, 32, 16), (32, 16, -16), (48, 48, 0),
    ]  # fmt: skip
    rows = move_rows(moves)
    assert (rows[1]["side"], rows[1]["last after"], rows[1]["moved by"]) == ("I · item", 47, 16)
    bands = ribbons(moves, top=0.75, bottom=0.25)
    assert len(bands) == 2
    assert list(bands[1].x)[:6] == [16, 32, 48, 32, 16, None]


def test_a_fragment_that_was_joined_with_others_is_followed_into_them() -> None:
    before = (
        Segment(0, 2, Side.REQUEST, "u", 0),
        Segment(2, 3, Side.ITEM, "i", 0),
        Segment(3, 5, Side.REQUEST, "u", 2),
    )
    after = (Segment(0, 4, Side.REQUEST, "u", 0), Segment(4, 5, Side.ITEM, "i", 0))
    moves = find_moves(FusionLayout("n", before, after))
    assert [(one.start, one.stop, one.to) for one in moves] == [(0, 2, 0), (2, 3, 4), (3, 5, 2)]


def test_the_input_order_names_features() -> None:
    rows = slot_rows(mari.list_slots(INTERFACE, LABELS))
    assert [(row["columns"], row["feature"], row["from columns"]) for row in rows] == [
        ("0 to 1", "age", "0 to 1"),
        ("2 to 3", "=city", "3 to 4"),
        ("0", "price", "2"),
        ("all", ODD, "all"),
    ]
    assert [row["rows"] for row in rows][1:3] == ["R · request", "C · candidate"]


def test_the_input_order_as_csv_has_a_row_for_each_column_and_no_formula() -> None:
    rows = list(csv.DictReader(io.StringIO(order_csv(mari.list_slots(INTERFACE, LABELS)))))
    assert [row["source_column"] for row in rows] == ["0", "1", "3", "4", "2", ""]
    assert rows[2]["feature"] == "'=city"
    assert rows[-1]["input"] == ODD
    assert rows_csv([]) == "\n"


def test_the_input_order_as_json_is_what_the_manifest_says() -> None:
    document = json.loads(order_json(INTERFACE, LABELS, Signature.COMPACT))
    assert document["signature"] == "compact"
    first, _, whole = document["inputs"]
    assert first["source"] == {"input": "x", "columns": [0, 1, 3, 4]}
    assert [one["name"] for one in first["features"]] == ["age", "=city"]
    assert whole["source"] == {"input": ODD, "columns": None}


@pytest.mark.parametrize("signature", [Signature.DROP_IN, Signature.COMPACT])
def test_the_python_snippet_fills_as_the_engine_does(signature: Signature) -> None:
    feeds: mari.Feeds = {"x": np.arange(15, dtype=np.float32).reshape(3, 5), ODD: np.arange(3)}
    space: dict[str, Any] = {}
    exec(order_python(INTERFACE, signature), space)
    filled = space["fill"](feeds)
    expected = mari.bind_feeds(feeds, INTERFACE, signature)
    assert list(filled) == list(expected)
    for name, array in expected.items():
        np.testing.assert_array_equal(filled[name], array)
        assert filled[name].flags.c_contiguous


def batched(index: mari.RequestIndex, name: str) -> Interface:
    """The same interface for several requests a call."""
    last = InputBinding(name, "int64", ("N",), "index", "", index=index)
    return Interface((*INTERFACE.inputs, last), ())


@pytest.mark.parametrize(
    ("index", "name", "expected"),
    [
        (mari.RequestIndex.ROWS, "candidate_request", [0, 0, 1]),
        (mari.RequestIndex.LENGTHS, "request_lengths", [2, 1]),
    ],
)
def test_the_python_snippet_joins_requests_as_the_engine_does(
    index: mari.RequestIndex, name: str, expected: list[int]
) -> None:
    interface = batched(index, name)
    x = np.arange(15, dtype=np.float32).reshape(3, 5)
    requests: list[mari.Feeds] = [
        {"x": x[:2], ODD: np.arange(2)}, {"x": x[2:], ODD: np.arange(1)},
    ]  # fmt: skip
    space: dict[str, Any] = {}
    exec(order_python(interface, Signature.BATCHED), space)
    filled = space["fill"](requests)
    assert set(filled) == {one.name for one in interface.inputs}
    assert filled[name].tolist() == expected
    assert filled[name].dtype == np.int64
    for key, array in bind_batch(requests, interface).items():
        np.testing.assert_array_equal(filled[key], array)


def test_the_neutral_order_tells_what_names_the_requests() -> None:
    interface = batched(mari.RequestIndex.ROWS, "candidate_request")
    first, *_ = order_text(mari.list_slots(interface, LABELS), interface).splitlines()
    assert first.startswith('"candidate_request": int64 [N], the number of each candidate')


def test_the_neutral_order_is_plain_text() -> None:
    lines = order_text(mari.list_slots(INTERFACE, LABELS), INTERFACE).splitlines()
    assert lines[:3] == [
        '"x__request": float32 [1, 4], one row a request',
        '  [0 to 1] <- "x" [0 to 1]  # age',
        '  [2 to 3] <- "x" [3 to 4]  # =city',
    ]
    assert lines[-1] == f"  all <- {json.dumps(ODD)}"


def test_fragments_are_bars_with_whiskers() -> None:
    figure = fragment_figure(make_benchmark((500,)))
    assert figure is not None
    assert [bar.name for bar in figure.data] == ["original", "per fragment", "MaRI"]
    loose = figure.data[1]
    assert loose.y[0] == pytest.approx(2.6)
    assert loose.error_y.array[0] == pytest.approx(0.52)
    neat = tuple(one for one in make_benchmark().timings if one.arm != Arm.FRAGMENTS)
    assert fragment_figure(make_benchmark(timings=neat)) is None


def test_the_cost_of_fragments_is_measured_from_here(
    confirmed: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}

    def start(*arguments: Any, **options: Any) -> Any:
        asked.update(options)
        return ended(lambda progress: make_benchmark((500,)))

    monkeypatch.setattr(fragment_component, "start_benchmark", start)
    app = visit("layout", confirmed)
    app.button(key="fragments-run").click().run()
    assert not app.exception
    assert (asked["batches"], asked["arms"]) == ((500,), fragment_component.ARMS)
    assert "as long" in " ".join(one.value for one in app.caption)


@pytest.mark.parametrize("signature", [Signature.COMPACT, Signature.BATCHED])
def test_another_contract_can_be_looked_at(confirmed: Work, signature: Signature) -> None:
    app = visit("layout", confirmed)
    app.segmented_control(key="order-signature").set_value(signature).run()
    assert not app.exception
    words = " ".join(one.value for one in app.caption)
    assert "You confirmed **drop-in**" in words


@pytest.mark.browser
def test_the_order_of_a_packed_input_is_taken_away(page: Page) -> None:
    open_sample(page, "wide_deep_packed")
    confirm(page)
    turn_to(page, "layout", "Each side in one block")
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    page.get_by_text(re.compile(r"How each of \d+ pieces moved")).first.click()
    page.get_by_role("tab", name="Input order").click()
    page.get_by_role("radio", name="compact").click()
    expect(page.get_by_text("You confirmed")).to_be_visible()
    with page.expect_download() as waiting:
        click(page, "order-JSON")
    document = json.loads(Path(waiting.value.path()).read_text())
    assert [one["name"] for one in document["inputs"]] == ["X__request", "X__candidate"]
    taken = [one["source"]["columns"] for one in document["inputs"]]
    assert sorted(taken[0] + taken[1]) == list(range(66))
    status(page, 2, "verified")
