"""The certificate: every request that was checked, and how far the two models' results differ."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mari_engine.errors import ModelError
from mari_engine.types.json_fields import JsonDocument, JsonObject


@dataclass(frozen=True)
class OutputError:
    """The largest differences of one output over all elements of one check.

    Errors are `|a - b| / max(|truth|)`, unit-free, the truth being the original evaluated in
    float64. `exact` compares original and optimized in float64; `original` and `optimized` are
    each one's rounding error in the model's own precision; None where the check had no float64.
    """

    output: str
    exact: float | None
    original: float | None
    optimized: float | None
    between: float
    """Original against optimized in the model's own precision."""
    same_ranking: bool
    """The candidates sorted by this output come in the same order, ties within rounding aside."""


GENERATED = "generated"
"""The name of requests whose values are drawn as they usually are."""


@dataclass(frozen=True)
class Check:
    """One request that was run through both models."""

    batch: int
    seed: int | None
    """None when the request came from the user."""
    request: str
    """`GENERATED`, with what is unusual about it; or the request file's name."""
    outputs: tuple[OutputError, ...]
    passed: bool
    reason: str = ""
    """Why it failed; empty when it passed."""

    @property
    def typical(self) -> bool:
        """False for a request that was made to be unusual: other magnitudes, ends of ranges."""
        return self.seed is None or self.request == GENERATED


@dataclass(frozen=True)
class MissedBranch:
    """A branch of the original, or one that only the rewritten model has, that no request took."""

    node: str
    """Its name; of an input, the input's."""
    op: str
    """Empty for an input."""
    branch: str


@dataclass(frozen=True)
class Coverage:
    """How many branches the requests took, and which they did not: the original's, and new ones.

    Branches are the two values of a condition or comparison, masked and other places, what a clip
    holds back, a table's first and last row, a loop's trips, and the lengths of inputs.
    """

    branches: int
    reached: int
    missed: tuple[MissedBranch, ...] = ()
    unseen: tuple[str, ...] = ()
    """Nodes with branches that no run can show: those within loops and branches."""


@dataclass(frozen=True)
class ErrorBound:
    """The largest error of one output that was measured, of a model that rounds on purpose."""

    output: str
    absolute: float
    """Over all elements of all requests."""
    relative: float
    """The same against the largest magnitude of the output over all requests."""
    requests: int
    reordered: int
    """Requests in which the candidates come in another order."""


@dataclass(frozen=True)
class Certificate:
    """What was checked, with what, and how it came out."""

    passed: bool
    checks: tuple[Check, ...]
    limits: Mapping[str, float]
    """The limits that decide: "exact" and "rounding_factor" and "rounding_floor"."""
    seeds: tuple[int, ...]
    batches: tuple[int, ...]
    versions: Mapping[str, str]
    """onnxruntime, onnx, numpy, mari_engine, python, and the platform."""
    exact_method: str
    """How float64 was evaluated, in words, or why it could not be."""
    contract: tuple[str, ...] = ()
    """What was compared of the calling contract, in words."""
    inside: tuple[str, ...] = ()
    """What was compared inside the two models, beside their outputs, in words."""
    notes: tuple[str, ...] = ()
    reason: str = ""
    """Why it did not pass, in one sentence; empty when it passed."""
    coverage: Coverage | None = None
    """None where the original could not be run node by node."""
    vouched: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    """By who or what vouches for them, the names of the labels that the check rests on."""
    bounds: tuple[ErrorBound, ...] = ()
    """Of a model that rounds on purpose, and so is not lossless; none of any other."""

    @property
    def lossless(self) -> bool:
        """True where the check passed, and nothing is rounded on purpose."""
        return self.passed and not self.bounds

    def to_json(self) -> dict[str, Any]:
        """Return the contents of certificate.json."""
        return {"version": 1, **dataclasses.asdict(self)}

    @staticmethod
    def from_json(data: object, where: str = "certificate.json") -> Certificate:
        """Read what `to_json` returned; raises ModelError, naming `where` and the field."""
        top = JsonObject(data, where, JsonDocument(ModelError, "run 'mari verify' again"))
        top.require("versions", "limits", "checks")
        limits, versions = top.nested("limits", where), top.nested("versions", where)
        return Certificate(
            passed=top.flag("passed"),
            checks=tuple(
                _check(top.entry(check, f"{where}: check {at}"))
                for at, check in enumerate(top.items("checks"))
            ),
            limits={name: limits.number(name) for name in limits.fields},
            seeds=tuple(top.items("seeds")),
            batches=tuple(top.items("batches")),
            versions={name: versions.text(name) for name in versions.fields},
            exact_method=top.text("exact_method"),
            contract=tuple(top.items("contract", ())),
            inside=tuple(top.items("inside", ())),
            notes=tuple(top.items("notes", ())),
            reason=top.text("reason", ""),
            coverage=_coverage(top, where),
            vouched=_vouched(top, where),
            bounds=tuple(
                _bound(top.entry(row, f"{where}: bound {at}"))
                for at, row in enumerate(top.items("bounds", ()))
            ),
        )


def _coverage(top: JsonObject, where: str) -> Coverage | None:
    if top.fields.get("coverage") is None:
        return None
    found = top.nested("coverage", where)
    rows = [top.entry(row, f"{where}: missed {at}") for at, row in enumerate(found.items("missed"))]
    return Coverage(
        branches=found.whole("branches"),
        reached=found.whole("reached"),
        missed=tuple(
            MissedBranch(row.text("node"), row.text("op"), row.text("branch")) for row in rows
        ),
        unseen=tuple(found.items("unseen")),
    )


def _vouched(top: JsonObject, where: str) -> dict[str, tuple[str, ...]]:
    if "vouched" not in top.fields:  # of a version that did not write it
        return {}
    found = top.nested("vouched", where)
    return {by: tuple(map(str, found.items(by))) for by in found.fields}


def _bound(row: JsonObject) -> ErrorBound:
    return ErrorBound(
        output=row.text("output"),
        absolute=row.number("absolute"),
        relative=row.number("relative"),
        requests=row.whole("requests"),
        reordered=row.whole("reordered"),
    )


def _check(row: JsonObject) -> Check:
    seeded = row.fields.get("seed") is not None
    return Check(
        batch=row.whole("batch"),
        seed=row.whole("seed") if seeded else None,
        request=row.text("request"),
        outputs=tuple(
            _output(row.entry(output, f"{row.where} output {at}"))
            for at, output in enumerate(row.items("outputs"))
        ),
        passed=row.flag("passed"),
        reason=row.text("reason", ""),
    )


def _output(row: JsonObject) -> OutputError:
    return OutputError(
        output=row.text("output"),
        exact=_error(row, "exact"),
        original=_error(row, "original"),
        optimized=_error(row, "optimized"),
        between=row.number("between"),
        same_ranking=row.flag("same_ranking"),
    )


def _error(row: JsonObject, name: str) -> float | None:
    return None if row.fields.get(name) is None else row.number(name)
