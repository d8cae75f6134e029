from dataclasses import replace
from pathlib import Path

import pytest

import mari_engine as mari
from mari_engine.artifact import read_findings
from mari_engine.review import Section, digest_sections
from mari_engine.types import BenchmarkResult
from support import handmade_findings as handmade
from support.builders import ranking_tower

FOUND = handmade.make_findings()
BENCHMARK = handmade.make_benchmark()
SEEN = digest_sections("sha", FOUND.labels, FOUND, FOUND.certificate, [BENCHMARK])


def changed(**changes: object) -> set[Section]:
    """Return the sections whose digest another finding changes."""
    found = replace(FOUND, **changes)  # type: ignore[arg-type]
    seen = digest_sections("sha", found.labels, found, found.certificate, [BENCHMARK])
    return {section for section in Section if seen[section] != SEEN[section]}


def test_only_what_exists_can_be_signed() -> None:
    assert set(digest_sections("sha", FOUND.labels)) == {Section.LABELS}
    planned = digest_sections("sha", FOUND.labels, FOUND)
    assert set(planned) == {Section.LABELS, Section.DECISIONS, Section.LAYOUT}
    assert set(SEEN) == set(Section)


def test_another_model_changes_every_section() -> None:
    other = digest_sections("other", FOUND.labels, FOUND, FOUND.certificate, [BENCHMARK])
    assert all(other[section] != SEEN[section] for section in Section)


def test_what_was_signed_changes_with_what_it_shows() -> None:
    (name, label), *rest = FOUND.labels.inputs.items()
    first, *others = label.columns
    item = replace(label, columns=(replace(first, role=mari.Role.ITEM), *others))
    assert changed(labels=mari.Labels({name: item, **dict(rest)})) == set(Section)
    ranged = replace(label, columns=(replace(first, range=(0, 9)), *others))
    assert changed(labels=mari.Labels({name: ranged, **dict(rest)})) == {
        Section.LABELS,
        Section.LOSSLESSNESS,
    }
    split, kept = FOUND.decisions
    assert changed(decisions=(split, replace(kept, reason="another"))) == {
        Section.DECISIONS,
        Section.LOSSLESSNESS,
    }
    assert changed(layout=FOUND.layout[:1]) == {Section.LAYOUT}
    failed = handmade.make_certificate(passed=False)
    assert changed(certificate=failed) == {Section.LOSSLESSNESS}
    assert changed(candidates=100) == {Section.DECISIONS, Section.LAYOUT, Section.LOSSLESSNESS}


def test_confidence_and_last_digits_change_nothing() -> None:
    doubtful = {
        name: replace(label, confidence=0.5, evidence=("a guess",))
        for name, label in FOUND.labels.inputs.items()
    }
    assert changed(labels=mari.Labels(doubtful)) == set()
    check, *rest = FOUND.certificate.checks
    output = replace(check.outputs[0], exact=2.3e-15)
    again = replace(FOUND.certificate, checks=(replace(check, outputs=(output,)), *rest))
    assert changed(certificate=again) == set()


def test_benchmarks_count_in_any_order_and_as_read_again() -> None:
    other = replace(BENCHMARK, device="cuda")
    read = BenchmarkResult.from_json(BENCHMARK.to_json())
    seen = digest_sections("sha", FOUND.labels, benchmarks=[BENCHMARK, other])
    assert digest_sections("sha", FOUND.labels, benchmarks=[other, read]) == seen
    assert seen[Section.BENCHMARK] != SEEN[Section.BENCHMARK]


def test_an_artifact_is_the_evidence_that_its_result_was(tmp_path: Path) -> None:
    (tmp_path / "tower.onnx").write_bytes(ranking_tower(user=64, item=16, hidden=32))
    labels = mari.Labels.from_json(
        {"version": 1, "inputs": {"user": {"role": "user"}, "item": {"role": "item"}}}
    )
    result = mari.optimize(mari.load(tmp_path / "tower.onnx"), labels, autotune=False)
    result.save(tmp_path / "out")
    found = read_findings(mari.load_artifact(tmp_path / "out"))
    told = digest_sections(result.original.sha256, labels, result, result.certificate)
    again = digest_sections(found.source_sha256, found.labels, found, found.certificate)
    assert told == again
    assert Section.LOSSLESSNESS in told


@pytest.mark.parametrize("section", Section)
def test_digests_are_sha256(section: Section) -> None:
    assert len(SEEN[section]) == 64
