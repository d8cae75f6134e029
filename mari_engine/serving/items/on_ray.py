"""Pieces computed by Ray Data, on this machine or on a cluster.

What is sent are the places of pieces: each worker reads its rows from the catalogue and writes
its pieces beside the store, so that both must lie where every worker finds them under the same
path. The work is that of one process, so the rows are equal, and a stopped run is gone on with.
https://docs.ray.io/en/latest/data/api/doc/ray.data.Dataset.map_batches.html
"""

from __future__ import annotations

import importlib
import logging
import re
import socket
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from mari_engine import errors
from mari_engine.errors import MariError, StoreError
from mari_engine.isolation import open_isolation
from mari_engine.runtime import in_one_line
from mari_engine.serving.items.catalogue import Stretch
from mari_engine.serving.items.pieces import Job, Piece, PieceWorker

_PLACE = re.compile(r"(?:[a-z]+://)?(?P<host>[\w.\-]+|\[[\da-f:.]+\]):(?P<port>\d{1,5})(?:/.*)?")
_SECONDS = 5.0
"""That a cluster may take to answer."""


class RayStopped(StoreError):
    """Ray failed or is not there, and the catalogue may be right: what is finished is kept."""


@dataclass(frozen=True)
class RayOptions:
    """Where Ray runs, and with how many workers."""

    address: str | None = None
    """Of a cluster; None: a Ray of its own on this machine."""
    workers: int | None = None
    """None: one for each processor."""


class _PieceActor:
    """What one of Ray's workers keeps: the item part and the catalogue, open.

    The model runs in a process of its own: one that ends it would end the worker, which Ray would
    start anew without end.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._worker: PieceWorker | None = None
        self._place = open_isolation()

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[Any]]:
        """Compute these pieces, the fields of a Stretch; errors of ours are told, not raised."""
        fields = zip(*batch.values(), strict=True)
        stretches = [Stretch(**dict(zip(batch, map(int, row), strict=True))) for row in fields]
        answers = [self._compute(stretch) for stretch in stretches]
        return {name: [answer[name] for answer in answers] for name in answers[0]}

    def _compute(self, stretch: Stretch) -> dict[str, Any]:
        try:
            with self._place.used() if self._place else nullcontext():
                self._worker = self._worker or PieceWorker(self._job, threads=1)
                piece = self._worker.compute(stretch)
        except MariError as error:
            return _answer(stretch, error=type(error).__name__, text=str(error))
        return _answer(stretch, path=str(piece.path), kept=piece.kept)


def _answer(
    stretch: Stretch, *, path: str = "", kept: int = 0, error: str = "", text: str = ""
) -> dict[str, Any]:
    return {"number": stretch.number, "path": path, "kept": kept, "error": error, "text": text}


def compute_on_ray(job: Job, stretches: Sequence[Stretch], options: RayOptions) -> Iterator[Piece]:
    """Yield the pieces as they are finished; raises the MariErrors of workers, and StoreError.

    A Ray that runs already in this process is used, and left running.
    """
    ray = _import_ray()
    own = not ray.is_initialized()
    try:
        if own:
            _start(ray, options)
        yield from _answers(ray, job, stretches, options.workers)
    except MariError:
        raise
    except Exception as error:  # Ray raises errors of many libraries
        raise RayStopped(
            f"Ray could not compute the pieces ({_last_line(error)}); what is finished is kept, so "
            "run this again, with --ray or without"
        ) from error
    finally:
        if own:
            ray.shutdown()


def _last_line(error: Exception) -> str:
    """Return what a worker's traceback ends with."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    return in_one_line(Exception(lines[-1])) if lines else type(error).__name__


def _start(ray: Any, options: RayOptions) -> None:
    """Start a Ray on this machine, or connect to a cluster, both quiet."""
    if options.address is not None:
        _check_address(options.address)
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    ray.init(
        address=options.address or "local", include_dashboard=None if options.address else False,
        log_to_driver=False, logging_level=logging.ERROR,
    )  # fmt: skip


def _check_address(address: str) -> None:
    """Raise StoreError where nobody listens at an address: Ray itself waits for minutes."""
    found = _PLACE.fullmatch(address)
    if found is None:
        return
    try:
        socket.create_connection((found["host"].strip("[]"), int(found["port"])), _SECONDS).close()
    except OSError as error:
        raise RayStopped(
            f"no Ray cluster answers at {address} ({in_one_line(error)}); start one, or mend the "
            "address of --ray"
        ) from error


def _answers(
    ray: Any, job: Job, stretches: Sequence[Stretch], workers: int | None
) -> Iterator[Piece]:
    size = workers or max(int(ray.cluster_resources().get("CPU", 1)), 1)
    by_number = {each.number: each for each in stretches}
    ray.data.DataContext.get_current().enable_progress_bars = False
    rows = [asdict(each) for each in stretches]
    asked = ray.data.from_items(rows, override_num_blocks=len(rows))
    answers = asked.map_batches(
        _PieceActor,
        fn_constructor_args=(_with_whole_paths(job),),
        compute=ray.data.ActorPoolStrategy(size=min(size, len(by_number))),
        batch_size=1,
        batch_format="numpy",
        num_cpus=1,
    )
    for row in answers.iter_rows():
        if row["error"]:
            raise getattr(errors, row["error"])(row["text"])
        yield Piece(by_number[row["number"]], Path(row["path"]), int(row["kept"]))


def _with_whole_paths(job: Job) -> Job:
    """Return the job with paths that hold wherever a worker stands."""
    part = replace(job.part, path=job.part.path.absolute())
    files = tuple(file.absolute() for file in job.catalogue.files)
    catalogue = replace(job.catalogue, path=job.catalogue.path.absolute(), files=files)
    since = None if job.since is None else job.since.absolute()
    folder = job.folder.absolute()
    return replace(job, part=part, catalogue=catalogue, since=since, folder=folder)


def _import_ray() -> Any:
    try:
        ray = importlib.import_module("ray")
        importlib.import_module("ray.data")
    except ImportError:
        raise RayStopped(
            "Ray is not installed here: pip install 'mari-studio[ray]', or leave out --ray"
        ) from None
    return ray
