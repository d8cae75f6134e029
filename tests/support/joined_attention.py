"""Self-attention over a history with targets among its places, in ONNX text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mari_engine.types import Labels
from support.builders import build
from support.rewrite_checks import requests, roles

LENGTH, WIDTH, HEADS = 30, 8, 2
SIZE = WIDTH // HEADS
_RNG = np.random.default_rng(0)


def drawn(*shape: int) -> np.ndarray:
    """Return a weight that keeps scores near 1."""
    return (_RNG.normal(size=shape) / 3).astype("f")


_HELD: Mapping[str, np.ndarray] = {
    **{name: drawn(WIDTH) for name in ("bq", "bk", "bv", "bo")},
    **{name: drawn(WIDTH, WIDTH) for name in ("q", "k", "v", "o")},
    "root": np.array(np.sqrt(SIZE), "f"), "zero": np.array(0.0, "f"),
    "lowest": np.array(-np.inf, "f"), "low": np.array(-1e9, "f"), "two": np.array(2.0, "f"),
    "one": np.array([1]), "dims": np.array([1, 2]),
}  # fmt: skip
_SCORES = """
    xq = MatMul (x, q) qs = Add (xq, bq) qr = Reshape (qs, heads)
    xk = MatMul (x, k) ks = Add (xk, bk) kr = Reshape (ks, heads)
    xv = MatMul (x, v) vs = Add (xv, bv) vr = Reshape (vs, heads)
    qh = Transpose <perm = [0, 2, 1, 3]> (qr) kh = Transpose <perm = [0, 2, 3, 1]> (kr)
    vh = Transpose <perm = [0, 2, 1, 3]> (vr)
    s0 = MatMul (qh, kh) s = Div (s0, root)
"""
_READ = """
    at = Transpose <perm = [0, 2, 1, 3]> (a) ar = Reshape (at, wide) ao = MatMul (ar, o)
    y0 = Add (ao, bo) y1 = Relu (y0) y = ReduceSum <keepdims = 0> (y1, one)
"""


@dataclass(frozen=True, eq=False, kw_only=True)
class JoinedAttention:
    """A layer over `x [N, S, E]`, made of a history `h [N, L, E]` and targets `t [N, T, E]`.

    `weights` makes `p` of the scaled scores `s [N, heads, S, S]`, `total` makes `a` of `p` and the
    values `vh [N, heads, S, D]`, and `read` the output `y` of `a`. `m [N, L]` is an input of the
    user, `c [N, T]` one of the candidates, to mask keys with.
    """

    weights: str = "p = Softmax <axis = -1> (s)"
    joined: str = "x = Concat <axis = 1> (h, t)"
    total: str = "a = MatMul (p, vh)"
    read: str = _READ
    targets: int = 1
    length: int = LENGTH
    held: Mapping[str, np.ndarray] | None = None

    @property
    def _dims(self) -> Mapping[str, str]:
        body = self.joined + self.weights
        masks = {"m": f"N, {self.length}", "c": f"N, {self.targets}"}
        masks = {
            name: dims for name, dims in masks.items() if f"({name}," in body or f" {name})" in body
        }
        return {"h": f"N, {self.length}, {WIDTH}", "t": f"N, {self.targets}, {WIDTH}", **masks}

    @property
    def data(self) -> bytes:
        """The model."""
        body = f"{self.joined} {_SCORES} {self.weights} {self.total} {self.read}"
        inputs = ", ".join(f"float[{dims}] {name}" for name, dims in self._dims.items())
        rows = self.length + self.targets
        shapes = {"heads": np.array([-1, rows, HEADS, SIZE]), "wide": np.array([-1, rows, WIDTH])}
        weights = {**_HELD, **shapes, **(self.held or {})}
        return build(body, inputs=inputs, outputs="float[N, K] y", weights=weights)

    @property
    def labels(self) -> Labels:
        """The history and its mask are the user's."""
        return roles(**{name: self._role(name) for name in self._dims})

    def _role(self, name: str) -> str:
        return "user" if name in ("h", "m") else "item"

    def requests(self, batches: Sequence[int] = (1, 3)) -> list[dict[str, np.ndarray]]:
        """Return requests; in a mask, each place is 1 as often as 0."""
        named: Any = {name: f"{self._role(name)} {dims}" for name, dims in self._dims.items()}
        given = requests(batches, whole=False, **named)
        for feeds in given:
            for name in {"m", "c"} & feeds.keys():
                feeds[name] = (feeds[name] > 0).astype("f")
        return given
