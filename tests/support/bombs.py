"""Small files that ask for more than any machine has: each is refused in one line, or taken.

`PYTHONPATH=tests python -m support.bombs [WORD …]` runs those whose names hold a word, or all, with
the usual limits; it prints exit status, seconds, GiB and what was said, and fails where one is out
of bounds: 60 s, 4 GiB, one line, exit status 0 or 2.
"""

from __future__ import annotations

import contextlib
import io
import json
import struct
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import psutil

from support.builders import build

LOOK = 0.05
"""Seconds between two looks at a process."""
LABELS = json.dumps({"version": 1, "inputs": {"u": {"role": "user"}, "i": {"role": "item"}}})
TOWER = "h = Concat <axis = 1> (u, i) m = MatMul (h, W) r = Relu (m)"
INPUTS = "float[N, 8] u, float[N, 8] i"
WEIGHTS = {"W": np.full((16, 4), 0.1, np.float32)}


@dataclass(frozen=True)
class Bomb:
    """The files of one case."""

    model: bytes
    labels: str = LABELS
    request: bytes | None = None


def beside_a_tower(made: str, weights: dict[str, np.ndarray] | None = None) -> bytes:
    """Return a tower to which the sum of a computed constant `b` is added, times zero."""
    return build(
        f"{TOWER} {made} f = Cast <to = 1> (b) s = ReduceSum <keepdims = 0> (f) z = Mul (s, zero) "
        "y = Add (r, z)",
        inputs=INPUTS,
        outputs="float[N, 4] y",
        weights={**WEIGHTS, "zero": np.array(0, np.float32), **(weights or {})},
    )


def with_request(request: bytes) -> Bomb:
    return Bomb(beside_a_tower("b = Neg (zero)"), request=request)


def with_labels(**user: object) -> Bomb:
    inputs = {"u": {"role": "user", **user}, "i": {"role": "item"}}
    return Bomb(beside_a_tower("b = Neg (zero)"), json.dumps({"version": 1, "inputs": inputs}))


