"""The repository's folder: `NAME/config.pbtxt` and `NAME/1/model.onnx`, written as a whole."""

from __future__ import annotations

import shutil
from pathlib import Path

import onnx_ir as ir

from mari_engine.artifact import CERTIFICATE_FILE, Artifact, check_digests
from mari_engine.errors import ModelError
from mari_engine.files import reading, replace_folder
from mari_engine.graph import list_extents, name_dtype
from mari_engine.serving.triton.flat_inputs import COUNTS, counted_input, flatten_inputs
from mari_engine.serving.triton.model_config import Ragged, write_config
from mari_engine.types import InterfaceTensor, Signature

_MODEL, _DATA = "model.onnx", "model.onnx.data"
_VERSION = "1"


def write_repository(
    artifact: Artifact, repository: Path, name: str, *, most: int = 16, force: bool = False
) -> Path:
    """Write an artifact's model as one of a Triton model repository; return its folder.

    A batched model takes up to `most` requests a call, joined by Triton's ragged batching. A folder
    that is there is replaced with `force` only. Raises ModelError.
    """
    if not name or "/" in name or name.startswith("."):
        raise ModelError(f"--name {name!r}: cannot be the name of a folder; give another")
    target = repository / name
    if target.exists() and not force:
        raise ModelError(f"{target}: is there already; give another --name, or --force")
    config = _config_of(artifact, name, most)

    def fill(made: Path) -> None:
        (made / _VERSION).mkdir()
        (made / "config.pbtxt").write_text(config)
        _write_model(artifact, made / _VERSION)

    try:
        replace_folder(target, fill)
    except OSError as error:
        raise ModelError(
            f"{target}: cannot be written ({error.strerror or error}); choose another folder"
        ) from error
    return target


def _config_of(artifact: Artifact, name: str, most: int) -> str:
    interface = artifact.interface
    inputs = [
        InterfaceTensor(item.name, item.dtype, item.shape, item.rows)
        for item in interface.inputs
        if item.index is None
    ]
    rows = {item.name: item.rows for item in interface.outputs}
    outputs = []
    for value in artifact.model.ir.graph.outputs:
        extents = list_extents(value.shape)
        if extents is None:
            raise ModelError(f"output {value.name!r} has no known rank; export it with a shape")
        dtype, own = name_dtype(value.dtype), value.name or ""
        outputs.append(InterfaceTensor(own, dtype, tuple(extents), rows[own]))
    if artifact.signature != Signature.BATCHED:
        return write_config(name, inputs, outputs)
    return write_config(name, inputs, outputs, Ragged(most, counted_input(interface).name, COUNTS))


def _write_model(artifact: Artifact, folder: Path) -> None:
    """Write the model as it was read: nobody replaces the artifact between check and copy."""
    place, certificate = artifact.directory, artifact.certificate
    with reading(place):
        check_digests(certificate, artifact.manifest, place, place / CERTIFICATE_FILE)
        _copy_model(artifact, folder)


def _copy_model(artifact: Artifact, folder: Path) -> None:
    data = artifact.directory / _DATA
    if data.is_file():
        shutil.copyfile(data, folder / _DATA)
    if artifact.signature != Signature.BATCHED:
        shutil.copyfile(artifact.directory / _MODEL, folder / _MODEL)
        return
    model = ir.load(artifact.directory / _MODEL)
    flatten_inputs(model, artifact.interface)
    ir.save(model, folder / _MODEL)
