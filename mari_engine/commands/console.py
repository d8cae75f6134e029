"""Puts tables on stdout, progress on a terminal's stderr, and errors on one line of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Table

from mari_engine.types import Progress
from mari_engine.wording import make_plain

WIDTH_IN_A_PIPE = 200
"""Columns of a table that no terminal limits."""


def show(*lines: str | Table) -> None:
    """Print lines and tables to stdout; brackets in names are not markup.

    A terminal's lines are wrapped between words; in a pipe each stays one line.
    """
    piped = not sys.stdout.isatty()
    width = WIDTH_IN_A_PIPE if piped else None
    console = Console(width=width, markup=False, highlight=False, emoji=False)
    for line in lines:
        console.print(line, soft_wrap=piped and isinstance(line, str))


def show_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table; a column whose title ends in `#` holds numbers and is set to the right."""
    table = Table(title=title, title_justify="left", title_style="bold", show_edge=False)
    for column in columns:
        right = column.endswith("#")
        justify: Literal["left", "right"] = "right" if right else "left"
        table.add_column(column.removesuffix("#"), justify=justify, overflow="fold")
    for row in rows:
        table.add_row(*(make_plain(str(cell)) for cell in row))
    show("", table)


def print_error(text: str) -> None:
    """Print one line to stderr, whatever names it quotes."""
    print(f"mari: {make_plain(text)}", file=sys.stderr, flush=True)


@contextmanager
def show_progress() -> Iterator[Progress | None]:
    """Yield what long work reports to: a bar on a terminal's stderr, otherwise None."""
    if not sys.stderr.isatty():
        yield None
        return
    console = Console(stderr=True, markup=False, highlight=False, emoji=False)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
    with Bars(*columns, console=console, transient=True) as bars:
        task = bars.add_task("", total=1.0)

        def report(done: float, what: str) -> None:
            bars.update(task, completed=done, description=make_plain(what))

        yield report
