"""Frozen nouns with a JSON form; no graph objects."""

from mari_engine.types.benchmark import Arm, BenchmarkResult, Peak, Timing
from mari_engine.types.capacity import Capacity, LoadResult, LoadRun, LoadStage
from mari_engine.types.certificate import (
    GENERATED,
    Certificate,
    Check,
    Coverage,
    ErrorBound,
    MissedBranch,
    OutputError,
)
from mari_engine.types.coloring import Coloring, FusionLayout, Segment, Side, ValueColor
from mari_engine.types.decisions import Action, Decision, Selection, StackedLookups, Trial, Way
from mari_engine.types.devices import DeviceInfo
from mari_engine.types.difference import (
    Change,
    ChangeKind,
    Difference,
    WeightChange,
    WeightDifference,
)
from mari_engine.types.feeds import Feeds
from mari_engine.types.flops import BreakEven, Cost, Flops, FlopsReport, Work
from mari_engine.types.graph_info import GraphInfo, GraphNode, TensorInfo
from mari_engine.types.interface import (
    InputBinding,
    Interface,
    OutputBinding,
    RequestIndex,
    Rows,
    Signature,
    read_rows,
)
from mari_engine.types.json_fields import (
    JsonDocument,
    JsonError,
    JsonObject,
    is_number,
    is_whole,
    parse_json,
    read_object,
)
from mari_engine.types.labels import (
    EVIDENCE_VOUCHERS,
    FROM_GRAPH,
    CandidateAxis,
    Column,
    InputLabel,
    Labels,
    Role,
)
from mari_engine.types.measurement import (
    LabelFinding,
    Measurement,
    NodeTime,
    OperandMeasure,
    ProductMeasure,
    TimeMeasure,
)
from mari_engine.types.offload import ChosenCut, CutPoint, Frontier, Store
from mari_engine.types.parts import FetchedInput, FileDigest, Part, PartInput, PartKind, PartOutput
from mari_engine.types.plain_json import to_plain
from mari_engine.types.progress import Progress, report_nothing
from mari_engine.types.structure import Structure, StructureConstant, StructureNode

__all__ = [
    "EVIDENCE_VOUCHERS",
    "FROM_GRAPH",
    "GENERATED",
    "Action",
    "Arm",
    "BenchmarkResult",
    "BreakEven",
    "CandidateAxis",
    "Capacity",
    "Certificate",
    "Change",
    "ChangeKind",
    "Check",
    "ChosenCut",
    "Coloring",
    "Column",
    "Cost",
    "Coverage",
    "CutPoint",
    "Decision",
    "DeviceInfo",
    "Difference",
    "ErrorBound",
    "Feeds",
    "FetchedInput",
    "FileDigest",
    "Flops",
    "FlopsReport",
    "Frontier",
    "FusionLayout",
    "GraphInfo",
    "GraphNode",
    "InputBinding",
    "InputLabel",
    "Interface",
    "JsonDocument",
    "JsonError",
    "JsonObject",
    "LabelFinding",
    "Labels",
    "LoadResult",
    "LoadRun",
    "LoadStage",
    "Measurement",
    "MissedBranch",
    "NodeTime",
    "OperandMeasure",
    "OutputBinding",
    "OutputError",
    "Part",
    "PartInput",
    "PartKind",
    "PartOutput",
    "Peak",
    "ProductMeasure",
    "Progress",
    "RequestIndex",
    "Role",
    "Rows",
    "Segment",
    "Selection",
    "Side",
    "Signature",
    "StackedLookups",
    "Store",
    "Structure",
    "StructureConstant",
    "StructureNode",
    "TensorInfo",
    "TimeMeasure",
    "Timing",
    "Trial",
    "ValueColor",
    "Way",
    "WeightChange",
    "WeightDifference",
    "Work",
    "is_number",
    "is_whole",
    "parse_json",
    "read_object",
    "read_rows",
    "report_nothing",
    "to_plain",
]
