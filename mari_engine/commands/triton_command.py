"""`mari triton`: an optimized model as one of a Triton model repository."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import mari_engine as mari
from mari_engine.commands.console import show

_Made = Annotated[Path, typer.Argument(metavar="DIR", help="The folder that mari optimize wrote.")]
_Repository = Annotated[
    Path, typer.Option("-o", "--output", metavar="REPOSITORY", help="The model repository.")
]
_Name = Annotated[
    str | None, typer.Option(metavar="NAME", help="The model's name; that of the original's file.")
]
_Most = Annotated[
    int, typer.Option(min=1, metavar="N", help="Requests in one call at most, of a batched model.")
]
_Replace = Annotated[bool, typer.Option("--force", help="Replace a model of that name.")]


def triton(
    made: _Made,
    output: _Repository,
    name: _Name = None,
    requests: _Most = 16,
    force: _Replace = False,
) -> None:
    """Write an optimized model as one of a Triton model repository.

    Its configuration and a version folder, for Triton's onnxruntime backend. A batched model, of
    --index lengths, is fed by Triton's ragged batching.
    """
    from mari_engine.serving.triton import write_repository  # here: help starts without ONNX

    artifact = mari.load_artifact(made)
    own = name or Path(str(artifact.manifest["source"]["file"])).stem
    target = write_repository(artifact, output, own, most=requests, force=force)
    show(f"written: {target}")
