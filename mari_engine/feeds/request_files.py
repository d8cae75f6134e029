"""Request files (.npz): a user's own feeds, checked against the model and its labels."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

import numpy as np
import onnx_ir as ir

from mari_engine.errors import ContradictedLabel, FeedError
from mari_engine.feeds.feed_plan import plan_feeds
from mari_engine.feeds.planned_inputs import PlannedInput
from mari_engine.graph import Model
from mari_engine.types import Feeds, Labels
from mari_engine.wording import format_ranges

_LARGEST = 4 << 30
"""Bytes that a request file may unpack to."""


_UNREADABLE = (
    OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error,
    RuntimeError,  # an encrypted entry; of its kind is NotImplementedError, an unknown compression
    MemoryError,  # a header that says more than its array holds
)  # fmt: skip


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


def check_request(feeds: Feeds, model: Model, labels: Labels | None, *, where: str) -> None:
    """Return if the arrays fit the model's inputs and, where given, the labels.

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
    if labels is None:
        return
    plan = plan_feeds(model, labels)
    for item in plan.inputs:
        _check_rows(feeds[item.name], item, plan.candidate_axes(item), f"{where}: input")
    if plan.batch_of(feeds) == 0:
        raise FeedError(f"{where}: holds no candidates; give at least one row")


def _read_arrays(path: Path, where: str) -> Feeds:
    if path.exists() and not path.is_file():
        raise FeedError(f"{where}: is no file; give one that numpy.savez wrote")
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > _LARGEST:
            raise FeedError(f"{where}: unpacks to {size} bytes; give at most {_LARGEST}")
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except _UNREADABLE as error:
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


def _check_rows(array: np.ndarray, item: PlannedInput, axes: tuple[int, ...], where: str) -> None:
    """Refuse per-request features that differ between candidates; NaN equals NaN.

    Raises ContradictedLabel naming input, columns, feature and the first row that differs.
    """
    for part in item.parts:
        piece = array if part.stop is None else array[..., part.start : part.stop]
        if not part.per_request or piece.size == 0:
            continue
        first = piece
        for axis in axes:
            first = np.take(first, [0], axis)
        unlike = ~((piece == first) | ((piece != piece) & (first != first)))
        if not unlike.any():
            continue
        row = int(np.argwhere(unlike)[0][axes[0]])
        what = ""
        if part.stop is not None:
            columns = np.flatnonzero(unlike.reshape(-1, unlike.shape[-1]).any(axis=0)) + part.start
            what = f" column {format_ranges(columns.tolist())}"
        named = f" ({part.feature.name})" if part.feature.name != item.name else ""
        raise ContradictedLabel(
            f"{where} {item.name!r}{what}{named} is labelled as one value per request, but row "
            f"{row} differs from row 0; label it item or cross, or send one user per request"
        )