def far(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def folds() -> bytes:
    grown = " ".join(
        f"q{at + 1} = Concat <axis = 0> ({', '.join([f'q{at}'] * 4)})" for at in range(13)
    )
    return beside_a_tower(f"q0 = ConstantOfShape (s0) {grown} b = Neg (q13)", {"s0": far(1000)})


def products() -> bytes:
    chain = " ".join(f"p{at + 1} = MatMul (p{at}, p0)" for at in range(30))
    made = f"p0 = Expand (row, square) {chain} b = Neg (p30)"
    return beside_a_tower(made, {"row": np.ones((1, 2000), np.int64), "square": far(2000, 2000)})


def loop(trips: int) -> bytes:
    body = "b = Loop (trips, yes, one) <body = g (int64 k, bool c, int64 a) => (bool d, int64 e) "
    return beside_a_tower(
        body + "{ d = Identity (c) e = Add (a, k) }>",
        {"trips": np.array(trips), "yes": np.array(True), "one": np.array(1)},
    )


def functions(depth: int) -> bytes:
    """Return a model whose functions call each other twice each: 2^depth nodes when inlined."""
    proto = onnx.load_from_string(beside_a_tower("b = Neg (zero)"))
    proto.ir_version = 10
    call = onnx.helper.make_node("F0", ["u"], ["deep"], domain="f")
    proto.graph.node.insert(0, call)
    proto.graph.node[1].input[0] = "deep"
    opsets = [onnx.helper.make_opsetid("", 17), onnx.helper.make_opsetid("f", 1)]
    for at in range(depth):
        inner = "Relu" if at + 1 == depth else f"F{at + 1}"
        domain = "" if at + 1 == depth else "f"
        nodes = [onnx.helper.make_node(inner, [x], [y], domain=domain) for x, y in ("xt", "ty")]
        proto.functions.append(
            onnx.helper.make_function("f", f"F{at}", ["x"], ["y"], nodes, opsets)
        )
    proto.opset_import.append(opsets[1])
    return bytes(proto.SerializeToString())


def wide(columns: int) -> bytes:
    return build(
        "s = ReduceSum <keepdims = 1> (u, last) h = Concat <axis = 1> (s, i) y = MatMul (h, W)",
        inputs=f"float[N, {columns}] u, float[N, 8] i",
        outputs="float[N, 4] y",
        weights={"W": np.ones((9, 4), np.float32), "last": far(1)},
    )


def parentheses(count: int) -> bytes:
    proto = onnx.load_from_string(beside_a_tower("b = Neg (zero)"))
    for value in proto.graph.input:
        value.type.tensor_type.shape.dim[0].dim_param = "(" * count + "N" + ")" * count
    return bytes(proto.SerializeToString())


def packed(**changes: int) -> bytes:
    """Return a request in a zip whose entry says something false of itself."""
    data = io.BytesIO()
    np.savez(data, u=np.ones((3, 8), np.float32), i=np.ones((3, 8), np.float32))
    raw = bytearray(data.getvalue())
    for name, value in changes.items():
        offset = {"flags": 6, "compression": 8}[name]
        for mark, shift in ((b"PK\x03\x04", 0), (b"PK\x01\x02", 2)):
            at = raw.find(mark)
            while at >= 0:
                struct.pack_into("<H", raw, at + offset + shift, value)
                at = raw.find(mark, at + 4)
    return bytes(raw)


def false_header() -> bytes:
    """Return a request whose array says that it has 10^12 elements."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name in "ui":
            text = "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000,), }"
            head = text.ljust(117) + "\n"
            archive.writestr(
                f"{name}.npy",
                b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + bytes(64),
            )
    return data.getvalue()


def abort() -> bytes:
    """Return a model with a GRU over an empty axis: onnxruntime ends its process."""
    return build(
        f"{TOWER} cut = Slice (t, nil, nil) a, b = GRU <hidden_size = 2> (cut, g, q) "
        "s = ReduceSum <keepdims = 0> (b) y = Add (r, s)",
        inputs=INPUTS,
        outputs="float[N, 4] y",
        weights={
            **WEIGHTS,
            "t": np.ones((3, 1, 2), np.float32),
            "nil": far(0),
            "g": np.ones((1, 6, 2), np.float32),
            "q": np.ones((1, 6, 2), np.float32),
        },
    )


BOMBS: dict[str, Callable[[], Bomb]] = {
    "a range of 10^12": lambda: Bomb(
        beside_a_tower(
            "b = Range (o, e, k)", {"o": np.array(0), "e": np.array(10**12), "k": np.array(1)}
        )
    ),
    "a range whose end is computed": lambda: Bomb(
        beside_a_tower(
            "p = Mul (e, e) b = Range (o, p, k)",
            {"o": np.array(0), "e": np.array(10**6), "k": np.array(1)},
        )
    ),
    "a constant of 3 * 10^9": lambda: Bomb(
        beside_a_tower("b = ConstantOfShape (far)", {"far": far(3 * 10**9)})
    ),
    "a chain of folds": lambda: Bomb(folds()),
    "products of whole numbers": lambda: Bomb(products()),
    "a loop of 10^9 rounds": lambda: Bomb(loop(10**9)),
    "functions that make 2^15 nodes": lambda: Bomb(functions(15)),
    "functions that make 2^24 nodes": lambda: Bomb(functions(24)),
    "functions nested 900 deep": lambda: Bomb(functions(900)),
    "a recurrence over nothing": lambda: Bomb(abort()),
    "an expansion to 10^12": lambda: Bomb(
        beside_a_tower("b = Expand (zero, far)", {"far": far(10**6, 10**6)})
    ),
    "tiles to 10^12": lambda: Bomb(
        beside_a_tower("b = Tile (one, far)", {"far": far(10**12), "one": far(1)})
    ),
    "a pad to 10^12": lambda: Bomb(
        beside_a_tower("b = Pad (one, far)", {"far": far(0, 10**12), "one": far(1)})
    ),
    "an einsum of whole numbers": lambda: Bomb(
        beside_a_tower(
            'b = Einsum <equation = "a,b,c,d->abcd"> (w, w, w, w)', {"w": np.arange(1000)}
        )
    ),
    "an input of 2 * 10^6 columns": lambda: Bomb(wide(2 * 10**6)),
    "an input of 2 * 10^9 columns": lambda: Bomb(wide(2 * 10**9)),
    "parentheses in a symbol": lambda: Bomb(parentheses(50_000)),
    "labels nested deep": lambda: Bomb(beside_a_tower("b = Neg (zero)"), "[" * 10**6),
    "a huge range": lambda: with_labels(range=[0, 10**400], integer=True),
    "an infinite range": lambda: with_labels(range=[0, float("inf")]),
    "a range beyond floats": lambda: with_labels(range=[-1.7e308, 1.7e308]),
    "a range beyond whole numbers": lambda: with_labels(range=[0, 10**30], integer=True),
    "a request with a false header": lambda: with_request(false_header()),
    "an encrypted request": lambda: with_request(packed(flags=1)),
    "a request of an unknown compression": lambda: with_request(packed(compression=99)),
}


def write_bomb(name: str, folder: Path) -> list[str]:
    """Write a case's files, and return the words of `mari optimize` for them."""
    bomb = BOMBS[name]()
    (folder / "model.onnx").write_bytes(bomb.model)
    (folder / "labels.json").write_text(bomb.labels, encoding="utf-8")
    words = ["optimize", "model.onnx", "--labels", "labels.json", "-o", "out"]
    if bomb.request is None:
        return words
    (folder / "request.npz").write_bytes(bomb.request)
    return [*words, "--request", "request.npz"]


def main(words: list[str]) -> int:
    """Run the bombs; return 1 where one was out of bounds."""
    chosen = [name for name in BOMBS if not words or any(word in name for word in words)]
    held = [is_bounded(name) for name in chosen]
    return int(not all(held))


def is_bounded(name: str) -> bool:
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as said:
        asked = write_bomb(name, Path(folder))
        began = time.monotonic()
        child = subprocess.Popen(
            [sys.executable, "-m", "mari_engine", *asked], cwd=folder,
            stdout=subprocess.DEVNULL, stderr=said,
        )  # fmt: skip
        peak = watch(child) / 2**30
        taken = time.monotonic() - began
        said.seek(0)
        text = said.read().decode(errors="replace").strip()
    code, lines = child.returncode, len(text.splitlines())
    held = (code, lines) in ((0, 0), (2, 1)) and taken <= 60 and peak <= 4
    print(f"{'ok  ' if held else 'FAIL'} {name}: exit {code}, {taken:.0f} s, {peak:.1f} GiB {text}")
    return held


def watch(child: subprocess.Popen[bytes]) -> int:
    """Return the most bytes that a process and those that it started held until its end."""
    peak, seen = 0, psutil.Process(child.pid)
    while child.poll() is None:
        with contextlib.suppress(psutil.Error):  # one of them ends meanwhile
            held = [each.memory_info().rss for each in (seen, *seen.children(recursive=True))]
            peak = max(peak, sum(held))
        time.sleep(LOOK)
    return peak


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
