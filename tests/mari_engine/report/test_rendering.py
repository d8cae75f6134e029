import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from mari_engine.errors import ReviewError
from mari_engine.feeds import list_slots
from mari_engine.report import render_findings, render_findings_markdown
from mari_engine.report.rendering import MOST_SLOTS
from mari_engine.review import Note, Review, Section, SignOff, Stamp, Turn, digest_sections
from mari_engine.types import Arm, InputBinding, Interface, Peak, Role
from support import handmade_findings as handmade

ADDRESS = re.compile(r"(https?:)?//[a-z0-9]|\burl\((?!#)|@import|\bsrc\s*=|<link\b", re.IGNORECASE)


class Elements(HTMLParser):
    """Collects the tags, the attributes, and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def test_page_names_no_outside_address_and_runs_no_script() -> None:
    page = render_findings(handmade.make_findings(), [handmade.make_benchmark()])
    assert not ADDRESS.search(page)
    found = Elements(page)
    assert not {"script", "iframe", "object", "embed", "img", "base", "form"} & set(found.tags)
    assert all(value and value.startswith("#") for key, value in found.attributes if key == "href")
    assert not [key for key, _ in found.attributes if key.startswith("on")]


def test_hostile_names_are_shown_as_text() -> None:
    findings = handmade.make_findings(handmade.HOSTILE, source="<img src=x onerror=alert(1)>.onnx")
    found = Elements(render_findings(findings, [handmade.make_benchmark()]))
    assert not {"script", "img"} & set(found.tags)
    assert "<script>alert(1)</script>" in found.text
    assert "<img src=x onerror=alert(1)>.onnx" in found.text


@pytest.mark.parametrize("passed", [True, False])
def test_verdict_says_what_the_certificate_says(passed: bool) -> None:
    text = Elements(render_findings(handmade.make_findings(passed=passed))).text
    assert ("✔ Lossless" in text) == passed
    assert ("✘ Not lossless" in text) != passed
    assert ("score differs by 0.37 at seed 0" in text) != passed


def test_verdict_claims_no_identity_where_float64_was_not_evaluated() -> None:
    findings = handmade.make_findings()
    check = findings.certificate.checks[0]
    output = replace(check.outputs[0], exact=None, original=None, optimized=None)
    checks = (replace(check, outputs=(output,)),)
    certificate = replace(findings.certificate, checks=checks)
    text = Elements(render_findings(replace(findings, certificate=certificate))).text
    assert "✔ Equal within rounding" in text
    assert "an identity" not in text


def test_branches_that_no_request_took_are_listed() -> None:
    text = Elements(render_findings(handmade.make_findings())).text
    assert "pickWherea row all true" in text
    assert "innernot observed: within a loop or conditional" in text
    findings = handmade.make_findings()
    certificate = replace(findings.certificate, coverage=None)
    text = Elements(render_findings(replace(findings, certificate=certificate))).text
    assert "Branches that no request took" not in text


def test_every_section_tells_its_facts() -> None:
    text = Elements(render_findings(handmade.make_findings())).text
    for fact in (
        "ranker.onnx",
        "0123456789abcdef" * 4,
        "mari optimize ranker.onnx --labels labels.json -o out --signature drop-in",
        "--candidates 500 --keep head",
        "item_id",
        "its first axis is 1",
        "128 of its 192 columns are the same for all candidates",
        "192 columns in 8 alternating pieces",
        "192 columns in 2 alternating pieces",
        "Gather × 8",
        "98.8 kFLOP",
        "1.0e-09: largest difference between the two, both evaluated in float64",
        "1.31.0",
        "0 to below 5,000, whole numbers",
        "mari verify ranker.onnx out --labels labels.json",
    ):
        assert fact in text


def test_sides_are_told_by_letter_and_pattern_too() -> None:
    page = render_findings(handmade.make_findings())
    assert 'id="stripes"' in page
    assert 'id="dots"' in page
    assert re.search(r'<text class="letter item"[^>]*>I</text>', page)
    assert re.search(r'<text class="letter request"[^>]*>R</text>', page)


def test_flops_are_not_called_a_speedup_and_time_is_measured_or_missing() -> None:
    without = Elements(render_findings(handmade.make_findings())).text
    assert "not measured" in without
    assert "3.50×" not in without
    measured = Elements(render_findings(handmade.make_findings(), [handmade.make_benchmark()])).text
    assert "3.50×" in measured
    assert "Measured speedup at 500 candidates" in measured
    assert "per-fragment was not run: it equals mari." in measured


def test_headline_is_the_batch_nearest_to_what_was_expected() -> None:
    benchmark = handmade.make_benchmark()
    assert benchmark.timing(Arm.MARI, 100) is not None
    text = Elements(render_findings(handmade.make_findings(), [benchmark])).text
    assert "Measured speedup at 100 candidates" not in text


def test_page_renders_the_same_twice() -> None:
    first, second = (render_findings(handmade.make_findings()) for _ in range(2))
    assert first == second


def test_each_benchmark_is_marked_with_its_machine() -> None:
    here = replace(handmade.make_benchmark(), machine={"processor": "Chip <A>"})
    there = replace(here, machine={"processor": "Chip B"}, device="cuda", peak=Peak(2.5e12, 3.1e11))
    text = Elements(render_findings(handmade.make_findings(), [here, there])).text
    assert "Chip <A>, cpu" in text
    assert "Chip B, cuda" in text
    assert "reaches 2.5 TFLOP/s in large products and moves 310 GB/s" in text
    assert "interleaved; Chip B" in render_findings_markdown(handmade.make_findings(), [there])


def test_markdown_holds_the_same_facts() -> None:
    text = render_findings_markdown(handmade.make_findings(), [handmade.make_benchmark()])
    assert "**Lossless: the same numbers as the original, if the labels are true.**" in text
    assert "| gemm | Gemm | split | 128 of its 192 columns" in text
    assert "| mari | 500 | 2.86 ms |" in text
    assert "    mari optimize ranker.onnx --labels labels.json" in text


def test_markdown_escapes_names() -> None:
    findings = handmade.make_findings(handmade.HOSTILE, source="a|b<i>`.onnx")
    text = render_findings_markdown(findings)
    rows = [line for line in text.splitlines() if line.startswith(r"| \<script")]
    assert rows
    assert all(r"\|" in line and "<script" not in line.replace(r"\<", "") for line in rows)
    assert r"a\|b\<i\>\`.onnx" in text


def test_the_input_order_is_told_feature_by_feature() -> None:
    rows = list_slots(handmade.make_findings("x").interface, handmade.make_labels("x"))
    told = [(row.first, row.columns, row.taken, row.feature) for row in rows]
    assert told == [(0, 1, 3, "profile"), (1, 3, 0, "profile")]
    whole = Interface((InputBinding("hour", "int64", (1,), "request", "hour"),), ())
    (slot,) = list_slots(whole, handmade.make_labels())
    assert (slot.columns, slot.feature, slot.role) == (None, "hour", Role.CONTEXT)
    packed = Interface((InputBinding("x", "float32", ("N", 20), "candidate", "x"),), ())
    assert [slot.feature for slot in list_slots(packed, handmade.make_labels("x"))] == [
        "profile",
        "item_id",
        "counts",
    ]


def make_review() -> Review:
    """Return a review of the handmade findings: one sign-off stands, one is outdated."""
    found, stamp = handmade.make_findings(), Stamp("Ann <b>", "2026-11-20")
    seen = digest_sections(found.source_sha256, found.labels, found, found.certificate)
    note = Note(Section.DECISIONS, "gemm", "Why <i>this</i> one?\nAnd how?", stamp)
    review = Review(found.source_sha256).add(note).add(replace(note, about="", text="Later"))
    review = review.turn(0, Turn(True, stamp, "Its columns."))
    review = review.sign(SignOff(Section.LABELS, stamp, seen[Section.LABELS], "as seen"))
    return review.sign(SignOff(Section.LAYOUT, stamp, "another"))


def test_a_review_is_told_with_what_stands_and_what_is_open() -> None:
    page = render_findings(handmade.make_findings(), (), make_review())
    found = Elements(page)
    assert "i" not in found.tags
    for fact in (
        "stands: what was signed is what is here",
        "outdated: what was signed has changed since",
        "Confirmed: signed off by Ann <b>, 2026-11-20.",
        "1 of 5",
        "1 open note",
        "Why <i>this</i> one?",
        "Settled by Ann <b>, 2026-11-20",
    ):
        assert fact in found.text
    assert "not signed off" not in Elements(render_findings(handmade.make_findings())).text


def test_markdown_tells_the_review_as_tasks() -> None:
    text = render_findings_markdown(handmade.make_findings(), (), make_review())
    assert "| Labels | signed off by Ann \\<b\\>, 2026-11-20 | 0 | 0 |" in text
    assert "| Layout | sign-off outdated | 0 | 0 |" in text
    assert "- [x] Graph and decisions, gemm: Why \\<i\\>this\\</i\\> one? And how? (Ann" in text
    assert "- [ ] Graph and decisions: Later (Ann" in text


def test_the_review_of_another_model_is_refused() -> None:
    review = replace(make_review(), model="f" * 64)
    with pytest.raises(ReviewError, match=r"about another model \(SHA-256 ffffffffffff\)"):
        render_findings(handmade.make_findings(), (), review)


def test_decisions_lead_to_the_drawing() -> None:
    page = render_findings(handmade.make_findings())
    found = Elements(page)
    targets = {value for key, value in found.attributes if key == "id"}
    links = {value for key, value in found.attributes if key == "href" and value}
    assert {link[1:] for link in links} <= targets
    assert [link for link in links if link.startswith("#before-")]


def test_doubtful_measurements_are_marked() -> None:
    quiet = handmade.make_benchmark()
    first, *rest = quiet.timings
    noisy = replace(
        quiet, timings=(replace(first, speedup_high=9.0), *rest), source_sha256="0" * 64
    )
    text = Elements(render_findings(handmade.make_findings(), [noisy])).text
    assert "disagree by more than 2.5 times at 100 candidates" in text
    assert "Measured on another model file: SHA-256 000" in text
    text = Elements(render_findings(handmade.make_findings(), [quiet])).text
    assert "disagree" not in text
    assert "another model file" not in text


def test_a_long_input_order_is_cut_and_says_so() -> None:
    columns = tuple(range(2 * MOST_SLOTS, 0, -1))
    binding = InputBinding("x", "float32", ("N", 2 * MOST_SLOTS), "candidate", "x", columns)
    findings = replace(handmade.make_findings(), interface=Interface((binding,), ()))
    page = render_findings(findings)
    assert "600 more rows are in manifest.json" in Elements(page).text
    assert "more rows" not in render_findings(handmade.make_findings())
