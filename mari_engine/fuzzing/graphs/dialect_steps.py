"""Steps that the random graphs of one dialect have and others have not."""

from __future__ import annotations

from typing import Protocol

from mari_engine.fuzzing.graphs.attention_blocks import ATTENDING_TARGETS, attending_history
from mari_engine.fuzzing.graphs.body_blocks import decided, looped, quantized, recurred, scanned
from mari_engine.fuzzing.graphs.dialects import Dialect
from mari_engine.fuzzing.graphs.graph_writer import Extent, Value, Writer
from mari_engine.fuzzing.graphs.norm_blocks import normed, read_normed
from mari_engine.fuzzing.graphs.recent_blocks import RECENT_POOLS, RECENT_ROWS, RECENT_TARGETS
from mari_engine.fuzzing.graphs.requests import VOCABULARY
from mari_engine.fuzzing.graphs.row_blocks import linear
from mari_engine.fuzzing.graphs.tabular_blocks import TABULAR_ROWS, encoded_ids, vectorized
from mari_engine.fuzzing.graphs.tile_faces import tiled
from mari_engine.types import Role


class Builds(Protocol):
    """A graph that is being built: its rows of features, its histories, its outputs."""

    w: Writer
    rows: list[Value]
    histories: list[Value]
    outputs: list[Value]

    def input(self, role: Role, shape: tuple[Extent, ...], *, ids: bool) -> Value:
        """Add an input."""

    def leading(self, role: Role) -> Extent:
        """Return how many rows an input of a role has."""

    def some_rows(self, count: int) -> list[Value]:
        """Return some of the rows, maybe one of them twice."""


def add_step_of_dialect(b: Builds, dialect: Dialect) -> bool:
    """Add a block of the dialect's own, now and then; return whether one was added."""
    own = {
        _loop: 0.3 * dialect.looping, _recent: 0.5 * dialect.recent, _norm: 0.5 * dialect.norms,
        _attention: 0.6 * dialect.attending, _table: 0.5 * dialect.tables,
    }  # fmt: skip
    for add, share in own.items():
        if share and b.w.chance(share):
            add(b)
            return True
    return False


def _recent(b: Builds) -> None:
    """Add a block of later opsets."""
    w, row = b.w, b.w.pick(*b.rows)
    if not b.histories or w.chance(0.5):
        b.rows.append(w.pick(*RECENT_ROWS)(w, row))
    elif w.chance(0.5):
        b.rows.append(w.pick(*RECENT_POOLS)(w, w.pick(*b.histories)))
    else:
        b.rows.append(w.pick(*RECENT_TARGETS)(w, row, w.pick(*b.histories)))


def _norm(b: Builds) -> None:
    """Add a norm of many columns of the request beside others, and what reads it."""
    w = b.w
    wide = linear(w, w.pick(*b.rows), w.below(24, 8))
    if w.chance(0.7):
        wide = b.input(Role.USER, (b.leading(Role.USER), w.below(24, 8)), ids=False)
    joined = _joined(b, [wide, *b.some_rows(w.below(4, 1))])
    made = normed(w, joined)
    b.rows += read_normed(w, joined, made)
    if w.chance(0.15):
        b.outputs.append(made)


def _joined(b: Builds, parts: list[Value]) -> Value:
    """Return rows side by side, in any order."""
    b.w.rng.shuffle(parts)
    if any(part.rows == "N" for part in parts):
        parts = [tiled(b.w, part) for part in parts]
    return b.w.concat(parts, 1)


def _attention(b: Builds) -> None:
    """Add a fused attention."""
    w, history = b.w, b.w.pick(*b.histories)
    if w.chance(0.4):
        b.histories.append(attending_history(w, history))
    else:
        b.rows.append(w.pick(*ATTENDING_TARGETS)(w, w.pick(*b.rows), history))


def _loop(b: Builds) -> None:
    """Add a block with a body or a state."""
    w = b.w
    if b.histories and w.chance(0.4):
        b.rows.append(recurred(w, w.pick(*b.rows), w.pick(*b.histories)))
    elif b.histories and w.chance(0.4):
        made = w.pick(scanned, looped)(w, w.pick(*b.histories))
        (b.histories if len(made.shape) == 3 else b.rows).append(made)
    elif w.whole or w.chance(0.7):
        b.rows.append(decided(w, *b.some_rows(2)))
    else:
        b.rows.append(quantized(w, w.pick(*b.rows)))


def _table(b: Builds) -> None:
    """Add an op on tables: of ids, of one table, or of several side by side."""
    w, face = b.w, b.w.below(5)
    if face == 0:
        role = w.pick(Role.USER, Role.ITEM)
        ids = b.input(role, (b.leading(role), w.below(4, 1)), ids=True)
        b.rows.append(encoded_ids(w, ids, VOCABULARY))
    elif face == 1:
        parts = b.some_rows(w.below(4, 2))
        if any(part.rows == "N" for part in parts):
            parts = [tiled(w, part) for part in parts]
        b.rows.append(vectorized(w, parts))
    else:
        read = w.pick(*b.rows) if w.chance(0.4) else _joined(b, b.some_rows(w.below(4, 2)))
        b.rows.append(w.pick(*TABULAR_ROWS)(w, read))
