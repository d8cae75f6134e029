"""The command line: `mari`, or `python -m mari_engine`.

Exit status: 0 done; 1 the check failed, and nothing was written; 2 bad input or usage, told in
one line on stderr; 130 stopped by Ctrl-C; 141 done, but nobody read the output to its end.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence

import typer

import mari_engine as mari
from mari_engine.commands import (
    ItemsCommand,
    app,
    bench,
    calibrate,
    check,
    diff,
    fuzz,
    inspect,
    items,
    labels,
    load,
    offload,
    optimize,
    outlive_readers,
    print_error,
    report,
    samples,
    show,
    triton,
    verify,
)
from mari_engine.errors import Cancelled, MariError, VerificationError
from mari_engine.isolation import isolated

DONE, FAILED, WRONG, STOPPED, UNREAD = 0, 1, 2, 130, 141
_FULL = (errno.ENOSPC, errno.EDQUOT)
TRACEBACK = "MARI_TRACEBACK"
"""Set in the environment, it lets an error of the program itself show where it happened."""

command_line = typer.Typer(
    name="mari",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    epilog="Try: mari samples -o s, then mari optimize s/dlrm.onnx --labels s/dlrm.labels.json "
    "-o out. Exit status: 0 done; 1 the check failed, and nothing was written; 2 bad input.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
COMMANDS = (
    samples, labels, inspect, optimize, verify, check, diff, bench, load, calibrate, report,
    offload, items, triton, app, fuzz,
)  # fmt: skip
for command in COMMANDS:
    command_line.command(cls=ItemsCommand if command is items else None)(command)


@command_line.callback(invoke_without_command=True)
def _start(
    context: typer.Context,
    show_version: bool = typer.Option(False, "--version", help="Print the version."),
) -> None:
    """Make an ONNX ranking model compute per request what does not depend on the candidate."""
    if show_version:
        show(f"mari {mari.describe_versions()['mari_engine']}")
    elif context.invoked_subcommand is None:
        show(context.get_help())


def run(arguments: Sequence[str]) -> int:
    """Carry out one command line, and return its exit status."""
    try:
        with isolated():
            status = typer.main.get_command(command_line).main(
                list(arguments), prog_name="mari", standalone_mode=False
            )
    except (KeyboardInterrupt, typer.Abort, Cancelled):
        status = STOPPED
    except Exception as error:
        if os.environ.get(TRACEBACK) and not isinstance(error, MariError):
            raise
        print_error(_explain(error))
        return FAILED if isinstance(error, VerificationError) else WRONG
    if status == STOPPED:
        print_error("stopped")
    return status if isinstance(status, int) else DONE


def _explain(error: Exception) -> str:
    """Return one line that says what was wrong and what to do."""
    if isinstance(error, MariError):
        return str(error)
    usage = getattr(error, "format_message", None)  # typer's own, or that of the click it uses
    if callable(usage):
        path = getattr(getattr(error, "ctx", None), "command_path", "mari")
        return f"{str(usage()).rstrip('.')}; see '{path} --help'"
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}; give a path that can be read or written"
    if isinstance(error, OSError) and error.errno in _FULL:
        return f"{error.strerror}; make room where it writes, and among temporary files (TMPDIR)"
    if isinstance(error, MemoryError):
        return "the memory does not hold this; ask for fewer candidates, or use a larger machine"
    what = f"{type(error).__name__}: {error}"
    return f"the program failed on this input ({what}); set {TRACEBACK}=1 to see where"


def main() -> None:
    """Run as a program."""
    with outlive_readers() as lost:
        status = run(sys.argv[1:])
    why = lost()
    if why is not None and status == DONE:
        status = UNREAD if isinstance(why, BrokenPipeError) else WRONG
    if status == WRONG and why is not None:
        print_error(f"standard output: {why.strerror}; give it a place that can be written")
    sys.exit(status)


if __name__ == "__main__":
    main()
