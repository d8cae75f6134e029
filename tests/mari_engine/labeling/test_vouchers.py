"""Who or what vouches for each label, also after somebody has edited the file."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mari_engine import InputLabel, LabelError, Labels, Role, list_vouchers, propose_labels, vouch
from mari_engine.graph import Model
from mari_engine.labeling.logged_requests import DIFFERS
from mari_engine.loading import load
from support.builders import build


def made(user: str = "user_id") -> Model:
    inputs = f"float[N, 4] {user}, float[N, 4] item_id"
    return load(build(f"y = Add ({user}, item_id)", inputs=inputs, outputs="float[N, 4] y"))


def changed(labels: Labels, name: str, **fields: object) -> Labels:
    return Labels({**labels.inputs, name: replace(labels.inputs[name], **fields)})  # type: ignore[arg-type]


def test_names_vouch_for_what_they_make_certain() -> None:
    model = made()
    assert list_vouchers(model, propose_labels(model)) == {"name": ("user_id", "item_id")}


def test_a_role_that_was_edited_is_the_files_and_not_the_names() -> None:
    model = made()
    labels = changed(propose_labels(model), "user_id", role=Role.ITEM)
    assert labels.inputs["user_id"].vouched == "name"
    assert list_vouchers(model, labels) == {"name": ("item_id",), "the labels file": ("user_id",)}


def test_nobody_vouches_for_doubt() -> None:
    model = made("gender")
    labels = propose_labels(model)
    assert list_vouchers(model, labels) == {"name": ("item_id",), "nobody": ("gender",)}
    answered = changed(labels, "gender", confidence=1.0)
    assert list_vouchers(model, answered)["the labels file"] == ("gender",)


def test_a_request_does_not_vouch_for_what_it_showed_to_be_untrue() -> None:
    model = made()
    labels = changed(
        propose_labels(model), "user_id", role=Role.USER, vouched="request", evidence=(DIFFERS,)
    )
    assert list_vouchers(model, labels)["the labels file"] == ("user_id",)


def test_a_person_vouches_for_what_stands_there_by_hand() -> None:
    model = made("gender")
    labels = propose_labels(model)
    with pytest.raises(LabelError, match="its role is still in doubt"):
        vouch(model, labels, "Ann")
    answered = changed(labels, "gender", role=Role.CROSS)
    signed = vouch(model, answered, " Ann ")
    assert list_vouchers(model, signed) == {"name": ("item_id",), "Ann": ("gender",)}
    assert signed.inputs["gender"].confidence == 1.0
    assert vouch(model, signed, "Bob") == signed


@pytest.mark.parametrize("person", ["", "  ", "name", "request", "nobody", "the labels file"])
def test_words_that_stand_for_evidence_are_no_person(person: str) -> None:
    model = made()
    with pytest.raises(LabelError, match="is not the name of a person"):
        vouch(model, Labels({"user_id": InputLabel(role=Role.USER)}), person)
