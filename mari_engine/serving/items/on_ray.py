"""Pieces computed by Ray Data, on this machine or on a cluster.

What is sent are the numbers of pieces: each worker reads its rows from the catalogue and writes
its pieces beside the store, so that both must lie where every worker finds them under the same
path. The work is that of one process, so the rows are equal, and a stopped run is gone on with.
https://docs.ray.io/en/latest/data/api/doc/ray.data.Dataset.map_batches.html
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mari_engine import errors
from mari_engine.errors import MariError, StoreError
from mari_engine.runtime import in_one_line
from mari_engine.serving.items.catalogue import Stretch
from mari_engine.serving.items.pieces import Job, Piece, PieceWorker


@dataclass(frozen=True)
class RayOptions:
    """Where Ray runs, and with how many workers."""

    address: str | None = None
    """Of a cluster; None: a Ray of its own on this machine."""
    workers: int | None = None
    """None: one for each processor."""


class _PieceActor:
    """What one of Ray's workers keeps: the item part and the catalogue, open."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._stretches = job.stretches()
        self._worker: PieceWorker | None = None

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[Any]]:
        """Compute the pieces of these numbers; errors of ours are told, not raised."""
        rows = [self._answer(int(number)) for number in batch["number"]]
        return {name: [row[name] for row in rows] for name in rows[0]}

    def _answer(self, number: int) -> dict[str, Any]:
        try:
            self._worker = self._worker or PieceWorker(self._job, threads=1)
            piece = self._worker.compute(self._stretches[number])
        except MariError as error:
            kind = type(error).__name__
            return {"number": number, "path": "", "kept": 0, "error": kind, "text": str(error)}
        path = str(piece.path)
        return {"number": number, "path": path, "kept": piece.kept, "error": "", "text": ""}


def compute_on_ray(job: Job, stretches: Sequence[Stretch], options: RayOptions) -> Iterator[Piece]:
    """Yield the pieces as they are finished; raises the MariErrors of workers, and StoreError.

    A Ray that runs already in this process is used, and left running.
    """
    ray = _import_ray()
    own = not ray.is_initialized()
    try:
        if own:
            ray.init(
                address=options.address or "local", include_dashboard=False, log_to_driver=False,
                logging_level=logging.ERROR,
            )  # fmt: skip
        yield from _answers(ray, job, stretches, options.workers)
    except MariError:
        raise
    except Exception as error:  # Ray raises errors of many libraries
        raise StoreError(
            f"Ray could not compute the pieces ({in_one_line(error)}); see its logs, or leave out "
            "--ray"
        ) from error
    finally:
        if own:
            ray.shutdown()


def _answers(
    ray: Any, job: Job, stretches: Sequence[Stretch], workers: int | None
) -> Iterator[Piece]:
    size = workers or max(int(ray.cluster_resources().get("CPU", 1)), 1)
    by_number = {each.number: each for each in stretches}
    ray.data.DataContext.get_current().enable_progress_bars = False
    asked = ray.data.from_items(
        [{"number": number} for number in by_number], override_num_blocks=len(by_number)
    )
    answers = asked.map_batches(
        _PieceActor,
        fn_constructor_args=(job,),
        compute=ray.data.ActorPoolStrategy(size=min(size, len(by_number))),
        batch_size=1,
        batch_format="numpy",
        num_cpus=1,
    )
    for row in answers.iter_rows():
        if row["error"]:
            raise getattr(errors, row["error"])(row["text"])
        yield Piece(by_number[row["number"]], Path(row["path"]), int(row["kept"]))


def _import_ray() -> Any:
    try:
        ray = importlib.import_module("ray")
        importlib.import_module("ray.data")
    except ImportError:
        raise StoreError(
            "Ray is not installed here: pip install 'mari-studio[ray]', or leave out --ray"
        ) from None
    return ray
