"""Models from samples, uploads, paths and the command line, each with its own key."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import mari_engine as mari
from app.jobs import settle_garbage
from app.services import engine_cache
from app.services.server_files import ServerFiles, read_arguments
from app.session import MOST_UPLOADED, Opened, Work, without_folder
from sample_models import labels_path, sample_path

MOST_FILES = 16
LONGEST_NAME = 120
"""Bytes."""
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


def server_files() -> ServerFiles:
    """Return the files of its own that this server opens for visitors."""
    return ServerFiles.of(read_arguments(sys.argv[1:]))


def open_path(path: str, files: ServerFiles) -> Opened:
    """Return a model on the server's disk, which `files` must hold; raises MariError.

    A NAME.labels.json beside it is read too. What a file holds is never told in an error.
    """
    place = files.find(path)
    try:
        beside: Path | None = files.find(str(place.with_suffix(".labels.json")))
    except mari.ModelError:
        beside = None
    try:
        labels = mari.Labels.load(beside) if beside is not None else None
    except mari.MariError as error:
        raise mari.LabelError(
            f"{place.stem}.labels.json: the labels beside the model cannot be read; mend the file, "
            "or take it away"
        ) from error
    return replace(_load(place, str(place), labels), server_path=str(place))


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
    try:
        for name, file in zip(names, files, strict=True):
            (folder / name).write_bytes(file.getbuffer())
    except OSError as error:
        raise mari.ModelError(
            f"upload: cannot be kept ({error.strerror}); try again later, or ask whoever runs this"
            " server"
        ) from error
    beside = [folder / name for name in names if name.lower().endswith(".json")]
    try:
        labels = mari.Labels.load(beside[0]) if beside else None
        return _load(folder / models[0], models[0], labels)
    except mari.MariError as error:
        raise mari.ModelError(without_folder(str(error), folder)) from error


def free_batch(opened: Opened) -> Opened:
    """Return the same file's model with the number of rows that it fixes let vary.

    Raises MariError where the model's nodes fix it, too, or its rows depend on each other.
    """
    place = opened.model.path
    assert place is not None  # pages open files alone
    try:
        return replace(
            _load(place, opened.path, opened.labels, sample=opened.sample, free_batch=True),
            server_path=opened.server_path,
        )
    except mari.MariError as error:
        raise mari.ModelError(without_folder(str(error), place.parent)) from error


def clean_name(name: str) -> str:
    """Return a file name that stays in its folder; raises ModelError when none is left."""
    last = re.split(r"[/\\]", name)[-1]
    cleaned = _UNSAFE.sub("_", last).lstrip(". ").encode()[-LONGEST_NAME:].decode(errors="ignore")
    if not cleaned:
        raise mari.ModelError("upload: a file has no usable name; rename it")
    return cleaned


def open_at_start(work: Work) -> None:
    """Open the model that the server was started with, if any; keep the reason if it fails."""
    named = read_arguments(sys.argv[1:])
    if not named.model:
        return
    try:
        files = ServerFiles.of(named)
        opened = open_path(files.model, files) if files.model else open_sample(named.model)
        work.open(opened, engine_cache.propose(opened))
    except mari.MariError as error:
        work.error = str(error)


def _load(
    place: Path,
    path: str,
    labels: mari.Labels | None,
    *,
    sample: str = "",
    free_batch: bool = False,
) -> Opened:
    with mari.isolated(ahead=True):
        model = mari.load(place, free_batch=free_batch)
    settle_garbage()
    key = f"{model.identity} {free_batch} {place.resolve()}"
    return Opened(model, key, path, sample, labels, free_batch=free_batch)


def _check_sizes(files: Sequence[Upload]) -> None:
    if len(files) > MOST_FILES:
        raise mari.ModelError(f"upload: more than {MOST_FILES} files; give a path on the server")
    if sum(file.size for file in files) > MOST_UPLOADED:
        raise mari.ModelError(
            f"upload: more than {MOST_UPLOADED >> 30} GiB in all; give a path on the server"
        )
