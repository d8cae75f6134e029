"""The artifact folder: model, manifest, labels and certificate, written and read back."""

from mari_engine.artifact.artifact_figures import ArtifactFigures, read_figures
from mari_engine.artifact.conditions import FIELDS, Condition, read_condition
from mari_engine.artifact.earlier_choices import EarlierChoices, read_choices
from mari_engine.artifact.figure_words import FigureWords, figures_in_words, find_failures
from mari_engine.artifact.file_digests import check_digests, with_digests
from mari_engine.artifact.folder import (
    OPTIMIZED,
    Artifact,
    check_passed,
    load_artifact,
    save_artifact,
)
from mari_engine.artifact.json_files import read_document, write_document
from mari_engine.artifact.manifest import write_manifest
from mari_engine.artifact.model_writer import write_model
from mari_engine.artifact.readback import Optimized, open_optimized, read_findings
from mari_engine.artifact.target import (
    CERTIFICATE_FILE,
    LABELS_FILE,
    MANIFEST_FILE,
    REPORT_FILE,
    FolderKind,
    check_target,
)

__all__ = [
    "CERTIFICATE_FILE",
    "FIELDS",
    "LABELS_FILE",
    "MANIFEST_FILE",
    "OPTIMIZED",
    "REPORT_FILE",
    "Artifact",
    "ArtifactFigures",
    "Condition",
    "EarlierChoices",
    "FigureWords",
    "FolderKind",
    "Optimized",
    "check_digests",
    "check_passed",
    "check_target",
    "figures_in_words",
    "find_failures",
    "load_artifact",
    "open_optimized",
    "read_choices",
    "read_condition",
    "read_document",
    "read_figures",
    "read_findings",
    "save_artifact",
    "with_digests",
    "write_document",
    "write_manifest",
    "write_model",
]
