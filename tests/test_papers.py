"""The papers are true: what they name exists, and what they compute is what the tool computes."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main

import mari_engine as mari
from mari_engine.__main__ import command_line
from mari_engine.commands.headlines import inspect_headline
from sample_models import labels_path, sample_path
from sample_models.figures import README as SAMPLES_PAPER
from sample_models.figures import replace_tables, replace_worth

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
ENGINE = ROOT / "mari_engine" / "README.md"
PAPERS = (
    README,
    ENGINE,
    ROOT / "mari_engine" / "artifact" / "README.md",
    SAMPLES_PAPER,
    ROOT / "app" / "README.md",
    ROOT / "app" / "THREATS.md",
)
LONGEST_README = 150
"""Lines: what a newcomer reads in five minutes."""
MADE_BY_USERS = {
    "NAME.onnx", "NAME.labels.json", "labels.json", "model.onnx", "model.onnx.data",
    "manifest.json", "structure.json", "certificate.json", "review.json", "report.html",
    "report.md", "store.json", "items.arrow", "items.parquet",
    "request.onnx", "item.onnx", "online.onnx",
    "request.npz", "requests.npz", "failure.json", "input_order.json",
}  # fmt: skip
"""Files that papers name and that commands write."""
TICKS = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\[[^]]*\]\(([^)]+)\)")
PATH = re.compile(r"[\w./-]+(?:\.(?:py|md|toml|json|onnx|data|html|tsv|js|css)|/)|\.ci/run")
COMMAND = re.compile(r"\bmari ([a-z]+)\b")

STEADY = ("FLOPs per request: ", "Vouched for: ", "Saves most: ")
"""What a command says that no machine changes."""

every_paper = pytest.mark.parametrize(
    "paper", PAPERS, ids=lambda path: f"{path.parent.name}/{path.stem}"
)


def paths_in(paper: Path) -> Iterator[str]:
    """Yield what stands in backticks and looks like a path, and has no NAME to fill in."""
    for text in TICKS.findall(paper.read_text(encoding="utf-8")):
        if PATH.fullmatch(text) and "NAME" not in text and text not in MADE_BY_USERS:
            yield text


def exists(path: str, paper: Path) -> bool:
    """True for a path below the repository, the paper's folder, or the graph component."""
    places = (ROOT, paper.parent, paper.parent / "components" / "graph")
    return any((place / path).exists() for place in (*places, places[-1] / "assets"))


def commands() -> set[str]:
    group = typer.main.get_group(command_line)
    return set(group.commands)


def test_the_readme_is_short() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= LONGEST_README


@every_paper
def test_links_lead_somewhere(paper: Path) -> None:
    links = [link for link in LINK.findall(paper.read_text(encoding="utf-8")) if "//" not in link]
    missing = [link for link in links if not (paper.parent / link.split("#")[0]).exists()]
    assert not missing


@every_paper
def test_paths_exist(paper: Path) -> None:
    assert not [path for path in paths_in(paper) if not exists(path, paper)]


def test_paths_are_found_in_papers() -> None:
    assert len(set(paths_in(ENGINE))) > 50


@every_paper
def test_commands_exist(paper: Path) -> None:
    text = paper.read_text(encoding="utf-8")
    code = [*TICKS.findall(text), *re.findall(r"```sh\n(.*?)```", text, re.DOTALL)]
    named = {name for part in code for name in COMMAND.findall(part)}
    assert named <= commands()


def test_the_readme_names_all_commands() -> None:
    rows = re.findall(r"^\| `mari ([a-z]+)` \|", README.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(rows) == commands()


def test_the_readme_has_the_command_that_runs_the_tests() -> None:
    gate = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert gate[-1] == "python -m pytest -n 2 --dist worksteal"
    assert gate[-1] in README.read_text(encoding="utf-8").splitlines()


def test_the_architecture_lists_the_layers_in_their_order() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    for container, names in drawn().items():
        layers = next(each["layers"] for each in contracts if each.get("containers") == [container])
        rank = {
            name: at
            for at, layer in enumerate(reversed(layers))
            for name in layer.replace("|", " ").split()
        }
        assert set(names) == set(rank)
        assert [rank[name] for name in names] == sorted(rank.values())


def drawn() -> dict[str, list[str]]:
    """Return what the architecture lists beneath the engine, the rewriter and what serves."""
    names: dict[str, list[str]] = {"mari_engine": []}
    for indent, name in re.findall(r"^    (  )?(\w+)  +\S", architecture(), re.MULTILINE):
        if not indent:
            names["mari_engine"].append(name)
        container = f"mari_engine.{names['mari_engine'][-1]}"
        if indent and container != "mari_engine.ops":  # of whose stages one is drawn
            names.setdefault(container, []).append(name)
    assert set(names) == {"mari_engine", "mari_engine.rewriting", "mari_engine.serving"}
    return names


def architecture() -> str:
    text = ENGINE.read_text(encoding="utf-8")
    return text.split("## Architecture")[1].split("\n### ")[0]


def test_the_readme_tells_of_the_samples_what_was_measured() -> None:
    written = README.read_text(encoding="utf-8")
    assert written == replace_worth(written), "run python -m sample_models.figures"


def test_papers_tell_of_the_corpus_what_its_results_say() -> None:
    results = (ROOT / "tests" / "corpus" / "results.md").read_text(encoding="utf-8")

    def last(row: str) -> str:
        (cells,) = re.findall(rf"^\| {row} \|(.*)\|$", results, re.MULTILINE)
        return str(re.findall(r"[\d.]+", cells.split("|")[-1])[0])

    (date,) = re.findall(r"^Measured (\S+)", results, re.MULTILINE)
    models, mean, least = last("models"), last("geometric mean of the speedups"), last("the least")
    front, samples = (
        " ".join(paper.read_text(encoding="utf-8").split()) for paper in (README, SAMPLES_PAPER)
    )
    assert f"Over {models} exports" in front
    assert f"geometric mean of the speedups is {float(mean):.1f}x at 500 candidates" in front
    assert f"({date}); the least is {float(least):.1f}x" in front
    assert f"{models} exports that one command makes anew were measured on {date}" in samples
    assert f"geometric mean {mean}x" in samples
    assert f"the least {least}x" in samples


def test_the_readmes_example_is_what_the_command_says() -> None:
    model = mari.load(sample_path("dlrm"))
    found = mari.plan(model, mari.Labels.load(labels_path("dlrm")))
    lines = README.read_text(encoding="utf-8").splitlines()
    first = next(line for line in lines if line.startswith("    dlrm: "))
    told = r"dlrm: [\d.]+× faster \([\d.]+ to [\d.]+ in 8 of 10 rounds\) at 500 candidates "
    assert re.fullmatch(rf"    {told}\(timed on this machine, one thread: .* → .*\)", first)
    steady = [line for line in inspect_headline(found, confirmed=True) if line.startswith(STEADY)]
    assert len(steady) == len(STEADY)
    assert {f"    {line}" for line in steady} <= set(lines)


def test_the_tables_of_the_samples_are_those_that_are_computed() -> None:
    written = SAMPLES_PAPER.read_text(encoding="utf-8")
    assert written == replace_tables(written), "run python -m sample_models.figures"
