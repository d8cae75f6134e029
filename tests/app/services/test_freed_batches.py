"""Models whose file fixes the number of rows, opened with a number that varies."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import mari_engine as mari
from app.services import find_model, follow_link, free_batch, server_files, take_up
from app.services.model_sources import open_path
from app.session import Opened, Work, make_link, read_link, read_session, write_link, write_session
from app.views.model import fixed_rows
from support.app_visits import CONFIRMED, visit
from support.builders import build, ranking_tower


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("sys.argv", ["main.py", "--folder", str(tmp_path)])
    return tmp_path


@pytest.fixture
def frozen(folder: Path) -> Opened:
    """A tower as an export of one candidate left it."""
    (folder / "tower.onnx").write_bytes(ranking_tower(rows=1))
    return open_path(str(folder / "tower.onnx"), server_files())


def shapes(opened: Opened) -> list[tuple[int | str, ...] | None]:
    return [tensor.shape for tensor in mari.describe(opened.model).inputs]


def work_on(opened: Opened) -> Work:
    work = Work()
    work.open(opened, mari.propose_labels(opened.model))
    return work


def commands(app: AppTest) -> list[str]:
    return [element.value for element in app.code]


def test_the_number_of_rows_varies_once_asked_for(frozen: Opened) -> None:
    freed = free_batch(frozen)
    assert shapes(frozen) == [(1, 4), (1, 3)]
    assert shapes(freed) == [("N", 4), ("N", 3)]
    assert freed.key != frozen.key, "caches must tell the two apart"
    assert (freed.path, freed.server_path) == (frozen.path, frozen.server_path)
    assert freed.model.sha256 == frozen.model.sha256


@pytest.mark.parametrize(
    ("inputs", "rows"),
    [
        ("float[1, 4] x, float[1, 3] y", 1),
        ("float[8, 4] x, float[1, 3] y, float s", 8),
        ("float[8, 4] x, float[3, 3] y", None),
        ("float[1, 4] x, float[N, 3] y", None),
        ("float x", None),
    ],
)
def test_inputs_fix_the_number_of_rows(inputs: str, rows: int | None) -> None:
    model = mari.load(build("out = Relu (x)", inputs=inputs, outputs="float[] out"))
    assert fixed_rows(mari.describe(model)) == rows


def test_the_page_lets_the_number_of_rows_vary(frozen: Opened) -> None:
    work = work_on(frozen)
    app = visit("model", work)
    assert "have 1 row, and no other number" in "\n".join(one.value for one in app.markdown)
    assert commands(app)[-1] == f"mari labels {frozen.path} -o labels.json"
    app.button(key="free-batch").click().run()
    assert not app.exception
    assert work.opened is not None
    assert work.opened.free_batch
    assert shapes(work.opened) == [("N", 4), ("N", 3)]
    assert "free-batch" not in {one.key for one in app.button}
    assert "The file fixes the number of rows" in "\n".join(one.value for one in app.caption)
    assert commands(app)[-1] == f"mari labels {frozen.path} -o labels.json --free-batch"
    app.switch_page("pages/labels.py").run()
    assert any(
        one.startswith("mari optimize") and one.endswith("--free-batch") for one in commands(app)
    )


def test_a_free_number_of_rows_has_no_button(folder: Path) -> None:
    (folder / "tower.onnx").write_bytes(ranking_tower())
    app = visit("model", work_on(open_path(str(folder / "tower.onnx"), server_files())))
    assert "free-batch" not in {one.key for one in app.button}


def test_rows_that_depend_on_each_other_stay_as_they_are(folder: Path) -> None:
    data = build("y = Softmax <axis = 0> (x)", inputs="float[2, 3] x", outputs="float[2, 3] y")
    (folder / "softmax.onnx").write_bytes(data)
    work = work_on(open_path(str(folder / "softmax.onnx"), server_files()))
    app = visit("model", work)
    app.button(key="free-batch").click().run()
    [told] = [one.value.replace("\\", "") for one in app.error]
    assert told.startswith("softmax: the batch cannot be freed, its rows depend on each other")
    assert work.opened is not None
    assert not work.opened.free_batch


def test_a_session_file_keeps_it(frozen: Opened) -> None:
    data = write_session(work_on(free_batch(frozen)), page="labels", address={})
    session = replace(read_session(data), labels=CONFIRMED)
    found = find_model(session)
    assert found is not None
    work = Work()
    take_up(work, session, found)
    assert work.opened is not None
    assert work.opened.free_batch
    assert shapes(work.opened) == [("N", 4), ("N", 3)]


def test_a_link_keeps_it(frozen: Opened) -> None:
    address = write_link(make_link(work_on(free_batch(frozen))))
    assert address["free"] == ["batch"]
    work = Work()
    follow_link(work, read_link(address))
    assert work.opened is not None
    assert shapes(work.opened) == [("N", 4), ("N", 3)]
