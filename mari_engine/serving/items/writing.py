"""The catalogue through the item part into a store: computed in pieces, merged, published."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from mari_engine.errors import ExecutionError, ModelError, StoreError
from mari_engine.files import open_workplace
from mari_engine.runtime import describe_versions
from mari_engine.serving.items.catalogue import BATCH_ROWS, Catalogue, Stretch, open_catalogue
from mari_engine.serving.items.item_model import output_specs
from mari_engine.serving.items.item_store import ItemStore
from mari_engine.serving.items.merging import merge_pieces
from mari_engine.serving.items.on_ray import RayOptions, RayStopped, compute_on_ray
from mari_engine.serving.items.pieces import Job, Piece, PieceWorker, finished_pieces
from mari_engine.serving.items.store_folder import (
    check_store_folder,
    publish,
    tidy,
    unfinished_folder,
    writing_to,
)
from mari_engine.serving.items.store_manifest import (
    ARROW_FILE,
    PARQUET_FILE,
    StoredFile,
    StoreManifest,
)
from mari_engine.serving.offload import ItemPart, load_offloaded
from mari_engine.types import Progress, report_nothing
from mari_engine.wording import format_whole

_MERGE = 0.85
"""The share of the progress from which on pieces are merged."""


@dataclass(frozen=True)
class WrittenItems:
    """A version of a store that was published."""

    folder: Path
    rows: int
    computed: int
    """Items that the model ran on; the others were kept from an earlier version."""
    resumed: int
    """Items of pieces that a stopped run had finished."""
    item_hash: str
    row_bytes: int
    """Of what is stored of one item."""


def write_items(
    offloaded: str | Path,
    catalogue: str | Path,
    store: str | Path,
    *,
    key: str,
    since: str | Path | None = None,
    batch: int = BATCH_ROWS,
    ray: RayOptions | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> WrittenItems:
    """Compute what the item part gives for every item of a catalogue, and publish it as a store.

    `offloaded` is the folder that `mari offload` wrote; `catalogue` a Parquet file, or a folder of
    them, with the column `key` (whole numbers or text) and one for each input of the item part.
    Items that an earlier store (`since`) has with the same features keep their vectors. The model
    runs on at most `batch` items at once; with `ray` in Ray's workers. A run that was stopped is
    gone on with where all of this is the same. Raises StoreError and ModelError; the store is then
    what it was before.
    """
    report = progress or report_nothing
    part = load_offloaded(offloaded).item
    output_specs(part.outputs)
    found = open_catalogue(Path(catalogue), key, [each.name for each in part.inputs])
    target = Path(store)
    _check_target(target, found, part, force=force)
    try:
        with writing_to(target):
            with _open_old(since, part, found) as old:
                work = _digest_work(part, found, old, batch)
                job = Job(part, found, old, unfinished_folder(target, work), batch)
                with _discarding(job.folder):
                    pieces, resumed = _compute(job, ray, report)
                    found.check_unchanged()
                    written = _publish(job, pieces, target, report)
            tidy(target)
    except OSError as error:
        raise StoreError(
            f"{target}: cannot be written ({error.strerror or error}); make room there, or choose "
            "another folder"
        ) from error
    return replace(written, resumed=resumed)


@contextmanager
def _discarding(folder: Path) -> Iterator[None]:
    """Remove the finished pieces of a catalogue or model that is refused: another will come."""
    try:
        yield
    except RayStopped:
        raise
    except (StoreError, ModelError, ExecutionError):
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _compute(job: Job, ray: RayOptions | None, report: Progress) -> tuple[list[Piece], int]:
    """Return all pieces, in order, and how many rows a stopped run had finished."""
    pieces = {piece.stretch.number: piece for piece in finished_pieces(job)}
    resumed = sum(piece.stretch.rows for piece in pieces.values())
    left = [each for each in job.stretches() if each.number not in pieces]
    done, rows = resumed, job.catalogue.rows
    for piece in _compute_pieces(job, left, ray):
        pieces[piece.stretch.number] = piece
        done += piece.stretch.rows
        report(_MERGE * done / rows, f"{format_whole(done)} of {format_whole(rows)} items")
    return [pieces[number] for number in sorted(pieces)], resumed


def _compute_pieces(
    job: Job, stretches: Sequence[Stretch], ray: RayOptions | None
) -> Iterable[Piece]:
    if not stretches:
        return ()
    if ray is not None:
        return compute_on_ray(job, stretches, ray)
    worker = PieceWorker(job, threads=0)
    return map(worker.compute, stretches)


def _publish(job: Job, pieces: Sequence[Piece], store: Path, report: Progress) -> WrittenItems:
    """Merge the pieces into a new version, and make it the store's current one."""
    rows = sum(piece.stretch.rows for piece in pieces)
    computed = rows - sum(piece.kept for piece in pieces)
    with open_workplace(store) as made:
        merge_pieces(
            job,
            pieces,
            made,
            lambda share: report(_MERGE + share * (1 - _MERGE), "sorting by key"),
        )
        files = {name: StoredFile.of(made / name) for name in (ARROW_FILE, PARQUET_FILE)}
        catalogue, part = job.catalogue, job.part
        StoreManifest(
            part.item_hash, catalogue.key, catalogue.kind, rows, computed, job.specs, files
        ).save(made)
        version = publish(store, made)
    row_bytes = sum(spec.row_bytes for spec in job.specs)
    return WrittenItems(version, rows, computed, 0, part.item_hash, row_bytes)


@contextmanager
def _open_old(
    since: str | Path | None, part: ItemPart, catalogue: Catalogue
) -> Iterator[Path | None]:
    """Yield the version to keep vectors from, held and verified; raises StoreError."""
    if since is None:
        yield None
        return
    with ItemStore.open(since, item_hash=part.item_hash) as old:
        old.check()
        if old.key_kind is not catalogue.kind:
            raise StoreError(
                f"{since}: its keys are {old.key_kind}, and those of {catalogue.path} "
                f"{catalogue.kind}; leave --since out"
            )
        yield old.folder


def _check_target(store: Path, catalogue: Catalogue, part: ItemPart, *, force: bool) -> None:
    """Return if a store of this part may be written here; raises StoreError."""
    check_store_folder(store)
    places = [Path(os.path.realpath(path)) for path in (store, catalogue.path)]
    if places[0].is_relative_to(places[1]) or places[1].is_relative_to(places[0]):
        raise StoreError(f"{store}: lies in the catalogue, or it there; name a folder beside it")
    if force:
        return
    try:
        with ItemStore.open(store) as old:
            other = old.item_hash
    except StoreError:  # none there, or damaged: there is nothing to lose
        return
    if other != part.item_hash:
        raise StoreError(
            f"{store}: holds the vectors of another item model, whose services would fail; name "
            "another folder, or replace them with --force"
        )


def _digest_work(part: ItemPart, catalogue: Catalogue, since: Path | None, batch: int) -> str:
    """Return what tells whether a stopped run was of the same work."""
    stamp = part.path.stat().st_mtime_ns
    versions = sorted(describe_versions().items())
    said = (part, stamp, catalogue, since and since.name, batch, versions)
    return hashlib.sha256(repr(said).encode()).hexdigest()[:16]
