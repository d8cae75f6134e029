"""Small ranking models that came out of real exporters, each with its labels.

The models are files of this package; `python -m sample_models.export` makes them anew.
"""

from __future__ import annotations

from pathlib import Path

from mari_engine.errors import MariError, ModelError
from mari_engine.files import write_whole
from sample_models.catalog import SAMPLES, Exporter, Sample, Style

__all__ = [
    "Exporter",
    "Sample",
    "Style",
    "labels_path",
    "sample",
    "sample_description",
    "sample_names",
    "sample_path",
    "write_samples",
]

_HERE = Path(__file__).parent
_BY_NAME = {entry.name: entry for entry in SAMPLES}


def sample_names() -> tuple[str, ...]:
    """Return the names of all samples, in the order in which they are offered."""
    return tuple(_BY_NAME)


def sample(name: str) -> Sample:
    """Return what is known of a sample; raises ModelError for an unknown name."""
    if name not in _BY_NAME:
        names = ", ".join(_BY_NAME)
        raise ModelError(f"sample {name!r}: there is none of this name; use one of {names}")
    return _BY_NAME[name]


def sample_description(name: str) -> str:
    """Return one line that says what the model is and what it shows."""
    entry = sample(name)
    return f"{entry.title}. Shows {entry.shows}."


def sample_path(name: str) -> Path:
    """Return the path of a sample's model file."""
    return _HERE / f"{sample(name).name}.onnx"


def labels_path(name: str) -> Path:
    """Return the path of a sample's labels file."""
    return _HERE / f"{sample(name).name}.labels.json"


def write_samples(directory: str | Path, *, force: bool = False) -> tuple[Path, ...]:
    """Copy every sample's model and labels into a folder, and return the paths written.

    Each file appears whole or not at all. Raises MariError when the folder cannot be written, and,
    without `force`, before anything is written where a file of one of these names is another one.
    """
    folder = Path(directory)
    sources = [path for name in _BY_NAME for path in (sample_path(name), labels_path(name))]
    contents = {folder / path.name: path.read_bytes() for path in sources}
    try:
        for path, data in contents.items():
            if not force and path.exists() and path.read_bytes() != data:
                raise MariError(
                    f"{path}: is there already and is not this sample; choose another folder, or"
                    " overwrite it with --force"
                )
        folder.mkdir(parents=True, exist_ok=True)
        for path, data in contents.items():
            write_whole(path, data)
    except OSError as error:
        raise MariError(
            f"{folder}: samples cannot be written ({error}); give a folder that you may write to"
        ) from error
    return tuple(folder / path.name for path in sources)
