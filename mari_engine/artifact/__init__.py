"""The artifact folder: model, manifest, labels and certificate, written and read back."""

from mari_engine.artifact.folder import Artifact, check_target, load_artifact, save_artifact
from mari_engine.artifact.readback import Optimized, open_optimized, read_findings

__all__ = [
    "Artifact",
    "Optimized",
    "check_target",
    "load_artifact",
    "open_optimized",
    "read_findings",
    "save_artifact",
]
