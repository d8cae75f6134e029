"""The devices that a model can run on: onnxruntime's execution providers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DeviceInfo:
    """A device that benchmarks can run on, or why it cannot."""

    name: str
    """"cpu", "cuda", "tensorrt", ..."""
    provider: str
    available: bool
    reason: str
    """What makes it present, or what would."""
