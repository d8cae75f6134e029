"""A store's folder: versions side by side, and a pointer to the one that is read.

    STORE/CURRENT               the name of a version, replaced as a whole
    STORE/v-0123456789ab/       a version: store.json, items.arrow, items.parquet
    STORE/.unfinished-.../      pieces of a version that is being made

Readers hold a lock on their version. A writer that has published removes the other versions that
nobody holds; those that are held go with a later one.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from mari_engine.errors import StoreError
from mari_engine.files import claimed, hold, sync, write_whole
from mari_engine.serving.items.store_manifest import COMMAND, STORE_FILE

_CURRENT = "CURRENT"
_VERSION = re.compile(r"v-[0-9a-f]{12}")
_UNFINISHED = ".unfinished-"
_WORKPLACE = ".mari-"
_MOST_TRIES = 20


def current_version(store: Path) -> Path:
    """Return the folder of the version that is published; raises StoreError where none is."""
    try:
        name = (store / _CURRENT).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise StoreError(f"{store}: holds no item store; run '{COMMAND}'") from None
    if not _VERSION.fullmatch(name):
        raise StoreError(f"{store / _CURRENT}: names no version; run '{COMMAND}' again")
    return store / name


def hold_version(path: Path) -> tuple[Path, int | None]:
    """Return a version and the descriptor of a lock on it, to be closed.

    `path` is a store, whose current version it is, or a version's own folder. Raises StoreError.
    """
    if (path / STORE_FILE).is_file():
        return path, hold(path, wait=True, shared=True)
    for _ in range(_MOST_TRIES):
        version = current_version(path)
        held = hold(version, wait=True, shared=True)
        if (version / STORE_FILE).is_file() or version == current_version(path):
            return version, held
        if held is not None:  # another version was published, and this one removed, meanwhile
            os.close(held)
    raise StoreError(f"{path}: is replaced again and again; wait, and open it once more")


def check_store_folder(store: Path) -> None:
    """Return if a store may be written here: nothing is, or what `mari items` wrote.

    Raises StoreError.
    """
    if store.exists() and not store.is_dir():
        raise StoreError(f"{store}: is a file; name a folder for the store")
    names = os.listdir(store) if store.is_dir() else []
    if strange := sorted(name for name in names if not _is_ours(name)):
        raise StoreError(
            f"{store / strange[0]}: was not written by '{COMMAND}'; give the store a folder of "
            "its own"
        )


@contextlib.contextmanager
def writing_to(store: Path) -> Iterator[None]:
    """Hold a store against other writers; raises StoreError.

    It is made where there is none, and removed again where nothing was written to it.
    """
    found = store.exists()
    store.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(claimed(store))
        except BlockingIOError:
            raise StoreError(
                f"{store}: another process writes to this store; wait until it has ended"
            ) from None
        try:
            yield
        finally:
            if not found:
                with contextlib.suppress(OSError):  # of a folder that is not empty
                    store.rmdir()


def unfinished_folder(store: Path, work: str) -> Path:
    """Return the folder for the pieces of this work, and remove those of others."""
    folder = store / f"{_UNFINISHED}{work}"
    for left in store.glob(f"{_UNFINISHED}*"):
        if left != folder:
            shutil.rmtree(left, ignore_errors=True)
    folder.mkdir(exist_ok=True)
    return folder


def publish(store: Path, made: Path) -> Path:
    """Make a complete folder the store's current version, and return where it then lies.

    Readers see the version before or this one. Raises OSError.
    """
    for path in made.iterdir():
        sync(path)
    sync(made)
    version = store / f"v-{secrets.token_hex(6)}"
    made.rename(version)
    sync(store)
    write_whole(store / _CURRENT, version.name + "\n")
    return version


def tidy(store: Path) -> None:
    """Remove unfinished work, and the versions that are neither published nor held."""
    current = current_version(store)
    for each in store.iterdir():
        if each.name.startswith(_UNFINISHED):
            shutil.rmtree(each, ignore_errors=True)
        elif _VERSION.fullmatch(each.name) and each != current:
            _remove_unless_held(each)


def _remove_unless_held(version: Path) -> None:
    try:
        with claimed(version):
            # without its store.json it is no version for who comes now
            (version / STORE_FILE).unlink(missing_ok=True)
            shutil.rmtree(version, ignore_errors=True)
    except OSError:
        return


def _is_ours(name: str) -> bool:
    known = name == _CURRENT or name.startswith((_UNFINISHED, _WORKPLACE))
    return known or _VERSION.fullmatch(name) is not None
