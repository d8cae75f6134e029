"""Exports in uploaded zips: one, or a folder of them, unpacked under names of our own."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

import mari_engine as mari
from app.services.model_sources import Upload, clean_name
from app.session import MOST_UPLOADED, Export, without_folder
from app.views.text import one_line, shorten

MOST_EXPORTS = 200
"""In all zips together."""
LONGEST_NAME = 120
_MANIFEST = "manifest.json"
_PARTS = frozenset(
    {
        "model.onnx", "model.onnx.data", _MANIFEST, "labels.json", "structure.json",
        "certificate.json", "report.html",
    }
)  # fmt: skip
"""What is taken out of an uploaded artifact."""


def unpack_exports(file: Upload, folder: Path) -> dict[str, Path]:
    """Return the artifacts of a zip by name, each unpacked in a folder of its own in this one.

    They are those at the zip's root or in folders of it; nothing is written under a path that the
    zip gives. Raises ModelError for any other file.
    """
    name = clean_name(file.name)
    place = folder / "upload.zip"
    place.write_bytes(file.getbuffer())
    try:
        with zipfile.ZipFile(place) as archive:
            return _unpack(archive, name, folder)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, NotImplementedError) as error:
        raise mari.ModelError(
            f"{name}: is not a zip that can be read; give the one of the Download page"
        ) from error
    finally:
        place.unlink(missing_ok=True)


def read_exports(files: Sequence[Upload], folder: Path) -> tuple[Export, ...]:
    """Return every artifact in uploaded zips, saved in this folder, with its figures.

    Raises MariError for what is no zip of artifacts; a damaged artifact is an entry that says why.
    """
    if sum(file.size for file in files) > MOST_UPLOADED:
        raise mari.ModelError(f"upload: more than {MOST_UPLOADED >> 30} GiB in all; give fewer")
    found: dict[str, Path] = {}
    for at, file in enumerate(files):
        own = folder / f"zip-{at}"
        own.mkdir()
        new = unpack_exports(file, own)
        if twice := found.keys() & new.keys():
            raise mari.ModelError(f"{sorted(twice)[0]}: is there twice; rename one of the zips")
        found |= new
    if not 0 < len(found) <= MOST_EXPORTS:
        raise mari.ModelError(
            f"upload: {len(found):,} exports; give 1 to {MOST_EXPORTS} in zips, and hold more to"
            " conditions with 'mari check'"
        )
    with mari.isolated(ahead=True):
        return tuple(_read(name, place) for name, place in found.items())


def _read(name: str, place: Path) -> Export:
    try:
        figures = mari.read_figures(mari.load_artifact(place))
    except mari.MariError as error:
        return Export(name, None, without_folder(str(error), place))
    return Export(name, replace(figures, directory=Path(name)))


def _unpack(archive: zipfile.ZipFile, name: str, folder: Path) -> dict[str, Path]:
    groups: dict[str, list[zipfile.ZipInfo]] = {}
    for each in archive.infolist():
        path = PurePosixPath(each.filename)
        if path.name in _PARTS:
            groups.setdefault(str(path.parent), []).append(each)
    groups = {
        parent: parts
        for parent, parts in groups.items()
        if any(PurePosixPath(part.filename).name == _MANIFEST for part in parts)
    }
    if not groups or len(groups) > MOST_EXPORTS:
        raise mari.ModelError(
            f"{name}: holds {len(groups) or 'no'} exports; give the zip of the Download page, or a"
            f" folder of at most {MOST_EXPORTS} as a zip"
        )
    if sum(part.file_size for parts in groups.values() for part in parts) > MOST_UPLOADED:
        raise mari.ModelError(
            f"{name}: holds more than {MOST_UPLOADED >> 30} GiB; use 'mari diff' or 'mari check'"
        )
    found: dict[str, Path] = {}
    for at, (parent, parts) in enumerate(sorted(groups.items())):
        place = folder / f"export-{at}"
        place.mkdir()
        for part in parts:
            (place / PurePosixPath(part.filename).name).write_bytes(archive.read(part))
        inner = "" if parent == "." else f" / {shorten(one_line(parent), LONGEST_NAME)}"
        found[f"{name}{inner}"] = place
    return found
