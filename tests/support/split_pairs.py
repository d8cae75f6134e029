"""Ranking models and their hand-split twins, for tests of everything that compares two models."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mari_engine.graph import Model
from mari_engine.loading import load
from mari_engine.types import InputBinding, InputLabel, Interface, Labels, OutputBinding, Role
from support.builders import build

USER, ITEM, HIDDEN = 4, 3, 5

LABELS = Labels({"user": InputLabel(role=Role.USER), "item": InputLabel(role=Role.ITEM)})


@dataclass(frozen=True, eq=False)
class Pair:
    """An original, a rewritten model, and the interface between them."""

    original: Model
    optimized: Model
    interface: Interface | None = None


def split_pair(
    *, spoil: float = 0.0, activation: str = "Sigmoid", dtype: str = "float", seed: int = 0
) -> Pair:
    """Return MatMul(Concat(user, item)) and its split twin, drop-in, one weight spoilt."""
    whole, user, item = _weights(seed, np.float16 if dtype == "float16" else np.float32)
    user[0, 0] += spoil
    inputs = f"{dtype}[N, {USER}] user, {dtype}[N, {ITEM}] item"
    outputs = f"{dtype}[N, {HIDDEN}] y"
    before = build(
        f"j = Concat <axis = 1> (user, item) h = MatMul (j, W) y = {activation} (h)",
        inputs=inputs,
        outputs=outputs,
        weights={"W": whole},
    )
    after = build(
        f"""
        first = Slice (user, zero, one, zero)
        once = MatMul (first, W_user)
        h = Gemm (item, W_item, once)
        y = {activation} (h)
        """,
        inputs=inputs,
        outputs=outputs,
        weights={
            "W_user": user, "W_item": item, "zero": np.array([0]), "one": np.array([1]),
        },
    )  # fmt: skip
    return Pair(load(before, name="tower"), load(after, name="tower-split"))


def compact_pair(*, seed: int = 0) -> Pair:
    """Return a model with one packed input, columns interleaved, and its compact twin."""
    whole, user, item = _weights(seed, np.float32)
    order = np.array([0, 4, 1, 5, 2, 6, 3])  # user columns at 0, 2, 4, 6; item ones between
    before = build(
        "h = MatMul (x, W) y = Tanh (h)",
        inputs=f"float[N, {USER + ITEM}] x",
        outputs=f"float[N, {HIDDEN}] y",
        weights={"W": whole[order]},
    )
    after = build(
        "once = MatMul (x_request, W_user) h = Gemm (x_candidate, W_item, once) y = Tanh (h)",
        inputs=f"float[1, {USER}] x_request, float[N, {ITEM}] x_candidate",
        outputs=f"float[N, {HIDDEN}] y",
        weights={"W_user": user, "W_item": item},
    )
    interface = Interface(
        (
            InputBinding("x_request", "float32", (1, USER), "request", "x", (0, 2, 4, 6)),
            InputBinding("x_candidate", "float32", ("N", ITEM), "candidate", "x", (1, 3, 5)),
        ),
        (OutputBinding("y", "candidate"),),
    )
    return Pair(load(before, name="packed"), load(after, name="packed-compact"), interface)


def _weights(seed: int, kind: type[np.floating]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    whole = rng.standard_normal((USER + ITEM, HIDDEN)).astype(kind)
    return whole, whole[:USER].copy(), whole[USER:].copy()
