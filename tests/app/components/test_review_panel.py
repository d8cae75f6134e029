from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

import mari_engine
from app.services import find_seen, find_subjects
from app.session import Work
from app.views.review import (
    list_subjects,
    note_html,
    order_notes,
    review_rows,
    sign_off_html,
    sum_up_section,
)
from mari_engine import Labels, Note, Review, Role, Section, SignOff, Stamp, Turn, sum_up_review
from support.app_visits import LABELS, visit
from support.handmade_results import make_benchmark, make_certificate, make_layout, make_plan

HOSTILE = "<img src=x onerror=alert(1)>\n**b**"
ANN = Stamp("Ann", "2026-11-20")
NOTE = Note(Section.LABELS, "user", "Is it?", ANN)
SEEN = {Section.LABELS: "a"}


def test_subjects_are_what_a_page_shows() -> None:
    plan, certificate = make_plan(), make_certificate()
    found = {
        section: list_subjects(section, LABELS, plan.decisions, plan.layout * 2, certificate)
        for section in Section
    }
    assert set(found[Section.LABELS]) == {"user", "item"}
    assert found[Section.DECISIONS] == ["/mlp/0/MatMul", "/mlp/1/MatMul"]
    assert found[Section.LAYOUT] == [make_layout().node]
    assert found[Section.LOSSLESSNESS] == ["score"]
    assert "one-shot" in found[Section.BENCHMARK]
    assert list_subjects(Section.LOSSLESSNESS, LABELS, (), (), None) == []


def test_open_notes_come_first_and_the_latest_of_them() -> None:
    review = Review("sha").add(NOTE).add(NOTE).add(replace(NOTE, section=Section.LAYOUT)).add(NOTE)
    settled = review.turn(3, Turn(True, ANN))
    assert order_notes(settled, Section.LABELS) == [1, 0, 3]
    line = sum_up_section(sum_up_review(settled, "sha", SEEN)[0])
    assert line == "2 open notes · 1 settled · not signed off"


def test_rows_say_who_accepts_a_section_as_it_stands() -> None:
    review = Review("sha").add(NOTE).sign(SignOff(Section.LABELS, ANN, "a"))
    review = review.sign(SignOff(Section.LAYOUT, ANN, "then"))
    rows = {row["section"]: row for row in review_rows(sum_up_review(review, "sha", SEEN))}
    assert rows["Labels"]["sign-off"] == "signed off by Ann, 2026-11-20"
    assert rows["Labels"]["open notes"] == 1
    assert rows["Layout"]["sign-off"] == "sign-off outdated"
    assert rows["Benchmark"]["sign-off"] == "not signed off"
    gone = review.withdraw(0, ANN)
    assert review_rows(sum_up_review(gone, "sha", SEEN))[0]["sign-off"] == "not signed off"


def test_what_people_type_is_text() -> None:
    stamp = Stamp(HOSTILE, HOSTILE)
    note = Note(Section.LABELS, HOSTILE, HOSTILE, stamp, (Turn(True, stamp, HOSTILE),))
    signed = SignOff(Section.LABELS, stamp, "a", HOSTILE, withdrawn=stamp)
    review = Review("sha").sign(signed)
    (told,) = sum_up_review(review, "sha", SEEN)[0].sign_offs
    for text in (note_html(note), sign_off_html(told)):
        assert "<img" not in text
        assert "&lt;img src=x onerror=alert(1)&gt;" in text
    assert "&gt;<br>**b**" in note_html(note)


@pytest.mark.parametrize(
    ("sign_off", "words"),
    [
        (SignOff(Section.LABELS, ANN, "a"), "✓ stands: what was signed is what is here"),
        (SignOff(Section.LABELS, ANN, "b"), "has changed since"),
        (SignOff(Section.LAYOUT, ANN, "a"), "is not here"),
        (SignOff(Section.LABELS, ANN, "a", withdrawn=ANN), "✗ withdrawn by Ann, 2026-11-20"),
    ],
)
def test_a_sign_off_says_whether_it_stands(sign_off: SignOff, words: str) -> None:
    outcomes = sum_up_review(Review("sha").sign(sign_off), "sha", SEEN)
    (told,) = [signed for outcome in outcomes for signed in outcome.sign_offs]
    assert words in sign_off_html(told)


