"""Norms of joined columns in the spellings of exporters, and a layer behind them."""

from __future__ import annotations

import re

import numpy as np
import pytest

from mari_engine.loading import load
from mari_engine.rewriting.context import Options
from mari_engine.rewriting.interpreter import Rewritten, rewrite
from mari_engine.rewriting.planning import survey_labeled
from mari_engine.types import Action, Labels, Signature
from support.builders import build
from support.rewrite_checks import roles

USER, ITEM, HIDDEN = 96, 8, 160
WIDTH = USER + ITEM
LABELS = roles(u="user", i="item")
INPUTS = f"float[N, {USER}] u, float[N, {ITEM}] i"
MANY = 1_000_000
"""Candidates for which these small layers are worth it."""

NORMS = {
    "layer norm": "n = LayerNormalization (x, scale, shift)",
    "layer norm without a shift": "n = LayerNormalization (x, scale)",
    "spelled layer norm": """
        m = ReduceMean <axes = [-1]> (x) c = Sub (x, m) q = Pow (c, two)
        v = ReduceMean <axes = [-1]> (q) e = Add (v, eps) r = Sqrt (e)
        d = Div (c, r) s = Mul (d, scale) n = Add (s, shift)
    """,
    "spelled layer norm without scale": """
        m = ReduceMean <axes = [1]> (x) c = Sub (x, m) q = Mul (c, c)
        v = ReduceMean <axes = [1]> (q) e = Add (v, eps) r = Sqrt (e) n = Div (c, r)
    """,
    "root mean square": """
        q = Pow (x, two) v = ReduceMean <axes = [-1]> (q) e = Add (v, eps) r = Sqrt (e)
        o = Reciprocal (r) d = Mul (x, o) n = Mul (d, scale)
    """,
    "simplified layer norm": "n = SimplifiedLayerNormalization <axis = -1> (x, scale)",
    "length": "n = LpNormalization <axis = 1> (x)",
    "spelled length": """
        l = ReduceL2 <axes = [1]> (x) b = Clip (l, least) s = Shape (x) w = Expand (b, s)
        n = Div (x, w)
    """,
}
"""By name: what makes `n` of `x`."""

EACH_NORM = pytest.mark.parametrize("norm", NORMS.values(), ids=NORMS)


def weights(seed: int = 0) -> dict[str, np.ndarray]:
    """Return the weights that the bodies name."""
    rng = np.random.default_rng(seed)
    draw = {
        "scale": (WIDTH,), "shift": (WIDTH,), "W": (WIDTH, HIDDEN), "B": (HIDDEN,),
        "V": (WIDTH, HIDDEN), "last": (HIDDEN, 1), "back": (HIDDEN, WIDTH),
    }  # fmt: skip
    drawn = {name: rng.standard_normal(shape).astype("f") for name, shape in draw.items()}
    numbers = {"two": 2, "eps": 1e-5, "least": 1e-6}
    return drawn | {name: np.array(number, "f") for name, number in numbers.items()}


def normed_tower(
    norm: str = NORMS["layer norm"], *, body: str = "y = Gemm (n, W, B)",
    outputs: str = f"float[N, {HIDDEN}] y", **more: np.ndarray,
) -> bytes:  # fmt: skip
    """Return `x = Concat (u, i)`, a norm of it, `n`, and what reads it."""
    whole = f"x = Concat <axis = 1> (u, i) {norm} {body}"
    words = set(re.findall(r"\w+", whole))
    named = {name: array for name, array in (weights() | more).items() if name in words}
    return build(whole, inputs=INPUTS, outputs=outputs, weights=named, opset=17)


def rewritten(
    data: bytes, labels: Labels = LABELS, *, signature: Signature = Signature.DROP_IN
) -> Rewritten:
    """Return the rewrite of a model for many candidates, whatever is expected of it."""
    form = survey_labeled(load(data, name="m"), labels).form
    made = rewrite(form.model, labels, Options(signature=signature, candidates=MANY))
    assert not made.log.failures
    return made


def actions(made: Rewritten) -> dict[str, Action]:
    """Return what became of each product, by its result's name."""
    return {node.outputs[0].name or "": e.action for node, e in made.log.entries.items()}


def ops(made: Rewritten) -> list[str]:
    """Return the ops of a rewritten model."""
    return [node.op_type for node in made.model.graph]
