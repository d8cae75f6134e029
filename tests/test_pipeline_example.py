"""The example of a daily pipeline is a workflow, and its commands are ones that `mari` takes."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from mari_engine.__main__ import command_line

EXAMPLE = Path(__file__).parents[1] / ".github" / "examples" / "daily_model.yml"
WORKFLOW: dict[Any, Any] = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
STEPS = WORKFLOW["jobs"]["optimize"]["steps"]
COMMANDS = [step["run"] for step in STEPS if step.get("run", "").startswith("mari ")]


def test_it_runs_every_day_and_each_step_does_one_thing() -> None:
    assert WORKFLOW[True]["schedule"]  # YAML reads `on` as true
    assert all(("uses" in step) != ("run" in step) for step in STEPS)
    assert [line.split()[1] for line in COMMANDS] == [
        "optimize",
        "diff",
        "check",
        "bench",
        "report",
    ]


@pytest.mark.parametrize("line", COMMANDS)
def test_its_commands_parse(line: str) -> None:
    _, name, *words = shlex.split(line)
    command = typer.main.get_group(command_line).commands[name]
    with command.make_context(name, words) as context:
        assert context.params[{"report": "benchmark", "check": "junit"}.get(name, "json")]


def test_nothing_is_deployed_after_a_failure() -> None:
    names = [step.get("name") for step in STEPS]
    assert names.index("optimize") < names.index("deploy")
    unconditional = {step.get("name") for step in STEPS if "if" not in step}
    assert {"optimize", "check", "benchmark", "report", "deploy"} <= unconditional
