"""Histories of padding: mostly, and never alone where a runtime would crash."""

from __future__ import annotations

import numpy as np

from mari_engine.feeds.random_features import (
    Feature,
    Values,
    draw_feature,
    without_empty_rows,
)

IDS = Feature(name="hist", dtype=np.dtype(np.int64), bounds=(0, 50))
MASK = Feature(name="hist_mask", dtype=np.dtype(np.float32))


def test_most_ids_of_a_padded_history_are_the_first_and_one_is_not() -> None:
    drawn = draw_feature(IDS, (40, 20), np.random.default_rng(0), longest=20, values=Values.PADDED)
    assert 0.7 < np.mean(drawn == 0) < 0.95
    assert np.all((drawn != 0).any(-1))


def test_rows_of_padding_alone_get_an_id() -> None:
    ids = np.array([[0, 0, 0], [0, 7, 0]])
    assert without_empty_rows(ids, IDS, 3).tolist() == [[1, 0, 0], [0, 7, 0]]


def test_rows_of_a_mask_get_both_values_whichever_means_padding() -> None:
    mask = np.array([[0, 0], [1, 1], [0, 1]], np.float32)
    assert without_empty_rows(mask, MASK, 2).tolist() == [[1, 0], [0, 1], [0, 1]]


def test_single_ids_stay() -> None:
    ids = np.zeros((4, 1), np.int64)
    assert without_empty_rows(ids, IDS, 1) is ids
