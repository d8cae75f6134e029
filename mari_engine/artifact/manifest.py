"""manifest.json: what was rewritten into what, and how the rewritten model is called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mari_engine.analysis import read_axes, structure_of
from mari_engine.errors import ModelError
from mari_engine.graph import fingerprint
from mari_engine.plan_types import CheckedPlan
from mari_engine.runtime import describe_versions
from mari_engine.types import (
    FROM_GRAPH,
    Column,
    Decision,
    Flops,
    FusionLayout,
    InputBinding,
    Interface,
    JsonDocument,
    JsonObject,
    OutputBinding,
    Signature,
    Structure,
    read_rows,
)
from mari_engine.wording import voucher_of

_VERSION = 1
TOOL = "mari-studio"


def write_manifest(
    result: CheckedPlan, structure: Structure, files: Sequence[Path]
) -> dict[str, Any]:
    """Return the contents of manifest.json for a model that has just been written.

    `structure` is the original's; `files` are the written model file and, if there is one, its data
    file. Each file stands with its own SHA-256; files are hashed in parallel.
    """
    original = result.original
    model_file, *data_files = files
    paths = [model_file, *data_files, *original.data_files]
    with ThreadPoolExecutor() as pool:
        digests = dict(zip(paths, pool.map(fingerprint, paths), strict=True))
    source = original.path.name if original.path is not None else original.name
    return {
        "version": _VERSION,
        "tool": {"name": TOOL, "version": describe_versions()["mari_engine"]},
        "source": {
            "file": source,
            "sha256": original.sha256,
            "data": [_write_file(path, digests[path]) for path in original.data_files],
        },
        "optimized": {
            **_write_file(model_file, digests[model_file]),
            "data": [_write_file(path, digests[path]) for path in data_files],
        },
        **_write_options(result),
        "structure": {
            "source": structure.digest,
            "optimized": structure_of(result.optimized, fractions=False).digest,
        },
        "selection": asdict(result.selection),
        "labels": list(_write_labels(result)),
        "inputs": [item.to_json() for item in result.interface.inputs],
        "outputs": [asdict(item) for item in result.interface.outputs],
        "flops": {
            "before": _write_flops(result.flops.before.flops),
            "after": _write_flops(result.flops.after.flops),
        },
        "decisions": [_write_decision(item) for item in result.decisions],
        "layout": {
            "before": _write_segments(result.layout, "before"),
            "after": _write_segments(result.layout, "after"),
        },
    }


def _write_options(result: CheckedPlan) -> dict[str, Any]:
    return {
        "signature": str(result.signature),
        "candidates": result.candidates,
        "keep": list(result.keep),
        "autotune": result.autotune,
        "prices": dict(result.prices),
        "like": result.like or None,
    }


def read_interface(manifest: object, where: str) -> tuple[Signature, Interface]:
    """Return how the optimized model of a manifest is called.

    Raises ModelError, naming the manifest, when it is not one that this version writes.
    """
    top = JsonObject(manifest, where, JsonDocument(ModelError, "run 'mari optimize' again"))
    if top.fields.get("version") != _VERSION:
        raise top.wrong(f"'version' is not {_VERSION}")
    top.require("inputs", "outputs")
    inputs = tuple(InputBinding.from_json(item) for item in _entries(top, "inputs"))
    outputs = tuple(
        OutputBinding(item.text("name"), read_rows(item)) for item in _entries(top, "outputs")
    )
    top.require("signature")
    return top.choice("signature", Signature), Interface(inputs, outputs)


def _entries(top: JsonObject, field: str) -> Iterator[JsonObject]:
    for at, item in enumerate(top.items(field)):
        yield top.entry(item, f"{top.where}: {field} {at}")


def _write_file(path: Path, sha256: str) -> dict[str, Any]:
    return {"file": path.name, "sha256": sha256}


def _write_labels(result: CheckedPlan) -> Iterator[dict[str, Any]]:
    """Yield the role of each input or column, where its candidates lie, and what vouches for it."""
    axes = read_axes(result.original, result.labels)
    for name, label in result.labels.inputs.items():
        axis = axes[name].axis
        for part in label.columns or (label,):
            columns = [part.start, part.stop] if isinstance(part, Column) else None
            yield {
                "input": name,
                "columns": columns,
                "name": part.name if isinstance(part, Column) else "",
                "role": str(part.role),
                "axis": None if axis == FROM_GRAPH else axis,
                "vouched": voucher_of(result.certificate.vouched, name, part),
            }


def _write_flops(flops: Flops) -> dict[str, int]:
    return {
        "per_request": flops.per_request,
        "per_candidate": flops.per_candidate,
        "per_pair": flops.per_pair,
    }


def _write_decision(item: Decision) -> dict[str, Any]:
    return {
        "node": item.node,
        "op": item.op,
        "action": str(item.action),
        "reason": item.reason,
        "flops_before": _write_flops(item.flops_before),
        "flops_after": _write_flops(item.flops_after),
        "new_nodes": list(item.new_nodes),
        "break_even": None if item.break_even is None else asdict(item.break_even),
    }


def _write_segments(layouts: tuple[FusionLayout, ...], which: str) -> list[dict[str, Any]]:
    return [
        {"node": layout.node, **asdict(segment)}
        for layout in layouts
        for segment in (layout.before if which == "before" else layout.after)
    ]
