"""The house rules that nothing else would notice being broken."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import onnx.defs
import pytest

import mari_engine

ROOT = Path(__file__).parents[1]
CODE = sorted(
    path for part in ("mari_engine", "app", "sample_models") for path in (ROOT / part).rglob("*.py")
)
TESTS = sorted((ROOT / "tests").rglob("*.py"))

LONGEST_MODULE = 300
LONGEST_FUNCTION = 40
LONG_MODULES: dict[str, str] = {}
"""By path: why it may be longer."""
MOST_PARAMETERS = 6
LONG_FUNCTIONS = {
    "mari_engine/rewriting/products/profitability.py:split_gain": (
        "one balance of all that a split saves and costs"
    ),
}
"""By path and name: why it may be longer."""

TOP_LEVEL = {
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "app",
    "mari_engine",
    "sample_models",
    "tests",
}

NAME_OPERATORS = ("ops", "passes", "fuzzing")
"""What holds all that is known of operators, patterns of them, and graphs written with them."""

PUBLIC_NAMES = {
    "EVIDENCE_VOUCHERS", "FROM_GRAPH", "AxisReading", "CandidateAxis", "ContradictedLabel",
    "list_vouchers", "propose_axes", "read_axes", "vouch", "vouchers_in_words",
    "Action", "Arm", "Artifact", "BenchmarkResult", "BreakEven", "Calibration", "Cancelled",
    "Certificate", "Check", "Coloring", "Column", "Cost", "Coverage", "Decision", "DeviceInfo",
    "ExecutionError", "FeedError", "Feeds", "Flops", "FlopsReport", "FusionLayout",
    "GraphInfo", "GraphNode", "InputBinding", "InputLabel", "InputSlot", "Interface",
    "JsonDocument", "JsonError", "JsonObject", "LabelError", "LabelFinding", "Labels",
    "LayeredLayout", "MariError", "Measurement", "MissedBranch", "Model", "ModelError",
    "NodeTime", "Note", "OperandMeasure", "OptimizeResult", "OutputBinding", "OutputError",
    "Peak", "Plan", "Prices", "ProductMeasure", "Progress", "Review", "ReviewError", "Role",
    "Section", "SectionOutcome", "Segment", "Selection", "Side", "SignOff", "Signature",
    "Signed", "Speedup", "StackedLookups", "Stamp", "TensorInfo", "TimeMeasure", "Timing", "Trial",
    "Turn",
    "ValueColor", "VerificationError", "Way", "WeightSummary", "benchmark", "bind_feeds",
    "break_even_in_words", "build_arm", "certain_labels", "certificate_in_words", "certify",
    "check_labels", "color", "count_cost", "describe", "describe_versions", "devices",
    "difference_in_words", "digest_sections", "format_band", "format_count", "format_seconds",
    "format_times", "headline_in_words",
    "list_slots", "load",
    "load_artifact", "load_requests", "make_feeds", "measure", "measured_prices", "nodes_in_words",
    "open_session", "optimize", "pairs_in_words", "parse_json", "place_layers", "plan",
    "profile_nodes", "propose_labels", "render_markdown", "render_report", "save_artifact",
    "selection_in_words", "sum_up_review", "summarize_weight", "to_plain", "verify",
    "CutPoint", "ErrorBound", "Frontier", "ItemPart", "OffloadResult", "Offloaded", "Part",
    "PartKind", "Store", "cut_frontier", "load_offloaded", "offload", "open_offloaded_arm",
    "Isolation", "LimitError", "isolated",
    "ItemStore", "MissingItems", "RayOptions", "StoreError", "WrittenItems", "write_items",
    "Change", "ChangeKind", "Difference", "WeightChange", "WeightDifference", "diff",
    "optimize_like", "Capacity", "LoadResult", "LoadRun", "LoadStage", "measure_capacity",
    "RequestIndex", "LoadPlot", "plot_load", "capacity_in_words", "capacity_rows", "load_command",
    "digest_document", "CONDITION_FIELDS", "ArtifactFigures", "Condition", "FigureWords",
    "figures_in_words", "find_failures", "read_condition", "read_figures",
}  # fmt: skip

OPERATORS = {schema.name for schema in onnx.defs.get_all_schemas()}
ADDRESS = re.compile(r"""(?:https?:)?//(?!www\.w3\.org/)[a-z0-9-]+\.[a-z]|["'(]//[a-z]""", re.I)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [node for node in ast.walk(tree) if isinstance(node, kinds)]


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of a function without its docstring: explaining is not growing."""
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    first = node.body[0]
    if ast.get_docstring(node) is not None:
        lines -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines


def test_modules_are_short() -> None:
    lengths = {name_of(path): len(path.read_text().splitlines()) for path in [*CODE, *TESTS]}
    long = {name for name, lines in lengths.items() if lines > LONGEST_MODULE}
    assert long == set(LONG_MODULES), "split these, or give a reason; or drop a stale exception"


def test_functions_are_short() -> None:
    long = {
        f"{name_of(path)}:{node.name}"
        for path in CODE
        for node in functions(path)
        if length(node) > LONGEST_FUNCTION
    }
    assert long == set(LONG_FUNCTIONS), "split these, or give a reason; or drop a stale exception"


def test_signatures_are_short() -> None:
    commands = ROOT / "mari_engine/commands"  # each parameter of a command is one of its options
    long = [
        f"{name_of(path)}:{node.name}"
        for path in CODE
        if not path.is_relative_to(commands)
        for node in functions(path)
        if node.name not in PUBLIC_NAMES and parameters(node) > MOST_PARAMETERS
    ]
    assert not long, "bundle what goes together"


def parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    listed = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    return sum(each.arg not in ("self", "cls") for each in listed)


def test_exceptions_give_reasons() -> None:
    reasons = [*LONG_MODULES.values(), *LONG_FUNCTIONS.values()]
    assert all(len(reason) > 20 for reason in reasons)


def test_layers_hold() -> None:
    program = "import importlinter.cli as cli; raise SystemExit(cli.lint_imports(no_cache=True))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_public_names_are_pinned() -> None:
    assert set(mari_engine.__all__) == PUBLIC_NAMES
    assert len(mari_engine.__all__) == len(PUBLIC_NAMES)
    assert all(hasattr(mari_engine, name) for name in PUBLIC_NAMES)


def test_general_code_names_no_operator() -> None:
    engine = ROOT / "mari_engine"
    general = [
        path
        for path in engine.rglob("*.py")
        if path.relative_to(engine).parts[0] not in NAME_OPERATORS
    ]
    assert len(general) > 100
    naming = [name_of(path) for path in general if operators_in(path)]
    assert not naming, "ask the rule or a trait, or spell the node in ops/spelling.py"


def operators_in(path: Path) -> set[str]:
    """Return the operators that a module's strings name, outside its list of public names."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    public = {
        part
        for node in tree.body
        if isinstance(node, ast.Assign) and "__all__" in map(ast.unparse, node.targets)
        for part in ast.walk(node)
    }
    own = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and node not in public)
    return {str(node.value) for node in own} & OPERATORS


