"""Another model or export beside the one that is open: taken from files, compared in a job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import mari_engine as mari
from app.jobs import Job
from app.services import engine_cache
from app.services.export_zips import unpack_exports
from app.services.model_sources import Upload, open_upload
from app.session import Opened, Options, without_folder

_Compared = mari.Model | mari.Artifact | mari.Plan


@dataclass(frozen=True, eq=False)
class Other:
    """What the open model is compared with."""

    name: str
    subject: mari.Model | mari.Artifact


def take_other(files: Sequence[Upload], folder: Path) -> Other:
    """Return the model or the artifact in uploaded files, saved in this folder.

    An artifact is the zip of the Download page. Raises MariError, without the folder's path.
    """
    zips = [file for file in files if file.name.lower().endswith(".zip")]
    try:
        if not zips:
            opened = open_upload(files, folder)
            return Other(opened.path, opened.model)
        if len(files) > 1:
            raise mari.ModelError("upload: a zip beside other files; give the zip alone")
        (name, place), *others = unpack_exports(zips[0], folder).items()
        if others:
            raise mari.ModelError(f"upload: {1 + len(others)} exports in a zip; give a zip of one")
        with mari.isolated(ahead=True):
            return Other(name, mari.load_artifact(place))
    except mari.MariError as error:
        raise mari.ModelError(without_folder(str(error), folder)) from error


def start_comparison(
    opened: Opened, labels: mari.Labels | None, options: Options, other: Other
) -> Job[mari.Difference]:
    """Compare in the background what was before, the other, with what is open.

    With confirmed labels sides and decisions are compared, too: an artifact has its own, and a
    model is rewritten with the same ones, where they fit it.
    """

    def run(progress: mari.Progress) -> mari.Difference:
        progress(0.1, "rewriting")
        subject: _Compared = other.subject
        now: _Compared = opened.model
        if labels is not None:
            now = engine_cache.make_plan(opened, labels, options)
            subject = _with_labels(subject, labels, options)
        progress(0.6, "comparing")
        found = mari.diff(subject, now)
        return replace(found, first=other.name, second=opened.path)

    return Job(run)


def _with_labels(subject: _Compared, labels: mari.Labels, options: Options) -> _Compared:
    if not isinstance(subject, mari.Model):
        return subject
    try:
        return mari.plan(
            subject, labels, signature=options.signature, candidates=options.candidates
        )
    except mari.LabelError:  # it has other inputs, which the comparison of graphs tells
        return subject
