"""Models from samples, uploads, paths and the command line, each with its own key."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import mari_engine as mari
from app.jobs import settle_garbage
from app.services import engine_cache
from app.session import Opened, Work
from sample_models import labels_path, sample_names, sample_path

MOST_FILES = 16
MOST_BYTES = 1 << 30
"""For all files of one upload together; larger models are opened by their path."""
LONGEST_NAME = 120
_UNSAFE = re.compile(r"[^\w.+=@ -]")


class Upload(Protocol):
    """A file that came from a browser."""

    @property
    def name(self) -> str:
        """The name that the browser gave."""

    @property
    def size(self) -> int:
        """Its bytes."""

    def getbuffer(self) -> memoryview:
        """Return its contents."""


def open_sample(name: str) -> Opened:
    """Return a bundled sample; raises ModelError for an unknown name."""
    place = sample_path(name)
    return _load(place, f"samples/{name}.onnx", mari.Labels.load(labels_path(name)), sample=name)


def open_path(path: str) -> Opened:
    """Return a model on the server's disk; raises MariError.

    A NAME.labels.json beside it is read too.
    """
    place = Path(path.strip()).expanduser()
    if not path.strip() or not place.is_file():
        raise mari.ModelError(
            f"{path.strip() or 'path'}: there is no such file; give an .onnx file"
        )
    beside = place.with_suffix(".labels.json")
    labels = mari.Labels.load(beside) if beside.is_file() else None
    return replace(_load(place, str(place), labels), server_path=str(place.resolve()))


def open_upload(files: Sequence[Upload], folder: Path) -> Opened:
    """Save uploaded files in this folder and return their one model; raises MariError.

    External data lie beside the model, under the names that they were uploaded with.
    """
    _check_sizes(files)
    names = [clean_name(file.name) for file in files]
    if len(set(names)) != len(names):
        raise mari.ModelError("upload: two files have the same name; rename one")
    models = [name for name in names if name.lower().endswith(".onnx")]
    if len(models) != 1:
        raise mari.ModelError(
            f"upload: {len(models)} .onnx files; give exactly one, with its external data if any"
        )
    for name, file in zip(names, files, strict=True):
        (folder / name).write_bytes(file.getbuffer())
    beside = [folder / name for name in names if name.lower().endswith(".json")]
    labels = mari.Labels.load(beside[0]) if beside else None
    return _load(folder / models[0], models[0], labels)


def clean_name(name: str) -> str:
    """Return a file name that stays in its folder; raises ModelError when none is left."""
    last = re.split(r"[/\\]", name)[-1]
    cleaned = _UNSAFE.sub("_", last).lstrip(". ")[-LONGEST_NAME:]
    if not cleaned:
        raise mari.ModelError("upload: a file has no usable name; rename it")
    return cleaned


def open_at_start(work: Work, arguments: Sequence[str]) -> None:
    """Open the model that the server was started with, if any; keep the reason if it fails.

    It is the first argument, else MARI_MODEL; a path, or a sample's name.
    """
    asked = arguments[0] if arguments else os.environ.get("MARI_MODEL", "")
    if not asked:
        return
    try:
        known = asked in sample_names() and not Path(asked).is_file()
        opened = open_sample(asked) if known else open_path(asked)
        work.open(opened, engine_cache.propose(opened))
    except mari.MariError as error:
        work.error = str(error)


def _load(place: Path, path: str, labels: mari.Labels | None, *, sample: str = "") -> Opened:
    model = mari.load(place)
    settle_garbage()
    return Opened(model, f"{model.identity} {place.resolve()}", path, sample, labels)


def _check_sizes(files: Sequence[Upload]) -> None:
    if len(files) > MOST_FILES:
        raise mari.ModelError(f"upload: more than {MOST_FILES} files; give a path on the server")
    if sum(file.size for file in files) > MOST_BYTES:
        raise mari.ModelError(
            f"upload: more than {MOST_BYTES >> 30} GiB in all; give a path on the server"
        )
