"""The commands of `mari`, thin over the engine."""

from mari_engine.commands.app_command import app
from mari_engine.commands.bench_commands import bench, calibrate
from mari_engine.commands.check_command import check
from mari_engine.commands.console import print_error, show
from mari_engine.commands.diff_commands import diff
from mari_engine.commands.fuzz_commands import fuzz
from mari_engine.commands.inspect_commands import inspect, labels, samples
from mari_engine.commands.items_commands import ItemsCommand, items
from mari_engine.commands.load_commands import load
from mari_engine.commands.offload_commands import offload
from mari_engine.commands.optimize_commands import optimize, verify
from mari_engine.commands.output_streams import outlive_readers
from mari_engine.commands.report_commands import report
from mari_engine.commands.triton_command import triton

__all__ = [
    "ItemsCommand",
    "app",
    "bench",
    "calibrate",
    "check",
    "diff",
    "fuzz",
    "inspect",
    "items",
    "labels",
    "load",
    "offload",
    "optimize",
    "outlive_readers",
    "print_error",
    "report",
    "samples",
    "show",
    "triton",
    "verify",
]
