"""A failure as a folder that shows it: the model, its labels, a request, and what happened."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from mari_engine.errors import MariError
from mari_engine.fuzzing.cases import Case, case_of, dialect_of
from mari_engine.fuzzing.examination import Examination
from mari_engine.runtime import describe_versions
from mari_engine.types import read_object

MODEL_FILE, LABELS_FILE, REQUEST_FILE = "model.onnx", "labels.json", "request.npz"
FAILURE_FILE = "failure.json"


@dataclass(frozen=True, eq=False)
class Failure:
    """A case that failed, and the smallest case that fails in the same manner."""

    seed: int
    found: Examination
    smallest: Case
    shrunk: Examination
    """What becomes of the smallest case."""

    def to_json(self) -> dict[str, Any]:
        """Return the contents of failure.json, `nodes` before and after it was shrunk."""
        return {
            "version": 1,
            "seed": self.seed,
            "dialect": dialect_of(self.seed),
            "outcome": self.found.outcome,
            "reason": self.found.reason,
            "manner": self.found.manner,
            "signature": self.found.signature,
            "way": self.found.way,
            "shrunk_reason": self.shrunk.reason,
            "nodes": {"before": _nodes(case_of(self.seed)), "after": _nodes(self.smallest)},
            "candidates": self.smallest.candidates,
            "repeat": f"mari fuzz --seed {self.seed} --count 1",
            "versions": describe_versions(),
        }


def _nodes(case: Case) -> int:
    return len(onnx.load_model_from_string(case.data).graph.node)


def check_places(directory: Path, seeds: range, *, force: bool) -> None:
    """Return if failures of these seeds may be written here.

    Raises MariError for a file, and without `force` for a folder `DIR/SEED` that holds anything
    but an earlier failure of that seed.
    """
    if directory.is_file():
        raise MariError(f"{directory}: this is a file; give a folder")
    if force or not directory.is_dir():
        return
    for place in directory.iterdir():
        if not place.name.isdecimal() or int(place.name) not in seeds or _is_ours(place):
            continue
        raise MariError(
            f"{place}: was not written by this command; choose another folder, or overwrite it "
            "with --force"
        )


def _is_ours(place: Path) -> bool:
    if not place.is_dir():
        return False
    if not any(place.iterdir()):
        return True
    found = read_object(place / FAILURE_FILE)
    return found is not None and found.get("seed") == int(place.name)


def write_failure(failure: Failure, directory: Path) -> Path:
    """Write the folder of a failure, `DIR/SEED`, and return it; raises MariError if it cannot."""
    folder = directory / str(failure.seed)
    case = failure.smallest
    request = case.requests[failure.shrunk.request or 0]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MODEL_FILE).write_bytes(case.data)
        case.labels.save(folder / LABELS_FILE)
        np.savez(folder / REQUEST_FILE, allow_pickle=False, **dict(request))
        text = json.dumps(failure.to_json(), indent=2) + "\n"
        (folder / FAILURE_FILE).write_text(text, encoding="utf-8")
    except OSError as error:
        raise MariError(
            f"{folder}: cannot be written ({error.strerror or error}); choose another folder"
        ) from error
    return folder
