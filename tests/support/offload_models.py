"""Ranking models for tests of the cut, and the chain of saved parts as a service runs it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnxruntime as ort

from mari_engine.feeds import bind_feeds
from mari_engine.serving.offload import load_offloaded
from mari_engine.types import (
    Feeds,
    FetchedInput,
    InputBinding,
    InputLabel,
    Interface,
    Labels,
    PartKind,
    Role,
    Signature,
)
from support.builders import build

ROLES = {"user": Role.USER, "item": Role.ITEM, "cross": Role.CROSS}


def label(**roles: str) -> Labels:
    """Return a role for each input, such as `u="user", price="item volatile"`."""
    return Labels(
        {
            name: InputLabel(role=ROLES[text.split()[0]], volatile="volatile" in text)
            for name, text in roles.items()
        }
    )


def weights(**shapes: tuple[int, ...]) -> dict[str, np.ndarray]:
    """Return normal numbers by name, the same ones for the same shapes."""
    rng = np.random.default_rng(7)
    return {name: rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}


def joined_tower(*, cross: bool = False, price: bool = True, made: int = 96) -> bytes:
    """Return [u | i | c | price] -> Gemm -> Relu -> Gemm, i `made` by a layer of its own."""
    columns = ["u", "active"] + ["c"] * cross + ["price"] * price
    width = 4 + made + 2 * cross + price
    inputs = ["float[N, 4] u", "float[N, 3] i"]
    inputs += ["float[N, 2] c"] * cross + ["float[N, 1] price"] * price
    return build(
        f"""
        made = MatMul (i, Wi)
        active = Relu (made)
        x = Concat <axis = 1> ({", ".join(columns)})
        hidden = Gemm (x, W0, b0)
        relu = Relu (hidden)
        score = Gemm (relu, W1, b1)
        """,
        inputs=", ".join(inputs),
        outputs="float[N, 1] score",
        weights=weights(Wi=(3, made), W0=(width, 64), b0=(64,), W1=(64, 1), b1=(1,)),
    )


def interface_of(inputs: Mapping[str, object] | object) -> Interface:
    """Return how the inputs of a part that callers fill are bound."""
    assert isinstance(inputs, tuple)
    return Interface(tuple(each for each in inputs if isinstance(each, InputBinding)), ())


class Chain:
    """The saved parts in onnxruntime, each input filled as the manifest says."""

    def __init__(self, folder: Path) -> None:
        self.offloaded = load_offloaded(folder)
        self.sessions = {
            kind: ort.InferenceSession(
                str(self.offloaded.path_of(kind)), providers=["CPUExecutionProvider"]
            )
            for kind in self.offloaded.parts
        }

    def run_part(self, kind: PartKind, feeds: Feeds, known: Feeds | None = None) -> Feeds:
        """Return what a part gives for feeds of the original, and what other parts gave."""
        part = self.offloaded.parts[kind]
        bound = bind_feeds(feeds, interface_of(part.inputs), Signature.COMPACT)
        fetched = [each for each in part.inputs if isinstance(each, FetchedInput)]
        bound |= {each.name: (known or {})[each.output] for each in fetched}
        names = [each.name for each in part.outputs]
        return dict(zip(names, self.sessions[kind].run(names, bound), strict=True))

    def run(self, feeds: Feeds, stored: Feeds | None = None) -> Feeds:
        """Return the scores; items' vectors are those of a store, or computed on the spot."""
        known = Feeds()
        for kind in (PartKind.REQUEST, PartKind.ITEM):
            if kind == PartKind.ITEM and stored is not None:
                known |= stored
            elif kind in self.sessions:
                known |= self.run_part(kind, feeds)
        return self.run_part(PartKind.ONLINE, feeds, known)
