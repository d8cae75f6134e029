"""Peak memory of one model, printed as JSON by a process of its own.

Started as a script by `peak_memory.measure_peak_memory`, so that only onnxruntime is imported:
`python -P memory_probe.py FOLDER`, where FOLDER holds model.onnx, settings.json and 0.npz, 1.npz, …
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime as ort
import psutil


def probe(folder: Path) -> list[int]:
    """Return the peak of memory above what it was before the session, after each request, bytes."""
    settings = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
    data = (folder / "model.onnx").read_bytes()
    requests = [_read(folder / f"{at}.npz", names) for at, names in enumerate(settings["names"])]
    options = ort.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = settings["threads"]
    options.inter_op_num_threads = 1
    for key, value in settings["entries"].items():
        options.add_session_config_entry(key, value)
    _reset_peak()
    before = psutil.Process().memory_info().rss
    session = ort.InferenceSession(
        data, options, providers=["CPUExecutionProvider"], enable_fallback=0
    )
    peaks = []
    for request in requests:
        for _ in range(3):
            session.run(None, request)
        peaks.append(max(0, _peak() - before))
    return peaks


def _read(path: Path, names: list[str]) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as arrays:
        return {name: arrays[f"input{at}"] for at, name in enumerate(names)}


def _reset_peak() -> None:
    """Forget the peak of what was imported, where the system can (Linux)."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return  # the peak then includes the imports, which is a few megabytes


def _peak() -> int:
    """Return the largest resident size so far in bytes.

    On Linux from /proc: `getrusage` would count the parent's memory from before this program.
    """
    info = psutil.Process().memory_info()
    if hasattr(info, "peak_wset"):
        return int(info.peak_wset)
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    import resource  # not on Windows

    return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


if __name__ == "__main__":
    print(json.dumps(probe(Path(sys.argv[1]))))
