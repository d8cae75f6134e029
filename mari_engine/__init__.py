"""MaRI: what a ranking model computes per request is computed once per request, losslessly."""

from mari_engine.artifact import Artifact, load_artifact, save_artifact
from mari_engine.benchmarking import benchmark
from mari_engine.coloring import color
from mari_engine.costing import count_cost
from mari_engine.describing import describe
from mari_engine.errors import (
    Cancelled,
    ExecutionError,
    FeedError,
    LabelError,
    MariError,
    ModelError,
    VerificationError,
)
from mari_engine.explaining import certificate_in_words
from mari_engine.feeds import Feeds, bind_feeds, make_feeds
from mari_engine.labeling import check_labels, propose_labels
from mari_engine.labels import Column, InputLabel, Labels, Role
from mari_engine.loading import Model, load
from mari_engine.pipeline import (
    OptimizeResult,
    Plan,
    build_arm,
    certain_labels,
    certify,
    optimize,
    plan,
)
from mari_engine.profiling import profile_nodes
from mari_engine.providers import devices
from mari_engine.report import render_markdown, render_report
from mari_engine.request_files import load_requests
from mari_engine.results import (
    Arm,
    BenchmarkResult,
    Certificate,
    Check,
    DeviceInfo,
    InputBinding,
    Interface,
    OutputBinding,
    OutputError,
    Timing,
)
from mari_engine.runtime import open_session
from mari_engine.types import (
    Action,
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
    Side,
    Signature,
    TensorInfo,
    ValueColor,
)
from mari_engine.verifying import verify
