"""MaRI: what a ranking model computes per request is computed once per request, losslessly."""

from mari_engine.artifact import Artifact, load_artifact, save_artifact
from mari_engine.benchmarking import benchmark
from mari_engine.calibrating import Calibration
from mari_engine.coloring import color
from mari_engine.costing import Prices
from mari_engine.describing import describe
from mari_engine.errors import (
    Cancelled,
    ExecutionError,
    FeedError,
    LabelError,
    MariError,
    ModelError,
    ReviewError,
    VerificationError,
)
from mari_engine.evidence import digest_sections
from mari_engine.explaining import certificate_in_words
from mari_engine.feeds import Feeds, bind_feeds, make_feeds
from mari_engine.labeling import check_labels, propose_labels
from mari_engine.labels import Column, InputLabel, Labels, Role
from mari_engine.loading import Model, load
from mari_engine.machine import describe_versions
from mari_engine.measurements import Arm, BenchmarkResult, Peak, Timing
from mari_engine.metering.findings import (
    LabelFinding,
    Measurement,
    NodeTime,
    OperandMeasure,
    ProductMeasure,
    TimeMeasure,
)
from mari_engine.metering.measuring import measure
from mari_engine.outcome import SectionOutcome, Signed, sum_up_review
from mari_engine.pipeline import (
    OptimizeResult,
    build_arm,
    certain_labels,
    certify,
    optimize,
    plan,
)
from mari_engine.plain_json import to_plain
from mari_engine.plans import Plan
from mari_engine.price_list import measured_prices
from mari_engine.profiling import profile_nodes
from mari_engine.providers import devices
from mari_engine.report import render_markdown, render_report
from mari_engine.request_files import load_requests
from mari_engine.results import (
    Certificate,
    Check,
    DeviceInfo,
    InputBinding,
    Interface,
    OutputBinding,
    OutputError,
)
from mari_engine.review import Note, Review, Section, SignOff, Stamp, Turn
from mari_engine.runtime import open_session
from mari_engine.selecting import break_even_in_words, selection_in_words
from mari_engine.types import (
    Action,
    BreakEven,
    Coloring,
    Cost,
    Decision,
    Flops,
    FlopsReport,
    FusionLayout,
    GraphInfo,
    GraphNode,
    Progress,
    Segment,
    Selection,
    Side,
    Signature,
    TensorInfo,
    Trial,
    ValueColor,
    Way,
)
from mari_engine.verifying import verify
from mari_engine.weights import WeightSummary, summarize_weight
from mari_engine.workload import count_cost

__all__ = [
    "Action",
    "Arm",
    "Artifact",
    "BenchmarkResult",
    "BreakEven",
    "Calibration",
    "Cancelled",
    "Certificate",
    "Check",
    "Coloring",
    "Column",
    "Cost",
    "Decision",
    "DeviceInfo",
    "ExecutionError",
    "FeedError",
    "Feeds",
    "Flops",
    "FlopsReport",
    "FusionLayout",
    "GraphInfo",
    "GraphNode",
    "InputBinding",
    "InputLabel",
    "Interface",
    "LabelError",
    "LabelFinding",
    "Labels",
    "MariError",
    "Measurement",
    "Model",
    "ModelError",
    "NodeTime",
    "Note",
    "OperandMeasure",
    "OptimizeResult",
    "OutputBinding",
    "OutputError",
    "Peak",
    "Plan",
    "Prices",
    "ProductMeasure",
    "Progress",
    "Review",
    "ReviewError",
    "Role",
    "Section",
    "SectionOutcome",
    "Segment",
    "Selection",
    "Side",
    "SignOff",
    "Signature",
    "Signed",
    "Stamp",
    "TensorInfo",
    "TimeMeasure",
    "Timing",
    "Trial",
    "Turn",
    "ValueColor",
    "VerificationError",
    "Way",
    "WeightSummary",
    "benchmark",
    "bind_feeds",
    "break_even_in_words",
    "build_arm",
    "certain_labels",
    "certificate_in_words",
    "certify",
    "check_labels",
    "color",
    "count_cost",
    "describe",
    "describe_versions",
    "devices",
    "digest_sections",
    "load",
    "load_artifact",
    "load_requests",
    "make_feeds",
    "measure",
    "measured_prices",
    "open_session",
    "optimize",
    "plan",
    "profile_nodes",
    "propose_labels",
    "render_markdown",
    "render_report",
    "save_artifact",
    "selection_in_words",
    "sum_up_review",
    "summarize_weight",
    "to_plain",
    "verify",
]
