"""The `mari` command that does the same as a page."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from app.session import Options
from app.views.text import one_line
from mari_engine import LoadResult, Signature, Store, load_command

SAMPLES_COMMAND = "mari samples -o samples"


def labels_command(model: str, requests: Sequence[str] = ()) -> str:
    """Return the command that proposes labels, learnt from request files where there are any."""
    return " ".join([f"mari labels {_place(model)}", *_with(requests), "-o labels.json"])


def inspect_command(model: str, options: Options) -> str:
    """Return the command that says what would be rewritten, and why."""
    words = ["mari inspect", _place(model), "--labels labels.json"]
    if options.signature != Signature.DROP_IN:
        words.append(f"--signature {options.signature}")
    return " ".join([*words, f"--candidates {options.candidates}"])


def optimize_command(model: str, options: Options, requests: Sequence[str] = ()) -> str:
    """Return the command that rewrites, verifies and writes the artifact."""
    words = ["mari optimize", _place(model), "--labels labels.json -o optimized"]
    if options.signature != Signature.DROP_IN:
        words.append(f"--signature {options.signature}")
    words.append(f"--candidates {options.candidates}")
    words += [f"--keep {_quote(node)}" for node in options.keep]
    words += _with(requests)
    words.append("--no-autotune")  # the app compares the ways to rewrite by expectation
    return " ".join(words)


def bench_command(model: str, *, batches: Sequence[int], device: str, threads: int) -> str:
    """Return the command that measures."""
    sweep = ",".join(map(str, batches))
    return (
        f"mari bench {_place(model)} optimized/model.onnx --labels labels.json"
        f" --batch {sweep} --device {_quote(device)} --threads {threads}"
    )


def diff_command(model: str, options: Options, *, confirmed: bool) -> str:
    """Return the command that compares the model with an earlier one."""
    words = ["mari diff earlier.onnx", _place(model)]
    words += ["--labels labels.json"] if confirmed else []
    return " ".join([*words, f"--candidates {options.candidates}"])


def offload_command(
    model: str,
    options: Options,
    most_bytes: int,
    store: Store,
    requests: Sequence[str] = (),
) -> str:
    """Return the command that cuts the model in parts, checks them and writes them."""
    words = ["mari offload", _place(model), f"--labels labels.json -o parts --bytes {most_bytes}"]
    if store != Store.FLOAT32:
        words.append(f"--store {store}")
    words.append(f"--candidates {options.candidates}")
    words += [f"--keep {_quote(node)}" for node in options.keep]
    words += _with(requests)
    words.append("--no-autotune")  # as above
    return " ".join(words)


def repeat_load_command(model: str, found: LoadResult) -> str:
    """Return the command that measures the same capacity again."""
    words = load_command(found, f"./{model}" if model.startswith("-") else model, "optimized")
    return " ".join(map(_quote, words))


def items_command() -> str:
    """Return the command that computes the item part for a catalogue."""
    return "mari items parts catalogue.parquet -o store --key item_id"


def _place(path: str) -> str:
    """Return a path for a shell; one that begins with a dash is no option."""
    return _quote(f"./{path}" if path.startswith("-") else path)


def _with(requests: Sequence[str]) -> list[str]:
    return [f"--request {_place(name)}" for name in requests]


def _quote(text: str) -> str:
    return shlex.quote(one_line(text))
