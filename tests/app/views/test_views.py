from __future__ import annotations

import shlex
from dataclasses import replace

import pytest

from app.session import Options
from app.views.benchmark import charts
from app.views.download import certificate
from app.views.header import commands
from app.views.layout import decisions, fragments, strips
from app.views.palette import ARM_SYMBOLS, ARMS, SIDES, name_role, side_of
from mari_engine import Action, Arm, Column, FusionLayout, Role, Segment, Side, Signature
from support.handmade_results import make_benchmark, make_certificate, make_layout, make_plan

HOSTILE = '<img src=x onerror="alert(1)">'


def test_sides_differ_in_more_than_color() -> None:
    assert set(SIDES) == set(Side)
    for trait in ("color", "letter", "name", "pattern"):
        assert len({getattr(mark, trait) for mark in SIDES.values()}) == len(Side), trait


def test_arms_differ_in_more_than_color() -> None:
    assert set(ARMS) == set(ARM_SYMBOLS) == set(Arm)
    assert len({mark.pattern for mark in ARMS.values()}) == len(Arm)
    assert len(set(ARM_SYMBOLS.values())) == len(Arm)


def test_roles_carry_the_letter_of_their_side() -> None:
    assert [name_role(role) for role in Role] == [
        "R · user", "R · context", "I · item", "C · cross",
    ]  # fmt: skip
    assert side_of(Role.CONTEXT) == Side.REQUEST


def test_strips_are_to_scale() -> None:
    figure = strips.layout_figure(make_layout(2))
    bars = {
        (strip, base, width)
        for trace in figure.data
        if trace.type == "bar"
        for strip, base, width in zip(trace.y, trace.base, trace.x, strict=True)
    }
    assert bars == {(row, at, 16) for row in (0, 1) for at in (0, 16, 32, 48)}
    assert figure.layout.xaxis.range == (0, 64)
    assert list(figure.layout.yaxis.tickvals) == [0, 1]
    assert [text.strip() for text in figure.layout.yaxis.ticktext] == ["after", "before"]


def test_names_in_strips_are_escaped() -> None:
    segment = Segment(0, 8, Side.ITEM, HOSTILE)
    figure = strips.layout_figure(FusionLayout("n", (segment,), (segment,)))
    assert "<img" not in figure.to_json()
    assert "&lt;img" in figure.data[0].hovertext[0]


def test_packed_inputs_are_strips() -> None:
    columns = [
        Column(start=0, stop=3, role=Role.USER, name="a"),
        Column(start=3, stop=4, role=Role.CROSS),
    ]
    figure = strips.columns_figure(columns)
    assert [trace.name[0] for trace in figure.data] == ["R", "C"]


def test_equal_layouts_are_shown_once_the_most_fragmented_first() -> None:
    few, many = make_layout(1), make_layout(9)
    twin = replace(few, node="/twin")
    shared = strips.share_layouts([few, many, twin])
    assert [one.nodes for one in shared] == [("/mlp/0/MatMul",), ("/mlp/0/MatMul", "/twin")]
    assert shared[0].columns == 288


@pytest.mark.parametrize(
    ("layout", "words"),
    [
        (make_layout(4), "8 fragments became 2"),
        (make_layout(1), "2 fragments: each side already lies in one block"),
        (FusionLayout("n", (Segment(0, 1, Side.ITEM, "a"),), ()), "All columns are on one side"),
    ],
)
def test_fragments_are_explained(layout: FusionLayout, words: str) -> None:
    assert strips.explain(layout).startswith(words)


def test_decisions_are_rows_the_costliest_first() -> None:
    rows = decisions.decision_rows(make_plan().decisions[::-1], 500)
    assert [row["node"] for row in rows] == ["/mlp/0/MatMul", "/mlp/1/MatMul"]
    assert rows[0]["before"] == "850 MFLOP"
    assert rows[0]["after"] == "50.5 MFLOP"
    assert rows[0]["reason"] == "joins R and I"


def test_actions_are_counted() -> None:
    found = [(one, number) for one, number, _ in decisions.count_actions(make_plan().decisions)]
    assert found == [(Action.SPLIT, 1), (Action.KEPT, 1)]


def test_the_sum_says_flops_are_not_time() -> None:
    plan = make_plan()
    text = decisions.sum_up(plan.decisions, plan.flops, 500)
    assert text.startswith("1 of 2 products changed. At 500 candidates")
    assert "counted, not timed" in text


def test_nothing_to_gain_is_said() -> None:
    plan = make_plan()
    kept = [replace(one, action=Action.KEPT) for one in plan.decisions]
    text = decisions.sum_up(kept, plan.flops, 500)
    assert text.startswith("Nothing was rewritten: 2 products kept")


def test_certificate_in_words() -> None:
    passed = make_certificate()
    words = dict(certificate.explain(passed))
    assert certificate.verdict(passed).startswith("Lossless")
    assert "3.0e-16 (limit 1.0e-12)" in words["Exactness"]
    assert "2.1e-07" in words["Rounding"]
    assert words["Ranking"].startswith("Every output sorts the candidates in the same order")
    assert words["Requests"].startswith("6 checked; generated ones of 1, 2, 17 candidates")
    assert words["Calling contract"] == "Input names; output names."
    assert words["Branches"].startswith("3 of 4 were reached by some request")
    assert len(certificate.check_rows(passed)) == 6


