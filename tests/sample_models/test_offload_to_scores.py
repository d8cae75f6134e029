"""From a sample to scores: offloaded, a catalogue through its item part, requests by key."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import mari_engine as mari
from sample_models import labels_path, sample_path
from sample_models.scoring_service import Scorer

ITEMS = 200


def write_catalogue(path: Path, offloaded: mari.Offloaded, feeds: mari.Feeds) -> None:
    """Write the candidates of a request as a catalogue, keys from 1000 on."""
    inputs = offloaded.parts[mari.PartKind.ITEM].inputs
    bound = tuple(each for each in inputs if isinstance(each, mari.InputBinding))
    arrays = mari.bind_feeds(feeds, mari.Interface(bound, ()), mari.Signature.COMPACT)
    columns = {"key": pa.array(np.arange(1000, 1000 + ITEMS))}
    for name, array in arrays.items():
        column = pa.array(array.reshape(-1))
        for extent in reversed(array.shape[1:]):
            column = pa.FixedSizeListArray.from_arrays(column, extent)
        columns[name] = column
    pq.write_table(pa.table(columns), path)


@pytest.mark.parametrize(
    ("name", "store", "error"),
    [
        ("two_tower", "float32", 1e-5),
        ("two_tower", "float16", 5e-3),
        ("deepfm_packed", "float32", 1e-5),
        ("din", "float32", 1e-5),
    ],
)
def test_scores_are_those_of_the_original(
    name: str, store: str, error: float, tmp_path: Path
) -> None:
    model, labels = mari.load(sample_path(name)), mari.Labels.load(labels_path(name))
    mari.offload(model, labels, most_bytes=4096, store=store).save(tmp_path / "o")
    offloaded = mari.load_offloaded(tmp_path / "o")
    feeds = mari.make_feeds(model, labels, batch=ITEMS, seed=0)
    write_catalogue(tmp_path / "c.parquet", offloaded, feeds)
    mari.write_items(tmp_path / "o", tmp_path / "c.parquet", tmp_path / "s", key="key")
    scorer = Scorer(tmp_path / "o", tmp_path / "s")
    wanted = mari.open_session(model).run(feeds)
    keys = list(range(1000, 1000 + ITEMS))
    keys[::3] = range(-ITEMS, -ITEMS + len(keys[::3]))  # not stored: computed on the spot
    found = scorer.score(keys, feeds)
    assert list(found) == list(wanted)
    for output, array in wanted.items():
        np.testing.assert_allclose(found[output], array, rtol=error, atol=error)
