from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import mari_engine as mari
from app.components.benchmark.run_form import read_batches
from app.services import NO_FOLDER, confirmation
from app.session import Options, Work
from support.app_visits import CONFIRMED, answer, confirm, ended, visit
from support.handmade_results import make_certificate, make_plan


def texts(app: AppTest) -> str:
    kinds = [app.markdown, app.caption, app.header, app.subheader, app.title, app.code]
    return "\n".join(element.value for kind in kinds for element in kind)


def errors(app: AppTest) -> list[str]:
    return [element.value.replace("\\", "") for element in app.error]


def button(app: AppTest, key: str) -> Any:
    return app.button(key=key)


def test_a_first_visit_explains_itself() -> None:
    app = visit("model")
    assert app.title[0].value == "Score the user once, not once per candidate"
    assert "**checks** that" in texts(app)


def test_a_first_visit_offers_to_try_a_sample_at_once() -> None:
    app = visit("model")
    button(app, "try-sample").click().run()
    assert not app.exception
    assert app.header[0].value.replace("\\", "") == "paper_tower"


def test_the_terms_are_within_reach() -> None:
    assert "**fusion layer**: a product that reads columns of both sides" in texts(visit("model"))


def test_a_sample_opens_with_one_click() -> None:
    app = visit("model")
    button(app, "open-two_tower").click().run()
    assert not app.exception
    assert app.header[0].value.replace("\\", "") == "two_tower"
    assert {metric.label for metric in app.metric} >= {"Inputs", "Opset", "Candidates"}
    assert "mari labels samples/two_tower.onnx" in texts(app)


def test_a_path_that_is_not_there_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["main.py", "--folder", str(tmp_path)])
    for asked in ("/no/such.onnx", "~nobody/m.onnx", "x" * 5000, "a\0b", "../../etc/passwd"):
        app = visit("model")
        app.text_input[0].set_value(asked)
        next(one for one in app.button if one.label == "Open" and "path" in one.form_id).click()
        app.run()
        assert not app.exception
        assert len(errors(app)) == 1
        assert "there is no such file in the folders of this server" in errors(app)[0]


def test_a_server_without_folders_has_no_field_for_a_path() -> None:
    app = visit("model")
    assert not app.text_input
    assert NO_FOLDER in texts(app)


def test_a_wrong_model_at_the_start_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARI_MODEL", "/no/such.onnx")
    [told] = errors(visit("model"))
    assert told.startswith("/no/such.onnx: there is no such file")


def test_a_model_at_the_start_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["main.py", "two_tower"])
    assert visit("model").header[0].value.replace("\\", "") == "two_tower"


@pytest.mark.parametrize("page", ["labels", "layout", "benchmark", "download"])
def test_no_page_goes_on_without_a_model(page: str) -> None:
    assert "Choose a model first" in texts(visit(page)).replace("\\", "")


@pytest.mark.parametrize("page", ["layout", "download"])
def test_no_page_goes_on_without_confirmed_labels(page: str, opened: Work) -> None:
    assert "Confirm the labels first" in texts(visit(page, opened)).replace("\\", "")


def test_benchmark_waits_for_confirmed_labels(opened: Work) -> None:
    app = visit("benchmark", opened)
    assert button(app, "bench-run").disabled
    assert "Confirm the labels first" in texts(app)


def test_labels_show_every_input(opened: Work) -> None:
    app = visit("labels", opened)
    assert opened.confirmed is None
    assert "--candidates 500" in texts(app)