def test_branches_that_no_request_took_are_rows() -> None:
    assert certificate.missed_rows(make_certificate()) == [
        {"node": "pick", "op": "Where", "branch": "true"},
        {"node": "inner", "op": "", "branch": "not observed"},
    ]
    assert certificate.missed_rows(replace(make_certificate(), coverage=None)) == []


def test_failed_certificate_in_words() -> None:
    failed = make_certificate(passed=False)
    assert certificate.verdict(failed) == "Not lossless: score differs by 0.3."
    assert "changed in 6 of 6" in dict(certificate.explain(failed))["Ranking"]
    assert certificate.check_rows(failed)[0]["reason"] == "score differs by 0.3"


def test_what_has_no_heading_is_a_note() -> None:
    made = replace(make_certificate(), notes=("the Loop was not run",))
    assert ("Note", "The Loop was not run.") in certificate.explain(made)


def test_every_arm_is_a_line_with_a_band() -> None:
    figure = charts.speedup_figure(make_benchmark())
    lines = [trace.name for trace in figure.data if trace.mode == "lines+markers"]
    bands = [trace for trace in figure.data if trace.fill == "toself"]
    assert lines == ["original", "one-shot", "per fragment", "MaRI"]
    assert len(bands) == 4


def test_latency_is_in_milliseconds() -> None:
    figure = charts.latency_figure(make_benchmark())
    mari = next(trace for trace in figure.data if trace.name == "MaRI")
    assert list(mari.y) == pytest.approx([0.35, 1.35, 5.1], rel=1e-12)


def test_flops_never_stand_in_a_chart_of_times() -> None:
    result = make_benchmark()
    for figure in (charts.latency_figure(result), charts.speedup_figure(result)):
        assert "FLOP" not in figure.to_json()
    flops = charts.flops_figure(result)
    assert "FLOPs" in flops.layout.yaxis.title.text
    assert "speed" not in flops.to_json()


def test_one_batch_is_drawn_too() -> None:
    for draw in (charts.latency_figure, charts.throughput_figure, charts.flops_figure):
        assert draw(make_benchmark((500,))).data


def test_headline_compares_at_the_batch_nearest_to_what_was_planned_for() -> None:
    found = charts.headline(make_benchmark(), 2500)
    names = [name for name, _, _ in found]
    values = {name: value for name, value, _ in found}
    assert names[:2] == ["Speedup, measured", "Over one-shot"]
    assert values["Speedup, measured"] == "4.00×"
    assert values["Over one-shot"] == "3.16×"
    assert charts.headline(make_benchmark(), 90)[2][1] == "350 µs"


def test_a_noisy_run_says_so_and_keeps_its_lines_apart() -> None:
    quiet = make_benchmark()
    wild = tuple(replace(one, speedup_high=400.0) for one in quiet.timings)
    noisy = replace(quiet, timings=wild)
    assert charts.describe_noise(quiet) == ""
    assert "at 100, 500, 2,000 candidates" in charts.describe_noise(noisy)
    assert charts.speedup_figure(noisy).layout.yaxis.range[1] < 7


def test_no_headline_without_the_original() -> None:
    result = make_benchmark()
    only = tuple(one for one in result.timings if one.arm == Arm.MARI)
    assert charts.headline(replace(result, timings=only), 500) == []


def test_fragment_cost_is_measured_or_asked_for() -> None:
    result = make_benchmark()
    assert "Not measured yet" in fragments.fragment_cost(None, 500)
    assert "1.98× as long" in fragments.fragment_cost(result, 3000)
    without = tuple(one for one in result.timings if one.arm != Arm.FRAGMENTS)
    skipped = replace(result, timings=without, skipped={Arm.FRAGMENTS: "it equals mari"})
    assert fragments.fragment_cost(skipped, 500).endswith("was not measured: it equals mari.")


def test_timings_are_rows() -> None:
    rows = charts.timing_rows(make_benchmark((100,)))
    assert [row["arm"] for row in rows] == ["original", "one-shot", "per-fragment", "mari"]
    assert rows[0]["FLOPs (counted)"] == 100_000_000


def test_commands_quote_names() -> None:
    command = commands.optimize_command("my model; rm -rf ~.onnx", Options(keep=("/a b",)))
    assert shlex.split(command) == [
        "mari", "optimize", "my model; rm -rf ~.onnx", "--labels", "labels.json", "-o",
        "optimized", "--candidates", "500", "--keep", "/a b", "--no-autotune",
    ]  # fmt: skip


def test_a_name_that_begins_with_a_dash_is_no_option() -> None:
    assert commands.labels_command("-o x.onnx") == "mari labels './-o x.onnx' -o labels.json"
    assert commands.labels_command("/a/-o.onnx") == "mari labels /a/-o.onnx -o labels.json"


def test_commands_name_what_is_not_usual() -> None:
    options = Options(signature=Signature.COMPACT, candidates=9)
    assert commands.optimize_command("m.onnx", options).endswith(
        "--signature compact --candidates 9 --no-autotune"
    )
    assert commands.bench_command("m.onnx", batches=(1, 20), device="cpu", threads=2) == (
        "mari bench m.onnx optimized/model.onnx --labels labels.json"
        " --batch 1,20 --device cpu --threads 2"
    )
