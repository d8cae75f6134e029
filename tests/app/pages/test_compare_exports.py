"""Several exports as a table on the Compare page, held to conditions as `mari check` holds them."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from streamlit.testing.v1 import AppTest

import mari_engine as mari
from app.services import pack, read_exports, take_other
from app.session import Export, Work
from app.views.compare import export_rows, export_verdict, read_conditions
from support.app_visits import CONFIRMED, visit
from support.browser_session import rest, turn_to
from support.builders import ranking_tower
from support.requests_sent import Sent


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Exports of two models, the second in the other signature."""
    place = tmp_path_factory.mktemp("exports")
    for name, user, signature in (("small", 8, "drop-in"), ("wide", 640, "compact")):
        model = mari.load(ranking_tower(user=user, item=16, hidden=32), name=name)
        result = mari.optimize(
            model, CONFIRMED, candidates=300, autotune=False, signature=signature
        )
        result.save(place / name)
    return place


def zip_of(*folders: Path, damage: str = "") -> bytes:
    """Return a folder of artifacts as a zip; the named one's weights are edited."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for folder in folders:
            for path in folder.iterdir():
                data = path.read_bytes()
                if folder.name == damage and path.name == "model.onnx":
                    data = data[:-4] + b"\0\0\0\1"
                archive.writestr(f"week/{folder.name}/{path.name}", data)
    return packed.getvalue()


def words(app: AppTest) -> str:
    kinds = (app.success, app.warning, app.caption, app.error, app.code)
    return "\n".join(one.value.replace("\\", "") for kind in kinds for one in kind)


def figures_of(exports: tuple[Export, ...]) -> dict[str, mari.ArtifactFigures]:
    return {each.name: each.figures for each in exports if each.figures is not None}


def test_zips_of_one_and_of_a_folder_are_rows_by_name(made: Path, tmp_path: Path) -> None:
    alone = pack(made / "small", "a report", None)
    both = zip_of(made / "small", made / "wide")
    exports = read_exports([Sent("monday.zip", alone), Sent("week.zip", both)], tmp_path)
    rows = export_rows(figures_of(exports), ())
    assert [row["export"] for row in rows] == [
        "monday.zip", "week.zip / week/small", "week.zip / week/wide",
    ]  # fmt: skip
    assert [row["signature"] for row in rows] == ["drop-in", "drop-in", "compact"]
    assert {row["lossless"] for row in rows} == {"yes"}
    assert {row["measured"] for row in rows} == {"expected"}
    words = mari.figures_in_words(mari.read_figures(mari.load_artifact(made / "wide")))
    assert (rows[2]["speedup"], rows[2]["fewer"]) == (words.speedup, words.fewer)
    assert words.speedup.endswith("×")


def test_a_damaged_export_is_told_and_the_others_stand(made: Path, tmp_path: Path) -> None:
    data = zip_of(made / "small", made / "wide", damage="wide")
    whole, damaged = read_exports([Sent("week.zip", data)], tmp_path)
    assert whole.figures is not None
    assert damaged.figures is None
    assert damaged.problem
    assert str(tmp_path) not in damaged.problem


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ([], "upload: 0 exports"),
        ([Sent("a.zip", b"no zip")], "a.zip: is not a zip that can be read"),
        ([Sent("a.zip", zip_of())], "a.zip: holds no exports"),
    ],
)
def test_what_holds_no_export_is_refused(files: list[Sent], reason: str, tmp_path: Path) -> None:
    with pytest.raises(mari.MariError, match=re.escape(reason)):
        read_exports(files, tmp_path)


def test_a_path_in_a_zip_leads_nowhere(made: Path, tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path in (made / "small").iterdir():
            archive.writestr(f"../../out/{path.name}", path.read_bytes())
    place = tmp_path / "inner" / "place"
    place.mkdir(parents=True)
    (export,) = read_exports([Sent("a.zip", packed.getvalue())], place)
    assert export.figures is not None
    assert {path.name for path in tmp_path.iterdir()} == {"inner"}
    assert {path.name for path in (tmp_path / "inner").iterdir()} == {"place"}


def test_one_zip_of_several_is_compared_with_none(made: Path, tmp_path: Path) -> None:
    data = zip_of(made / "small", made / "wide")
    with pytest.raises(mari.MariError, match="2 exports in a zip; give a zip of one"):
        take_other([Sent("week.zip", data)], tmp_path)


def test_conditions_fail_rows_as_the_command_fails_them(
    made: Path, tmp_path: Path, opened: Work
) -> None:
    opened.exports = read_exports(
        [Sent("week.zip", zip_of(made / "small", made / "wide"))], tmp_path
    )
    app = visit("compare", opened)
    app.text_input(key="exports-fail-if").set_value("flops_ratio<5, lossless<1").run()
    assert not app.exception
    told = words(app)
    assert "A condition holds of 1 of 2 exports." in told
    assert "mari check exports --fail-if 'flops_ratio<5' --fail-if 'lossless<1'" in told
    rows = export_rows(figures_of(opened.exports), read_conditions("flops_ratio<5"))
    assert str(rows[0]["fails by"]).startswith("flops_ratio<5 holds: flops_ratio is ")
    assert rows[1]["fails by"] == ""
    assert export_verdict(rows[1:]) == "No condition holds of any of 1 export."
    app.text_input(key="exports-fail-if").set_value("speed<5").run()
    assert "there is no field 'speed'" in words(app)
    app.text_input(key="exports-fail-if").set_value("speedup_low<5").run()
    assert "does not tell 'speedup_low'" in words(app)
    assert str(tmp_path) not in words(app)


def test_the_table_needs_no_open_model() -> None:
    app = visit("compare")
    assert [one.label for one in app.expander] == ["Several exports as a table"]


@pytest.mark.browser
def test_a_folder_of_exports_is_a_table_in_a_browser(
    page: Page, made: Path, tmp_path: Path
) -> None:
    (tmp_path / "week.zip").write_bytes(zip_of(made / "small", made / "wide"))
    turn_to(page, "compare", "Choose a model first.")
    page.get_by_text("Several exports as a table").click()
    rest(page)
    with page.expect_response(lambda response: response.request.method == "PUT"):
        page.locator(".st-key-exports-files-0 input").set_input_files(tmp_path / "week.zip")
    rest(page)
    page.get_by_role("button", name=re.compile("Read")).last.click()
    expect(page.get_by_text("mari check exports")).to_be_visible()
    field = page.locator(".st-key-exports-fail-if input")
    field.fill("flops_ratio<5")
    field.press("Enter")
    expect(page.get_by_text("A condition holds of 1 of 2 exports.")).to_be_visible()
