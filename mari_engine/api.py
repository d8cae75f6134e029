"""The public names of the engine: what `import mari_engine` offers."""

from mari_engine.analysis import AxisReading, count_cost, propose_axes, read_axes
from mari_engine.artifact import FIELDS as CONDITION_FIELDS
from mari_engine.artifact import (
    Artifact,
    ArtifactFigures,
    Condition,
    FigureWords,
    figures_in_words,
    find_failures,
    load_artifact,
    read_condition,
    read_figures,
    save_artifact,
)
from mari_engine.benchmarking import benchmark
from mari_engine.coloring import color
from mari_engine.errors import (
    Cancelled,
    ContradictedLabel,
    ExecutionError,
    FeedError,
    LabelError,
    LimitError,
    MariError,
    MissingItems,
    ModelError,
    ReviewError,
    StoreError,
    VerificationError,
)
from mari_engine.feeds import InputSlot, bind_feeds, list_slots, load_requests, make_feeds
from mari_engine.graph import Model, WeightSummary, describe, summarize_weight
from mari_engine.graph_diff import diff
from mari_engine.isolation import Isolation, isolated
from mari_engine.labeling import (
    certain_labels,
    check_labels,
    list_vouchers,
    propose_labels,
    vouch,
)
from mari_engine.loading import load
from mari_engine.metering import measure
from mari_engine.pipeline import OptimizeResult, certify, optimize, plan
from mari_engine.plan_types import Plan
from mari_engine.reoptimization import optimize_like
from mari_engine.report import (
    LayeredLayout,
    LoadPlot,
    place_layers,
    plot_load,
    render_markdown,
    render_report,
)
from mari_engine.review import (
    Note,
    Review,
    Section,
    SectionOutcome,
    Signed,
    SignOff,
    Stamp,
    Turn,
    digest_sections,
    sum_up_review,
)
from mari_engine.rewriting.cost import Calibration, Prices, measured_prices
from mari_engine.rewriting.planning import build_arm
from mari_engine.runtime import describe_versions, devices, open_session, profile_nodes
from mari_engine.serving.capacity import measure_capacity
from mari_engine.serving.items import ItemStore, RayOptions, WrittenItems, write_items
from mari_engine.serving.offload import (
    ItemPart,
    Offloaded,
    OffloadResult,
    cut_frontier,
    load_offloaded,
    offload,
)
from mari_engine.serving.timing import open_offloaded_arm
from mari_engine.types import (
    EVIDENCE_VOUCHERS,
    FROM_GRAPH,
    Action,
    Arm,
    BenchmarkResult,
    BreakEven,
    CandidateAxis,
    Capacity,
    Certificate,
    Change,
    ChangeKind,
    Check,
    Coloring,
    Column,
    Cost,
    Coverage,
    CutPoint,
    Decision,
    DeviceInfo,
    Difference,
    ErrorBound,
    Feeds,
    Flops,
    FlopsReport,
    Frontier,
    FusionLayout,
    GraphInfo,
    GraphNode,
    InputBinding,
    InputLabel,
    Interface,
    JsonDocument,
    JsonError,
    JsonObject,
    LabelFinding,
    Labels,
    LoadResult,
    LoadRun,
    LoadStage,
    Measurement,
    MissedBranch,
    NodeTime,
    OperandMeasure,
    OutputBinding,
    OutputError,
    Part,
    PartKind,
    Peak,
    ProductMeasure,
    Progress,
    RequestIndex,
    Role,
    Segment,
    Selection,
    Side,
    Signature,
    Speedup,
    StackedLookups,
    Store,
    TensorInfo,
    TimeMeasure,
    Timing,
    Trial,
    ValueColor,
    Way,
    WeightChange,
    WeightDifference,
    digest_document,
    parse_json,
    to_plain,
)
from mari_engine.verification import verify
from mari_engine.wording import (
    break_even_in_words,
    capacity_in_words,
    capacity_rows,
    certificate_in_words,
    difference_in_words,
    format_band,
    format_count,
    format_seconds,
    format_times,
    headline_in_words,
    load_command,
    nodes_in_words,
    pairs_in_words,
    selection_in_words,
    vouchers_in_words,
)

__all__ = [
    "CONDITION_FIELDS", "EVIDENCE_VOUCHERS", "FROM_GRAPH", "Action", "Arm", "Artifact",
    "ArtifactFigures", "AxisReading", "BenchmarkResult", "BreakEven", "Calibration", "Cancelled",
    "CandidateAxis", "Capacity", "Certificate", "Change", "ChangeKind", "Check", "Coloring",
    "Column", "Condition", "ContradictedLabel", "Cost", "Coverage", "CutPoint", "Decision",
    "DeviceInfo", "Difference", "ErrorBound", "ExecutionError", "FeedError", "Feeds", "FigureWords",
    "Flops", "FlopsReport", "Frontier", "FusionLayout", "GraphInfo", "GraphNode", "InputBinding",
    "InputLabel", "InputSlot", "Interface", "Isolation", "ItemPart", "ItemStore", "JsonDocument",
    "JsonError", "JsonObject", "LabelError", "LabelFinding", "Labels", "LayeredLayout",
    "LimitError", "LoadPlot", "LoadResult", "LoadRun", "LoadStage", "MariError", "Measurement",
    "MissedBranch", "MissingItems", "Model", "ModelError", "NodeTime", "Note", "OffloadResult",
    "Offloaded", "OperandMeasure", "OptimizeResult", "OutputBinding", "OutputError", "Part",
    "PartKind", "Peak", "Plan", "Prices", "ProductMeasure", "Progress", "RayOptions",
    "RequestIndex", "Review", "ReviewError", "Role", "Section", "SectionOutcome", "Segment",
    "Selection", "Side", "SignOff", "Signature", "Signed", "Speedup", "StackedLookups", "Stamp",
    "Store", "StoreError", "TensorInfo", "TimeMeasure", "Timing", "Trial", "Turn", "ValueColor",
    "VerificationError", "Way", "WeightChange", "WeightDifference", "WeightSummary", "WrittenItems",
    "benchmark", "bind_feeds", "break_even_in_words", "build_arm", "capacity_in_words",
    "capacity_rows", "certain_labels", "certificate_in_words", "certify", "check_labels", "color",
    "count_cost", "cut_frontier", "describe", "describe_versions", "devices", "diff",
    "difference_in_words", "digest_document", "digest_sections", "figures_in_words",
    "find_failures", "format_band", "format_count", "format_seconds", "format_times",
    "headline_in_words", "isolated", "list_slots", "list_vouchers", "load", "load_artifact",
    "load_command", "load_offloaded", "load_requests", "make_feeds", "measure", "measure_capacity",
    "measured_prices", "nodes_in_words", "offload", "open_offloaded_arm", "open_session",
    "optimize", "optimize_like", "pairs_in_words", "parse_json", "place_layers", "plan",
    "plot_load", "profile_nodes", "propose_axes", "propose_labels", "read_axes", "read_condition",
    "read_figures", "render_markdown", "render_report", "save_artifact", "selection_in_words",
    "sum_up_review", "summarize_weight", "to_plain", "verify", "vouch", "vouchers_in_words",
    "write_items",
]  # fmt: skip
