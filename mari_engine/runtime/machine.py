"""The machine of a measurement: processor, cores, memory, system, library versions."""

from __future__ import annotations

import functools
import importlib.metadata
import os
import platform
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import psutil

_DISTRIBUTION = "mari-studio"


@functools.cache
def describe_machine() -> dict[str, str]:
    """Return processor, cores, memory, operating system and versions, each as a short text."""
    return {
        "processor": _processor(),
        "cores": str(_cores()),
        "memory": f"{psutil.virtual_memory().total / 2**30:.1f} GiB",
        "system": f"{platform.system()} {platform.release()}".strip(),
        **describe_versions(),
    }


@functools.cache
def describe_versions() -> dict[str, str]:
    """Return the versions that a result depends on, and the platform."""
    return {
        "onnxruntime": ort.__version__,
        "onnx": onnx.__version__,
        "numpy": np.__version__,
        "mari_engine": _own_version(),
        "python": platform.python_version(),
        "platform": f"{platform.system()}-{platform.machine()}",
    }


def _own_version() -> str:
    try:
        return importlib.metadata.version(_DISTRIBUTION)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _cores() -> int:
    """Return the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _processor() -> str:
    """Return the processor's model name; on Linux it stands in /proc only."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return (names or [platform.processor() or platform.machine()])[0]