def test_confirming_starts_the_check(
    opened: Work, plan: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = make_plan(certificate=make_certificate())
    asked: list[Any] = []

    def start(*arguments: Any) -> Any:
        asked.extend(arguments)
        return ended(lambda progress: result)

    monkeypatch.setattr(confirmation, "start_check", start)
    app = visit("labels", opened)
    app.number_input(key="candidates").set_value(800)
    answer(app)
    confirm(app)
    assert not app.exception
    checked, requests = asked
    assert requests == []
    assert checked.optimized is plan.optimized
    assert checked.labels == opened.confirmed
    assert opened.options == Options(candidates=800)
    assert opened.verified
    assert "1 of 2 products changed" in texts(app)


def test_labels_that_do_not_fit_are_one_line(opened: Work) -> None:
    assert opened.labels is not None
    opened.labels = mari.Labels({"user": opened.labels.inputs["user"]})
    app = visit("labels", opened)
    answer(app)
    confirm(app)
    assert errors(app) == ["input 'item' has no label; give it a role"]
    assert opened.confirmed is None


def test_a_rewrite_that_fails_is_one_line(opened: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **options: Any) -> None:
        raise mari.ModelError("node 'a*b': is <odd>")

    monkeypatch.setattr(mari, "plan", fail)
    app = visit("labels", opened)
    answer(app)
    confirm(app)
    assert errors(app) == ["node 'a*b': is <odd>"]
    assert opened.confirmed is None


def test_changed_options_ask_for_another_confirmation(confirmed: Work) -> None:
    app = visit("labels", confirmed)
    assert not [one for one in app.button if one.key == "confirm"]
    app.number_input(key="candidates").set_value(7).run()
    assert "The options changed since" in texts(app)
    assert not button(app, "confirm").disabled


def test_roles_are_set_by_pattern_and_undone(opened: Work) -> None:
    before = opened.labels
    app = visit("labels", opened)
    app.text_input(key="pattern").set_value("us*").run()
    app.selectbox(key="pattern-role").set_value(mari.Role.CONTEXT).run()
    button(app, "pattern-apply").click().run()
    assert opened.labels is not None
    assert opened.labels.inputs["user"].role == mari.Role.CONTEXT
    next(one for one in app.button if one.label == "Undo").click().run()
    assert opened.labels == before


def test_columns_are_set_by_range(opened: Work) -> None:
    app = visit("labels", opened)
    app.number_input(key="columns-first").set_value(1).run()
    button(app, "columns-apply").click().run()
    assert not app.exception
    assert opened.labels is not None
    columns = opened.labels.inputs["user"].columns
    assert [(column.start, column.stop) for column in columns] == [(0, 1), (1, 4)]


def test_columns_that_end_before_they_start_are_one_line(opened: Work) -> None:
    app = visit("labels", opened)
    app.number_input(key="columns-first").set_value(3)
    app.number_input(key="columns-last").set_value(1)
    button(app, "columns-apply").click().run()
    assert errors(app) == [
        "input 'user': columns 3 to 1 are not within its 4 columns; give a start below the end"
    ]


def test_layout_shows_fragments_and_reasons(confirmed: Work) -> None:
    app = visit("layout", confirmed)
    values = {metric.label: metric.value for metric in app.metric}
    assert (values["Fragments before"], values["Fragments after"]) == ("8", "2")
    assert "8 fragments became 2" in texts(app)
    assert "Not measured yet" in texts(app)
    assert list(app.dataframe[-1].value["action"]) == ["split", "kept"]


def test_layout_says_what_fragments_were_measured_to_cost(measured: Work) -> None:
    assert "1.93× as long" in texts(visit("layout", measured)).replace("\\", "")


def test_a_model_without_fusion_layers_says_so(confirmed: Work, plan: Any) -> None:
    plan.layout = ()
    app = visit("layout", confirmed)
    assert "No columns are laid out anew" in app.info[0].value


def test_a_benchmark_runs_and_shows(confirmed: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    from support.handmade_results import make_benchmark

    asked: dict[str, Any] = {}

    def measure(model: Any, result: Any, **options: Any) -> Any:
        asked.update(options)
        return make_benchmark(options["batches"])

    monkeypatch.setattr(mari, "benchmark", measure)
    app = visit("benchmark", confirmed)
    app.multiselect(key="batches").set_value(["10", "1000"]).run()
    button(app, "bench-run").click().run()
    assert confirmed.benchmark is not None
    confirmed.benchmark.wait(30)
    app.run()
    assert not app.exception
    assert (asked["batches"], asked["device"], asked["threads"]) == ((10, 1000), "cpu", 1)
    assert {metric.label for metric in app.metric} >= {"Speedup, measured", "Latency p50"}


def test_a_failed_benchmark_is_one_line(confirmed: Work) -> None:
    def run(progress: Any) -> Any:
        raise mari.ExecutionError("cuda: out of memory; use fewer candidates")

    confirmed.measure(ended(run))
    assert errors(visit("benchmark", confirmed)) == ["cuda: out of memory; use fewer candidates"]


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ([], "Choose a number of candidates."),
        (["0"], "0: candidates are a whole number from 1 to 100,000."),
        (["many"], "many: candidates are a whole number from 1 to 100,000."),
        (["1000000"], "1000000: candidates are a whole number from 1 to 100,000."),
    ],
)
def test_batches_that_cannot_be_run(typed: list[str], reason: str) -> None:
    assert read_batches(typed) == ((), reason)


def test_batches_are_sorted_and_single() -> None:
    assert read_batches(["500", "1,000", "2", "500"]) == ((2, 500, 1000), "")


def test_download_shows_the_certificate_and_the_files(confirmed: Work) -> None:
    app = visit("download", confirmed)
    assert app.success[0].value.replace("\\", "").startswith("Lossless")
    assert "now once: 1 GFLOP → 150 MFLOP, expected 2.00× faster" in texts(app).replace("\\", "")
    assert [one.label for one in app.download_button] == [
        "Model", "Manifest", "Report", "Report for a pull request", "Certificate", "All as a zip",
    ]  # fmt: skip
    assert not any(one.proto.disabled for one in app.download_button)
    assert "mari optimize tower.onnx" in texts(app)


def test_nothing_unequal_is_handed_out(opened: Work) -> None:
    result = make_plan(certificate=make_certificate(passed=False))
    opened.confirm(Options(), ended(lambda progress: result), CONFIRMED)
    app = visit("download", opened)
    assert errors(app)[0] == "Not lossless: score differs by 0.3."
    assert "not equal to the original" in app.warning[0].value.replace("\\", "")
    assert all(one.proto.disabled for one in app.download_button)


def test_a_failed_check_hands_out_nothing(opened: Work) -> None:
    def run(progress: Any) -> Any:
        raise mari.VerificationError("score: differs by 0.5")

    opened.confirm(Options(), ended(run), CONFIRMED)
    app = visit("download", opened)
    assert "score: differs by 0.5" in errors(app)
    assert all(one.proto.disabled for one in app.download_button)


def test_sessions_do_not_mix(confirmed: Work) -> None:
    assert confirmed.opened is not None
    other = visit("model")
    button(other, "open-two_tower").click().run()
    mine = visit("model", confirmed)
    assert mine.header[0].value == "tower"
    assert other.header[0].value.replace("\\", "") == "two_tower"
    assert confirmed.verified
