"""Options that were chosen after a check: nothing changes silently."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from app.session import Options, Work
from app.views.header import tell_options, tell_unconfirmed
from mari_engine import Signature
from support.app_visits import visit


def warnings(app: AppTest) -> list[str]:
    return [one.value.replace("\\", "") for one in app.warning]


def test_a_choice_after_the_check_is_told_on_every_page_until_it_is_taken_back(
    confirmed: Work,
) -> None:
    assert warnings(visit("model", confirmed)) == []
    app = visit("labels", confirmed)
    app.segmented_control(key="signature").set_value(Signature.COMPACT).run()
    (told,) = warnings(visit("model", confirmed))  # as above every page
    assert "still those of drop-in, 500 candidates" in told
    assert "You chose compact, 500 candidates since" in told
    app = visit("labels", confirmed)
    assert app.segmented_control(key="signature").value == Signature.COMPACT, "it is not forgotten"
    app.segmented_control(key="signature").set_value(Signature.DROP_IN).run()
    assert warnings(visit("model", confirmed)) == []


def test_the_files_say_of_which_contract_they_are(confirmed: Work) -> None:
    confirmed.chosen = Options(Signature.COMPACT)
    told = [one.value.replace("\\", "") for one in visit("download", confirmed).caption]
    assert "Of the contract **drop-in, 500 candidates**, confirmed by Ada" in told


def test_options_in_words(opened: Work) -> None:
    assert (
        tell_options(Options(keep=("a", "b"))) == "drop-in, 500 candidates, 2 products left alone"
    )
    opened.chosen = Options(candidates=7)
    assert tell_unconfirmed(opened) == "", "there is no check yet"
