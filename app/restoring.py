"""A link → the work that it leads to."""

from __future__ import annotations

import mari_engine as mari
from app import cached
from app.links import Link, digest_labels
from app.opening import open_path, open_sample
from app.running import start_check
from app.work import Opened, Options, Work


def follow_link(work: Work, link: Link) -> None:
    """Open what a link names, with its labels and choices; `work.notice` says what is not so."""
    try:
        opened = open_sample(link.sample) if link.sample else open_path(link.path)
    except mari.MariError as error:
        work.notice = f"The link leads nowhere: {error}"
        return
    work.open(opened, cached.propose(opened))
    if link.sha256 and not opened.model.sha256.startswith(link.sha256):
        work.notice = (
            f"The link was made for another file of this name; {opened.model.name} has changed"
            " since. Labels and choices start anew."
        )
        return
    for labels in (opened.labels, work.labels):
        if labels is not None and digest_labels(opened.model, labels) == link.labels:
            work.relabel(labels)
            if link.confirmed:
                confirm_again(work, link.options, by="whoever made the link")
            return
    if link.labels:
        work.notice = (
            "The link's labels were edited by hand, and a link does not hold them: ask for the"
            " session file. These are the proposals."
        )


def confirm_again(work: Work, options: Options, *, by: str) -> None:
    """Confirm labels as somebody did before, which starts the check; say so, or why not."""
    if work.opened is None or work.labels is None:
        return
    try:
        labels = work.labels.confirmed()
        mari.check_labels(work.opened.model, labels)
        plan = cached.make_plan(work.opened, labels, _known(work.opened, options))
    except mari.MariError as error:
        work.notice = f"The labels could not be confirmed again: {error}"
        return
    work.confirm(_known(work.opened, options), start_check(plan))
    work.notice = f"These labels and choices were confirmed by {by}. The check runs again here."


def _known(opened: Opened, options: Options) -> Options:
    """Return the options without nodes that this model does not have."""
    nodes = {node.name for node in cached.describe(opened).nodes}
    keep = tuple(node for node in options.keep if node in nodes)
    return Options(options.signature, options.candidates, keep)
