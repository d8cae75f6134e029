"""`mari app`: the web app, with the doors that the command opens."""

from __future__ import annotations

import os
import runpy
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from mari_engine.errors import MariError, ModelError
from sample_models import sample_names

APP = Path(__file__).parents[2] / "app" / "main.py"
_ALWAYS = {
    "browser.gatherUsageStats": "false",
    "client.showErrorDetails": "none",
    "server.enableCORS": "true",
    "server.enableXsrfProtection": "true",
    "server.showEmailPrompt": "false",
}
"""Said on the command line, where no file and no variable of the environment says otherwise."""


Host = Annotated[
    str, typer.Option(metavar="ADDRESS", help="Listen here; 0.0.0.0 for all of this machine's.")
]
Port = Annotated[
    int | None,
    typer.Option(min=1, max=65535, metavar="N", help="The port; 8501 unless it is taken."),
]
Folders = Annotated[
    list[Path] | None,
    typer.Option(
        "--folder",
        metavar="DIR",
        help="Visitors may open models under this folder of the server; repeatable. MODEL's own"
        " folder is one.",
    ),
]
Keep = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Keep visitors' labels, choices and notes here; else below ~/.local/state, or"
        " $XDG_STATE_HOME.",
    ),
]
Names = Annotated[
    list[str] | None,
    typer.Option(
        "--name",
        metavar="HOST",
        help="A further name under which browsers reach this server; repeatable.",
    ),
]


def app(
    model: Annotated[
        str | None, typer.Argument(metavar="MODEL", help="A file, or a sample's name.")
    ] = None,
    host: Host = "localhost",
    port: Port = None,
    folder: Folders = None,
    name: Names = None,
    keep: Keep = None,
    headless: Annotated[bool, typer.Option("--headless", help="Open no browser.")] = False,
) -> None:
    """Start the web app and open it in a browser.

    It listens on this machine alone unless --host says otherwise, and whoever reaches it may use
    it: there are no passwords.
    """
    if model is not None and not Path(model).is_file() and model not in sample_names():
        names = ", ".join(sample_names())
        raise ModelError(f"{model}: there is no such file; give one, or a sample: {names}")
    for each in folder or ():
        if not each.is_dir():
            raise MariError(f"{each}: there is no such folder; give one that holds models")
    options = {**_ALWAYS, "server.address": host}
    if headless:
        options["server.headless"] = "true"
    if port is not None:
        options["server.port"] = str(port)
    flags = [word for option, value in options.items() for word in (f"--{option}", value)]
    sys.argv = ["streamlit", "run", str(APP), *flags, "--", *_words(model, folder, name, keep)]
    runpy.run_module("streamlit", run_name="__main__", alter_sys=True)


def _words(
    model: str | None,
    folders: Sequence[Path] | None,
    names: Sequence[str] | None,
    keep: Path | None,
) -> list[str]:
    """Return what the app itself is told; a model's name may begin with a dash."""
    words = [word for folder in folders or () for word in ("--folder", os.path.realpath(folder))]
    words += [word for name in names or () for word in ("--name", name)]
    words += ["--keep", os.path.realpath(keep)] if keep is not None else []
    return [*words, *(["--", model] if model is not None else [])]
