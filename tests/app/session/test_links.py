import re
from dataclasses import replace
from pathlib import Path

import pytest

import app
import mari_engine as mari
from app.services import follow_link, open_sample, server_files
from app.services.model_sources import open_path
from app.session import (
    OWN,
    Link,
    Opened,
    Options,
    Work,
    digest_labels,
    explain_lack,
    make_link,
    name_answers,
    read_link,
    write_link,
)
from app.session.link import LONGEST_VALUE, MOST_LEFT_ALONE
from app.views.labels import keep_roles, list_parts
from support.app_visits import LABELS, LONG, visit
from support.builders import ranking_tower

CHOICES = Options(mari.Signature.COMPACT, 200, ("/mlp/0/MatMul", "a b&c=1"))


def follow(link: Link) -> Work:
    work = Work()
    follow_link(work, read_link(write_link(link)))
    return work


def test_a_link_says_what_it_was_made_from() -> None:
    for link in (
        Link(),
        Link(sample="dlrm", sha256="ab", labels="cd", confirmed=True, by="Ada Ü", options=CHOICES),
        Link(path="/models/Ünïcode & co.onnx", options=Options(candidates=1)),
    ):
        assert read_link(write_link(link)) == link
        assert set(write_link(link)) <= set(OWN)
    assert write_link(Link()) == {}
    assert not Link()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("contract", "both"),
        ("expect", "-3"),
        ("expect", "1e9"),
        ("expect", "9" * 400),
        ("expect", "٣"),
        ("confirmed", "yes"),
        ("sample", "x" * (LONGEST_VALUE + 1)),
    ],
)
def test_what_is_malformed_counts_as_not_said(name: str, text: str) -> None:
    assert read_link({name: [text]}) == Link()


def test_what_a_link_leaves_alone_is_bounded() -> None:
    assert len(read_link({"leave": ["a"] * 9999}).options.keep) == MOST_LEFT_ALONE
    assert read_link({"expect": ["0"]}).options.candidates == 1


def test_uploads_have_no_link(opened: Work) -> None:
    assert not make_link(opened)
    assert not make_link(Work())


def test_a_long_link_leaves_the_choices_out(confirmed: Work) -> None:
    assert confirmed.opened is not None
    confirmed.opened = replace(confirmed.opened, sample="tower")
    assert make_link(confirmed).confirmed
    confirmed.options = Options(keep=tuple(f"/a/long/scope/{at}/MatMul" for at in range(99)))
    assert make_link(confirmed).options == Options()
    assert not make_link(confirmed).confirmed


def test_a_link_leads_back_to_confirmed_labels_and_choices() -> None:
    opened = open_sample("two_tower")
    labels = opened.labels
    assert labels is not None
    digest = digest_labels(opened.model, labels)
    assert digest != digest_labels(opened.model, mari.propose_labels(opened.model))
    node = next(node.name for node in mari.describe(opened.model).nodes if node.op == "Gemm")
    options = Options(mari.Signature.COMPACT, 50, (node, "no such node"))
    work = follow(Link("two_tower", labels=digest, confirmed=True, by=" Ada ", options=options))
    assert work.confirmed == mari.propose_axes(opened.model, name_answers(labels, "Ada"))
    assert work.confirmed_by == "Ada"
    assert work.options == replace(options, keep=(node,))
    assert work.check is not None
    work.check.wait(LONG)
    assert work.verified
    assert "The check runs again here" in work.notice
    again = make_link(work)
    assert follow(again).confirmed == work.confirmed


def test_labels_that_were_not_confirmed_are_not_confirmed_by_a_link() -> None:
    opened = open_sample("two_tower")
    assert opened.labels is not None
    work = follow(Link("two_tower", labels=digest_labels(opened.model, opened.labels)))
    assert work.labels == opened.labels
    assert work.confirmed is None


def test_a_link_confirms_no_doubt_and_nothing_in_nobodys_name() -> None:
    opened = open_sample("wide_deep_packed")
    proposed = mari.propose_labels(opened.model)
    assert proposed.confidence < 1
    doubted = Link("wide_deep_packed", labels=digest_labels(opened.model, proposed), confirmed=True)
    work = follow(replace(doubted, by="Ada"))
    assert work.labels == proposed
    assert work.confirmed is None
    assert "left to answer" in work.notice
    assert opened.labels is not None
    given = Link(
        "wide_deep_packed", labels=digest_labels(opened.model, opened.labels), confirmed=True
    )
    work = follow(given)
    assert work.confirmed is None
    assert "does not say who did" in work.notice


def test_answers_to_doubts_are_in_no_link() -> None:
    opened = replace(open_sample("wide_deep_packed"), labels=None)
    work = Work()
    work.open(opened, mari.propose_labels(opened.model))
    assert work.labels is not None
    assert explain_lack(work, work.proposed) == ""
    work.relabel(keep_roles(work.labels, list_parts(work.labels)))
    assert "Answers that were given here are in no link" in explain_lack(work, work.proposed)


def test_a_path_on_the_server_is_opened_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["main.py", "--folder", str(tmp_path)])
    path = tmp_path / "tower.onnx"
    path.write_bytes(ranking_tower())
    work = Work()
    opened = open_path(str(path), server_files())
    work.open(opened, mari.propose_labels(opened.model))
    link = make_link(work)
    assert link.path == str(path.resolve())
    assert follow(link).opened is not None
    with monkeypatch.context() as other:
        other.setattr("sys.argv", ["main.py"])
        closed = follow(link)
    assert "leads nowhere" in closed.notice
    assert closed.opened is None
    path.write_bytes(ranking_tower(seed=1))
    changed = follow(link)
    assert "made for another file" in changed.notice
    assert changed.confirmed is None
    path.unlink()
    gone = follow(link)
    assert "leads nowhere" in gone.notice
    assert gone.opened is None


def test_labels_edited_by_hand_are_asked_for() -> None:
    work = follow(Link("two_tower", labels="0" * 16, confirmed=True))
    assert "ask for the session file" in work.notice
    assert work.confirmed is None
    assert "leads nowhere" in follow(Link("no_such_sample")).notice


def test_the_notice_is_text(opened: Work) -> None:
    opened.notice = "<img src=x> **b**"
    app = visit("model", opened)
    assert app.info[0].value.replace("\\", "") == opened.notice


def test_every_opening_but_an_upload_says_where_it_lies(opened: Work) -> None:
    assert isinstance(opened.opened, Opened)
    assert opened.opened.server_path == ""
    assert open_sample("dlrm").server_path == ""
    assert opened.labels == LABELS


def test_a_link_and_the_graph_that_it_shows_share_no_parameter() -> None:
    script = Path(app.__path__[0]) / "components" / "graph" / "assets" / "url_state.js"
    names = re.search(r"const NAMES = \[(.*?)\]", script.read_text(encoding="utf-8"))
    assert names is not None
    assert set(re.findall(r'"(\w+)"', names[1])).isdisjoint(OWN)
