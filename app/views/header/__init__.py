"""The status line, the terms and the commands in words; pure functions."""

from app.views.header.choices import tell_options, tell_unconfirmed
from app.views.header.commands import (
    SAMPLES_COMMAND,
    bench_command,
    diff_command,
    inspect_command,
    items_command,
    labels_command,
    offload_command,
    optimize_command,
    repeat_load_command,
)
from app.views.header.status import status_html
from app.views.header.terms import TERMS

__all__ = [
    "SAMPLES_COMMAND",
    "TERMS",
    "bench_command",
    "diff_command",
    "inspect_command",
    "items_command",
    "labels_command",
    "offload_command",
    "optimize_command",
    "repeat_load_command",
    "status_html",
    "tell_options",
    "tell_unconfirmed",
]