def test_what_can_be_signed_grows_with_the_work(opened: Work, measured: Work) -> None:
    empty = Work()
    assert find_seen(empty) == {}
    assert set(find_seen(measured)) == set(Section)
    assert find_subjects(measured, Section.LOSSLESSNESS) == ["score"]


def test_what_was_digested_is_kept_until_it_changes(
    measured: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = find_seen(measured)
    monkeypatch.setattr(mari_engine, "digest_sections", lambda *parts: {})
    assert find_seen(measured) == before
    measured.elsewhere.append(make_benchmark(device="cuda"))
    assert find_seen(measured) == {}


def test_editing_labels_outdates_what_was_signed(confirmed: Work) -> None:
    before = find_seen(confirmed)
    name, label = next(iter(LABELS.inputs.items()))
    confirmed.relabel(Labels({**LABELS.inputs, name: replace(label, role=Role.ITEM)}))
    after = find_seen(confirmed)
    assert set(after) == {Section.LABELS}
    assert after[Section.LABELS] != before[Section.LABELS]


def test_benchmarks_from_elsewhere_are_signed_too(measured: Work) -> None:
    before = find_seen(measured)
    measured.elsewhere.append(make_benchmark(device="cuda"))
    assert find_seen(measured)[Section.BENCHMARK] != before[Section.BENCHMARK]
    assert measured.opened is not None
    measured.open(measured.opened, LABELS)
    assert not measured.benchmarks


def say(app: AppTest, key: str, **texts: str) -> None:
    """Open a form, fill it in and send it."""
    app.session_state[key] = True
    app.run()
    for field, text in texts.items():
        widget = app.text_area if field == "text" else app.text_input
        widget(key=f"{key}-{field}").set_value(text)
    app.button(key=f"{key}-send").click()
    app.run()
    assert not app.exception


def test_a_note_is_added_settled_and_signed_off(confirmed: Work) -> None:
    app = visit("layout", confirmed)
    say(app, "note-layout-0", text="Too many pieces?", name="Ann")
    review = confirmed.review
    assert review is not None
    assert [(note.text, note.by.name, note.section) for note in review.notes] == [
        ("Too many pieces?", "Ann", Section.LAYOUT)
    ]
    say(app, "turn-0-0", text="No.", name="Bob")
    review = confirmed.review
    assert review is not None
    assert review.notes[0].is_resolved
    assert review.notes[0].turns[0].by.name == "Bob"
    say(app, "sign-layout-0")  # the name that was given last is proposed
    review = confirmed.review
    assert review is not None
    (signed,) = review.sign_offs
    assert signed.by.name == "Bob"
    assert signed.stands(find_seen(confirmed))
    say(app, "withdraw-0", name="Cy")
    review = confirmed.review
    assert review is not None
    withdrawn = review.sign_offs[0].withdrawn
    assert withdrawn is not None
    assert withdrawn.name == "Cy"


def test_a_form_that_lacks_something_says_so(confirmed: Work) -> None:
    app = visit("layout", confirmed)
    say(app, "note-layout-0", text="A question")
    assert "the name is empty" in app.error[0].value.replace("\\", "")
    say(app, "note-layout-0", name="Ann", text=" ")
    assert "the note is empty" in app.error[0].value.replace("\\", "")
    assert confirmed.review == Review(confirmed.review.model if confirmed.review else "")


def test_the_review_page_shows_every_section(measured: Work) -> None:
    assert measured.review is not None
    measured.review = measured.review.add(replace(NOTE, text=HOSTILE))
    app = visit("review", measured)
    assert list(app.dataframe[0].value["open notes"]) == [1, 0, 0, 0, 0]
    assert visit("review").page_link
