"""Files on the server's disk: only those under folders that the command names."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.views.text import one_line, shorten
from mari_engine import ModelError
from sample_models import sample_names

NO_FOLDER = (
    "This server opens no files of its own disk: its command named none."
    " `mari app --folder DIR` names a folder."
)
LONGEST_PATH = 4096


@dataclass(frozen=True)
class Named:
    """What the command that started the server names."""

    model: str
    """A file or a sample; "" for none."""
    folders: tuple[str, ...]
    hosts: tuple[str, ...]
    keep: str = ""
    """The folder in which visitors' work is kept; "" for the usual one."""


def read_arguments(words: Sequence[str]) -> Named:
    """Return what a command line names; ends the program, with a line, where it is malformed.

    Without a model, MARI_MODEL names it.
    """
    parser = argparse.ArgumentParser(prog="app/main.py")
    parser.add_argument("model", nargs="?", default="", help="a file, or a sample's name")
    parser.add_argument(
        "--folder", action="append", default=[], help="visitors may open files under it"
    )
    parser.add_argument(
        "--name", action="append", default=[], help="a further name of this server in addresses"
    )
    parser.add_argument("--keep", default="", help="visitors' work is kept here")
    given = parser.parse_args(list(words))
    model = given.model or os.environ.get("MARI_MODEL", "")
    return Named(model, tuple(given.folder), tuple(given.name), given.keep)


@dataclass(frozen=True)
class ServerFiles:
    """The folders of the server, and the one file, that visitors may name."""

    folders: tuple[Path, ...] = ()
    """Links are resolved."""
    model: str = ""
    """The file that the server was started with, in full; "" for a sample or none."""

    @staticmethod
    def of(named: Named) -> ServerFiles:
        """Return what a command lets visitors open: its folders, its model and what lies beside."""
        place = Path(named.model).absolute()
        own = named.model != "" and (place.is_file() or named.model not in sample_names())
        folders = [Path(folder) for folder in named.folders] + ([place.parent] if own else [])
        found = (_resolve(folder) for folder in folders)
        return ServerFiles(
            tuple(dict.fromkeys(folder for folder in found if folder is not None)),
            os.path.normpath(place) if own else "",
        )

    def find(self, asked: str) -> Path:
        """Return the place of the file that a visitor asks for, in full; raises ModelError.

        Where its links lead must be in the folders, too; only the server's own model may lie
        elsewhere. A relative path is looked for in each folder. The error is the same for what is
        not there and for what is elsewhere: nobody can ask what else the server's disk holds.
        """
        for place in self._places(asked):
            real = _resolve(place)
            known = real is not None and (self._has(real) or str(place) == self.model)
            if real is not None and known and real.is_file():
                if not os.access(real, os.R_OK):
                    raise ModelError(
                        f"{_shown(asked)}: this server may not read it; change its permissions"
                    )
                return place
        raise ModelError(
            f"{_shown(asked)}: there is no such file in the folders of this server; give an .onnx"
            " file there"
        )

    def find_new(self, asked: str) -> Path:
        """Return the place of a folder that is to be made; raises ModelError where it may not."""
        for place in self._places(asked):
            parent = _resolve(place.parent)
            if parent is not None and self._has(parent) and parent.is_dir() and place.name:
                target = parent / place.name
                if not os.path.lexists(target):
                    return target
                raise ModelError(f"{_shown(asked)}: is there already; name a new folder")
        raise ModelError(
            f"{_shown(asked)}: is not in the folders of this server; name a new folder there"
        )

    def _places(self, asked: str) -> list[Path]:
        text = asked.strip()
        if not text or len(text) > LONGEST_PATH or "\0" in text or ".." in Path(text).parts:
            return []
        place = Path(text)
        return [place] if place.is_absolute() else [folder / place for folder in self.folders]

    def _has(self, real: Path) -> bool:
        return any(real.is_relative_to(folder) for folder in self.folders)


def _resolve(place: Path) -> Path | None:
    """Return a path with its links resolved; None where it is not there, or cannot be looked at."""
    try:
        return place.resolve(strict=True)
    except (OSError, RuntimeError, ValueError):  # absent, forbidden, too long; a circle of links
        return None


def _shown(asked: str) -> str:
    return shorten(one_line(asked), 120) or "path"