def test_packages_are_imported_through_their_faces() -> None:
    engine = ROOT / "mari_engine"
    packages = [path.parent for path in engine.rglob("__init__.py") if path.parent != engine]
    assert all("__all__" in (folder / "__init__.py").read_text() for folder in packages)
    inner = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): package
        for package in packages
        for path in package.glob("*.py")
    }
    past = [
        f"{name_of(path)}: {node.module}"
        for path in engine.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
        and node.module in inner
        and not path.is_relative_to(inner[node.module])
    ]
    assert not past, "let the face hand it on"


def test_top_level_is_as_given() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout, so what is tracked is not known")
    tops = {path.split("/")[0] for path in listed.stdout.split("\0") if path}
    assert {top for top in tops if not top.startswith(".")} == TOP_LEVEL


def test_no_function_hides_its_module() -> None:
    hidden = [
        name_of(path)
        for path in CODE
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name == path.stem
    ]
    assert not hidden


def test_no_module_is_a_drawer() -> None:
    drawers = {"utils", "util", "helpers", "helper", "manager", "base", "common", "misc"}
    assert not [name_of(path) for path in [*CODE, *TESTS] if path.stem in drawers]


def test_pages_name_no_outside_address() -> None:
    kinds = {".py", ".css", ".js", ".mjs", ".html", ".md", ".svg", ".toml"}
    files = [
        path
        for folder in ("app", "mari_engine/report/templates")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in kinds
    ]
    assert files
    found = {
        name_of(path): match.group()
        for path in files
        if (match := ADDRESS.search(path.read_text(encoding="utf-8")))
    }
    assert not found


def test_app_speaks_to_the_engine_by_public_names_only() -> None:
    wrong = [
        f"{name_of(path)}: {name}"
        for path in CODE
        if path.is_relative_to(ROOT / "app")
        for name in private_uses(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert not wrong


ENGINE = ("mari_engine", "onnx", "onnx_ir", "onnxruntime")


def private_uses(tree: ast.Module) -> list[str]:
    """List what a module takes from the engine, or from ONNX, past the engine's public names."""
    nodes = list(ast.walk(tree))
    plain = [alias for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    aliases = {alias.asname or alias.name for alias in plain if alias.name == "mari_engine"}
    whole = [alias.name for alias in plain if alias.name != "mari_engine"]
    origins = [node for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
    whole += [str(node.module) for node in origins if node.module != "mari_engine"]
    taken = [a.name for node in origins if node.module == "mari_engine" for a in node.names]
    taken += [
        node.attr
        for node in nodes
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in aliases
    ]
    private = [name for name in taken if name not in mari_engine.__all__]
    return private + [name for name in whole if name.split(".")[0] in ENGINE]
