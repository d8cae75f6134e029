"""A user's own requests (.npz) → feeds that are known to fit the model."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import onnx_ir as ir

from mari_engine.errors import FeedError
from mari_engine.feeds import Feeds
from mari_engine.labels import InputLabel, Labels
from mari_engine.loading import Model

_LARGEST = 4 << 30
"""Bytes that a request file may unpack to."""


class Request(Feeds):
    """Feeds that came from the user; `name` is what certificates call them."""

    name: str = "request"


def load_requests(path: str | Path, model: Model, labels: Labels | None = None) -> Request:
    """Return the request in an .npz file, one array for each input, named like the inputs.

    Pickled arrays are refused. Raises FeedError, naming the file and the input, for whatever does
    not fit the model; with labels also where a per-request feature differs between rows.
    """
    where = str(path)
    request = Request(_read_arrays(Path(path), where))
    request.name = Path(path).name
    for value in model.ir.graph.inputs:
        name = value.name or ""
        if value.dtype == ir.DataType.STRING and name in request:
            request[name] = request[name].astype(object)
    check_request(request, model, labels, where=where)
    return request


def check_request(feeds: Feeds, model: Model, labels: Labels | None, *, where: str) -> int:
    """Return the number of candidates if the arrays fit the model's inputs and the labels.

    Raises FeedError, naming `where` and the input.
    """
    inputs = {value.name or "": value for value in model.ir.graph.inputs}
    missing = sorted(set(inputs) - set(feeds))
    unknown = sorted(set(feeds) - set(inputs))
    if missing:
        raise FeedError(f"{where}: input {missing[0]!r} is missing; add an array of that name")
    if unknown:
        raise FeedError(f"{where}: the model has no input {unknown[0]!r}; remove that array")
    symbols: dict[str, int] = {}
    for name, value in inputs.items():
        _check_dtype(feeds[name], value, f"{where}: input {name!r}")
        _check_shape(feeds[name], value.shape, symbols, f"{where}: input {name!r}")
    if labels is not None:
        for name, label in labels.inputs.items():
            if name in feeds:
                _check_rows(feeds[name], label, f"{where}: input {name!r}")
    batch = max((len(array) for array in feeds.values() if array.ndim), default=1)
    if batch == 0:
        raise FeedError(f"{where}: holds no candidates; give at least one row")
    return batch


def _read_arrays(path: Path, where: str) -> Feeds:
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > _LARGEST:
            raise FeedError(f"{where}: unpacks to {size} bytes; give at most {_LARGEST}")
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise FeedError(
            f"{where}: cannot be read ({error}); save it with numpy.savez, without objects"
        ) from error


def _check_dtype(array: np.ndarray, value: ir.Value, where: str) -> None:
    if value.dtype is None or value.dtype == ir.DataType.STRING:
        return
    wanted = value.dtype.numpy()
    if array.dtype != wanted:
        raise FeedError(f"{where} is {array.dtype}, the model wants {wanted}; convert it")


def _check_shape(
    array: np.ndarray, shape: ir.Shape | None, symbols: dict[str, int], where: str
) -> None:
    if shape is None:
        return
    if array.ndim != len(shape):
        raise FeedError(f"{where} has {array.ndim} axes, the model wants {shape}; reshape it")
    for axis, (extent, wanted) in enumerate(zip(array.shape, shape, strict=True)):
        name = None if isinstance(wanted, int) else wanted.value
        known = wanted if isinstance(wanted, int) else symbols.setdefault(name or "", extent)
        if (isinstance(wanted, int) or name) and extent != known:
            raise FeedError(
                f"{where} has extent {extent} at axis {axis}, {wanted} is {known} elsewhere in the "
                "request or the model; make them agree"
            )


def _check_rows(array: np.ndarray, label: InputLabel, where: str) -> None:
    """Refuse per-request features whose rows differ; NaN equals NaN."""
    if array.ndim == 0:
        return
    pieces = {
        f"columns {column.start} to {column.stop}": array[..., column.start : column.stop]
        for column in label.columns
        if column.role.per_request
    }
    if label.role is not None and label.role.per_request:
        pieces = {"it": array}
    for what, piece in pieces.items():
        same = (piece == piece[:1]) | ((piece != piece) & (piece[:1] != piece[:1]))
        if not np.all(same):
            raise FeedError(
                f"{where}: {what} should hold one value per request, but rows differ; send one "
                "user per request, or change the label to item or cross"
            )
