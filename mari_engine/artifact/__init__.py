"""The artifact folder: model, manifest, labels and certificate, written and read back."""

from mari_engine.artifact.earlier_choices import EarlierChoices, read_choices
from mari_engine.artifact.file_digests import check_digests, with_digests
from mari_engine.artifact.folder import Artifact, check_target, load_artifact, save_artifact
from mari_engine.artifact.json_files import read_document, write_document
from mari_engine.artifact.readback import Optimized, open_optimized, read_findings

__all__ = [
    "Artifact",
    "EarlierChoices",
    "Optimized",
    "check_digests",
    "check_target",
    "load_artifact",
    "open_optimized",
    "read_choices",
    "read_document",
    "read_findings",
    "save_artifact",
    "with_digests",
    "write_document",
]
