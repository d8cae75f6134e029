"""The JSON that commands write; mari_engine/artifact/README.md describes it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import mari_engine as mari
from mari_engine.commands.output_files import (
    check_output,
    is_document,
    like_document,
    write_output,
)
from mari_engine.errors import MariError
from mari_engine.types import BenchmarkResult, LoadResult, Measurement, to_plain

STDOUT = "-"


def check_json(target: str | None, *, force: bool) -> None:
    """Return if JSON may be written here, as far as can be said before there is any."""
    if target not in (None, STDOUT):
        check_output(Path(str(target)), is_document, force=force)


def write_json(document: Any, target: str, *, force: bool = False) -> None:
    """Write a document to a file, or to stdout where the target is `-`.

    Raises MariError for a file that holds anything but an earlier document of its kind, unless
    `force` is given.
    """
    plain = to_plain(document)
    text = json.dumps(plain, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    if target == STDOUT:
        sys.stdout.write(text)
    else:
        write_output(Path(target), text, like_document(plain), force=force)


def read_benchmark(path: Path) -> BenchmarkResult:
    """Return the measurements that `mari bench --json` wrote; raises MariError naming the file."""
    try:
        return BenchmarkResult.from_text(path.read_bytes())
    except OSError as error:
        raise MariError(f"{path}: cannot be read ({error}); run 'mari bench --json'") from error
    except MariError as error:
        raise MariError(f"{path}: {error}") from error


def read_load(path: Path) -> LoadResult:
    """Return the capacities that `mari load --json` wrote; raises MariError naming the file."""
    try:
        return LoadResult.from_text(path.read_bytes())
    except OSError as error:
        raise MariError(f"{path}: cannot be read ({error}); run 'mari load --json'") from error
    except MariError as error:
        raise MariError(f"{path}: {error}") from error


def inspection(found: mari.Plan, measured: Measurement | None = None) -> dict[str, Any]:
    """Return the document that `mari inspect --json` writes, with what was measured if it was."""
    info = mari.describe(found.original)
    measurement = {} if measured is None else {"measurement": measured.to_json()}
    return {
        "version": 1,
        "model": {
            "name": found.original.name,
            "sha256": found.original.sha256,
            "opset": info.opset,
            "nodes": len(info.nodes),
            "file_nodes": info.file_nodes,
            "parameters": info.parameters,
            "bytes": info.bytes,
            "candidate_axis": info.candidate_axis,
        },
        "signature": found.signature,
        "candidates": found.candidates,
        "labels": found.labels.to_json(),
        "inputs": info.inputs,
        "outputs": info.outputs,
        "values": found.coloring.values,
        "segments": found.coloring.segments,
        "unknown": found.coloring.unknown,
        "decisions": found.decisions,
        "selection": found.selection,
        "layout": found.layout,
        "flops": {
            "before": found.flops.before.flops,
            "after": found.flops.after.flops,
            "uncounted": found.flops.before.uncounted,
        },
        **measurement,
    }
