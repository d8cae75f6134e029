"""Keeps the prices that were measured on a device, in the user's cache folder.

The folder is `$XDG_CACHE_HOME/mari-studio`, or what the system has for it. There is a file for
each device, onnxruntime version and processor; one that cannot be read is measured anew.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import sys
import tempfile
from dataclasses import asdict, fields
from pathlib import Path

from mari_engine.rewriting.cost.calibration import Calibration, calibrate
from mari_engine.rewriting.cost.prices import Prices
from mari_engine.runtime import describe_machine

_VERSION = 1


def measured_prices(device: str = "cpu", *, anew: bool = False) -> Calibration:
    """Return the prices of this device: those on file, or measured now and put there.

    A folder that cannot be written to is no error: the prices are measured again next time.
    Raises ExecutionError for a device that is absent.
    """
    path = price_file(device)
    known = None if anew else _read(path, device)
    if known is not None:
        return known
    found = calibrate(device)
    _write(path, found)
    return found


def price_file(device: str) -> Path:
    """Return where the prices of this device, runtime and processor are kept."""
    machine = describe_machine()
    key = "\n".join((device, machine["onnxruntime"], machine["processor"], machine["platform"]))
    mark = hashlib.sha256(key.encode()).hexdigest()[:12]
    return _folder() / f"prices-{device}-{mark}.json"


def _folder() -> Path:
    named = os.environ.get("XDG_CACHE_HOME")
    if named and Path(named).is_absolute():  # others are to be ignored, by the specification
        base = Path(named)
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    else:
        base = Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache")
    return base / "mari-studio"


def _read(path: Path, device: str) -> Calibration | None:
    """Return what is on file, or None for a file that is absent, broken, or of something else."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["version"] != _VERSION or data["device"] != device:
            return None
        prices = Prices(**data["prices"])
        curve = {int(side): float(rate) for side, rate in data["curve"].items()}
        found = Calibration(device, str(data["machine"]), str(data["onnxruntime"]), prices, curve)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    numbers = [getattr(prices, field.name) for field in fields(prices) if field.name != "source"]
    sound = all(isinstance(n, float) and math.isfinite(n) and n > 0 for n in numbers)
    return found if sound and isinstance(prices.source, str) else None


def _write(path: Path, found: Calibration) -> None:
    """Write the file at once: a reader sees the old one or the new one, whole."""
    text = json.dumps({"version": _VERSION, **asdict(found)}, indent=2) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=path.parent, prefix=path.name, delete=False
        ) as file:
            file.write(text)
        Path(file.name).replace(path)
    except OSError:
        return
