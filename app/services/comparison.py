"""Another model or export beside the one that is open: taken from files, compared in a job."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import mari_engine as mari
from app.jobs import Job
from app.services import engine_cache
from app.services.model_sources import Upload, clean_name, open_upload
from app.session import MOST_UPLOADED, Opened, Options, without_folder

_PARTS = frozenset(
    {
        "model.onnx", "model.onnx.data", "manifest.json", "labels.json", "structure.json",
        "certificate.json", "report.html",
    }
)  # fmt: skip
"""What is taken out of an uploaded artifact."""

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
        _unpack(zips[0], folder)
        with mari.isolated(ahead=True):
            return Other(clean_name(zips[0].name), mari.load_artifact(folder))
    except mari.MariError as error:
        raise mari.ModelError(without_folder(str(error), folder)) from error


def _unpack(file: Upload, folder: Path) -> None:
    """Write the artifact's own files into the folder; raises ModelError for any other zip."""
    place = folder / "upload.zip"
    place.write_bytes(file.getbuffer())
    try:
        with zipfile.ZipFile(place) as archive:
            found = {each.filename: each for each in archive.infolist() if each.filename in _PARTS}
            if sum(each.file_size for each in found.values()) > MOST_UPLOADED:
                raise mari.ModelError(
                    f"{clean_name(file.name)}: holds more than {MOST_UPLOADED >> 30} GiB; compare "
                    "it with 'mari diff'"
                )
            for name, each in found.items():
                (folder / name).write_bytes(archive.read(each))
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, NotImplementedError) as error:
        raise mari.ModelError(
            f"{clean_name(file.name)}: is not a zip that can be read; give the one of the Download "
            "page"
        ) from error
    finally:
        place.unlink(missing_ok=True)


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
