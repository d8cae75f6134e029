from __future__ import annotations

from pathlib import Path

import pytest

from mari_engine.serving.items import catalogue, merging, pieces
from support.item_stores import write_offloaded


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of 32 rows, and chunks of about as many: a small catalogue has several of both."""
    monkeypatch.setattr(catalogue, "BATCH_ROWS", 16)
    monkeypatch.setattr(pieces, "_PIECE_BYTES", 32 * 20)
    monkeypatch.setattr(merging, "_CHUNK_BYTES", 32 * 44)
    monkeypatch.setattr(merging, "_SAMPLED", 4)


@pytest.fixture
def offloaded(tmp_path: Path) -> Path:
    """Return a folder with an item part, beside what `store_writes` writes."""
    return write_offloaded(tmp_path / "offloaded")
