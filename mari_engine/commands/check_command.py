"""`mari check`: artifacts against thresholds, for a pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import mari_engine as mari
from mari_engine.commands.console import show, show_table
from mari_engine.commands.junit import Case, is_junit, write_cases
from mari_engine.commands.options import Force
from mari_engine.commands.output_files import check_output, write_output
from mari_engine.errors import LabelError, MariError, ModelError, VerificationError
from mari_engine.wording import make_plain

if TYPE_CHECKING:
    from mari_engine.artifact import ArtifactFigures, Condition

_MANIFEST = "manifest.json"
_MOST = 10_000
"""Folders that are looked into."""


def check(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="An artifact, or a folder of artifacts.")
    ],
    fail_if: Annotated[
        list[str] | None,
        typer.Option(metavar="EXPRESSION", help="A field, an operator, a number; repeatable."),
    ] = None,
    junit: Annotated[
        Path | None, typer.Option(metavar="F", help="Write the outcomes as JUnit's XML.")
    ] = None,
    force: Force = False,
) -> None:
    """Hold an artifact to thresholds, or each of a folder.

    Prints a row for each, in the figures that its report tells. Fields are speedup, speedup_low,
    speedup_high (over rounds), flops (after), flops_before, flops_ratio, candidates, break_even,
    lossless (1 or 0), checks, products, split, once, fused and kept; operators are < <= > >= ==
    and !=. The exit status is 1 where a condition holds: --fail-if "speedup<1.3"; 2 where an
    artifact is damaged or does not tell a field, after the others were looked at.
    """
    from mari_engine.artifact import read_condition  # here: help starts without ONNX

    conditions = [read_condition(text) for text in fail_if or ()]
    if junit is not None:
        check_output(junit, is_junit, force=force)
    read = [(each, _read(each)) for each in _find_artifacts(folder)]
    damaged = {each: str(found) for each, found in read if isinstance(found, MariError)}
    whole = [found for _, found in read if not isinstance(found, MariError)]
    cases = [Case(_subject(each), "is whole", damaged.get(each, "")) for each, _ in read]
    held, untold = _hold(whole, conditions)
    cases += held
    _show_rows(whole)
    if junit is not None:
        write_output(junit, write_cases("mari check", cases), is_junit, force=force)
    wrong = {*damaged.values(), *untold}
    told = [
        case.failure if case.failure in wrong else f"{case.subject}: {case.failure}"
        for case in cases
        if case.failure
    ]
    if told:
        raise (ModelError if wrong else VerificationError)("; ".join(told))


def _read(folder: Path) -> ArtifactFigures | ModelError | LabelError:
    """Return an artifact's figures, or why it is not whole."""
    from mari_engine.artifact import read_figures

    try:
        return read_figures(mari.load_artifact(folder))
    except (ModelError, LabelError) as error:  # the others are looked at all the same
        return error


def _subject(folder: Path) -> str:
    return make_plain(str(folder))


def _find_artifacts(folder: Path) -> Sequence[Path]:
    """Return the artifact, or those in a folder, by name; raises ModelError where there is none."""
    if not folder.exists():
        raise ModelError(f"{folder}: does not exist; give one that 'mari optimize' wrote")
    if not folder.is_dir():
        raise ModelError(f"{folder}: is no folder; give one that 'mari optimize' wrote")
    if (folder / _MANIFEST).is_file():
        return [folder]
    inside = sorted(each for each in folder.iterdir() if (each / _MANIFEST).is_file())
    if not inside:
        raise ModelError(
            f"{folder}: holds no artifact, nor folders that do; give one that 'mari optimize' wrote"
        )
    if len(inside) > _MOST:
        raise ModelError(f"{folder}: holds more than {_MOST:,} artifacts; give a part of them")
    return inside


def _hold(
    whole: Sequence[ArtifactFigures], conditions: Sequence[Condition]
) -> tuple[Sequence[Case], Sequence[str]]:
    """Return the outcome of each condition on each artifact, and what artifacts do not tell."""
    cases, untold = list[Case](), list[str]()
    for figures in whole:
        for condition in conditions:
            try:
                ((_, failure),) = mari.find_failures(figures, (condition,))
            except ModelError as error:  # the others are looked at all the same
                failure = str(error)
                untold.append(failure)
            cases.append(Case(_subject(figures.directory), condition.text, failure))
    return cases, untold


def _show_rows(found: Sequence[ArtifactFigures]) -> None:
    columns = (
        "artifact", "model", "candidates#", "speedup#", "8 of 10 rounds#", "FLOPs before#",
        "after#", "fewer#", "checked#", "lossless",
    )  # fmt: skip
    show_table("Artifacts", columns, [_row(each) for each in found])
    if any(not each.selection.timed for each in found):
        show("", "Speedups without a band are expected, not timed.")


def _row(each: ArtifactFigures) -> tuple[str, ...]:
    words = mari.figures_in_words(each)
    return (
        str(each.directory), words.model, words.candidates, words.speedup, words.band,
        words.before, words.after, words.fewer, words.checked, words.lossless,
    )  # fmt: skip
