"""MaRI: what a ranking model computes per request is computed once per request, losslessly."""

from mari_engine.analysis.workload import count_cost
from mari_engine.artifact.folder import Artifact, load_artifact, save_artifact
from mari_engine.benchmarking.comparison import benchmark
from mari_engine.coloring.graph_coloring import color
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
from mari_engine.feeds.binding import bind_feeds
from mari_engine.feeds.feed_plan import make_feeds
from mari_engine.feeds.request_files import load_requests
from mari_engine.graph.description import describe
from mari_engine.graph.model import Model
from mari_engine.graph.weight_summary import WeightSummary, summarize_weight
from mari_engine.labeling.proposal import propose_labels
from mari_engine.labeling.validation import check_labels
from mari_engine.loading.model_file import load
from mari_engine.metering.meter import measure
from mari_engine.pipeline import OptimizeResult, certain_labels, certify, optimize, plan
from mari_engine.plan_types import Plan
from mari_engine.report.rendering import render_markdown, render_report
from mari_engine.review.digests import digest_sections
from mari_engine.review.notes import Note, Review, Section, SignOff, Stamp, Turn
from mari_engine.review.outcomes import SectionOutcome, Signed, sum_up_review
from mari_engine.rewriting.cost.calibration import Calibration
from mari_engine.rewriting.cost.price_cache import measured_prices
from mari_engine.rewriting.cost.prices import Prices
from mari_engine.rewriting.planning.benchmark_arms import build_arm
from mari_engine.runtime.machine import describe_versions
from mari_engine.runtime.node_profile import profile_nodes
from mari_engine.runtime.providers import devices
from mari_engine.runtime.session import open_session
from mari_engine.types.benchmark import Arm, BenchmarkResult, Peak, Timing
from mari_engine.types.certificate import Certificate, Check, OutputError
from mari_engine.types.coloring import Coloring, FusionLayout, Segment, Side, ValueColor
from mari_engine.types.decisions import Action, Decision, Selection, Trial, Way
from mari_engine.types.devices import DeviceInfo
from mari_engine.types.feeds import Feeds
from mari_engine.types.flops import BreakEven, Cost, Flops, FlopsReport
from mari_engine.types.graph_info import GraphInfo, GraphNode, TensorInfo
from mari_engine.types.interface import InputBinding, Interface, OutputBinding, Signature
from mari_engine.types.labels import Column, InputLabel, Labels, Role
from mari_engine.types.measurement import (
    LabelFinding,
    Measurement,
    NodeTime,
    OperandMeasure,
    ProductMeasure,
    TimeMeasure,
)
from mari_engine.types.plain_json import to_plain
from mari_engine.types.progress import Progress
from mari_engine.verification.verifier import verify
from mari_engine.wording.certificate import certificate_in_words
from mari_engine.wording.selection import break_even_in_words, selection_in_words

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
