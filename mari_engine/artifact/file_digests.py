"""Digests that tie a certificate to the files that it certifies."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mari_engine.errors import ModelError
from mari_engine.graph import fingerprint


def with_digests(
    certificate: Mapping[str, Any], folder: Path, names: Sequence[str]
) -> dict[str, Any]:
    """Return a certificate's document with the SHA-256 of each file, and of all the rest of it."""
    document = {**certificate, "files": {name: fingerprint(folder / name) for name in names}}
    return {**document, "digest": _digest(document)}


def check_digests(
    certificate: Mapping[str, Any],
    manifest: Mapping[str, Any],
    folder: Path,
    where: Path,
    *,
    command: str = "mari optimize",
) -> None:
    """Return if the certificate and the files that it names are as they were written.

    So are those that the manifest names, which the certificate ties: models, and the data of their
    large weights. `command` is what wrote them.

    A certificate without digests, beside a manifest without a structure, is of an earlier version,
    and ties nothing. Raises ModelError naming the file that was changed.
    """
    certified, changed = certificate.get("files"), list[Path]()
    files = dict(_models_of(manifest))
    if isinstance(certified, Mapping):
        stated = {name: value for name, value in certificate.items() if name != "digest"}
        changed = [where] if certificate.get("digest") != _digest(stated) else []
        files = {**certified, **{name: files[name] for name in files if name not in certified}}
    elif "structure" in manifest:  # versions that write one write digests, too
        changed = [where]
    changed += [
        folder / name
        for name, digest in files.items()
        if Path(name).name == name and not _is_as_written(folder / name, digest)
    ]
    if changed:
        raise ModelError(
            f"{changed[0]}: was changed after the check, so its certificate does not hold any "
            f"more; run '{command}' again"
        )


def _models_of(manifest: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """Yield each file of a model that a manifest names, with its SHA-256."""
    for model in (manifest.get("optimized"), *_list(manifest.get("parts"))):
        if isinstance(model, Mapping):
            for entry in (model, *_list(model.get("data"))):
                if isinstance(entry, Mapping) and isinstance(entry.get("file"), str):
                    yield entry["file"], entry.get("sha256")


def _list(found: object) -> Sequence[object]:
    return found if isinstance(found, list) else ()


def _is_as_written(path: Path, digest: object) -> bool:
    return path.is_file() and fingerprint(path) == digest


def _digest(document: Mapping[str, Any]) -> str:
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
