"""The committed sample models: complete, small, runnable, and free of the exporter's machine."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

import sample_models
from mari_engine.errors import MariError, ModelError
from mari_engine.types import InputLabel, Labels, Role
from sample_models import (
    Exporter,
    Style,
    labels_path,
    sample,
    sample_description,
    sample_names,
    sample_path,
    write_samples,
)

Array = np.ndarray[Any, np.dtype[Any]]
every_sample = pytest.mark.parametrize("name", sample_names())

ASKED_FOR = {
    "paper_tower", "paper_tower_fragmented", "wide_deep_packed", "deepfm_packed", "dcn_v2",
    "mmoe_interleaved", "ple", "two_tower", "din", "target_attention", "history_transformer",
    "dlrm", "all_item",
}  # fmt: skip


def input_dims(name: str) -> dict[str, tuple[int | str, ...]]:
    model = onnx.load(str(sample_path(name)))
    return {
        value.name: tuple(d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim)
        for value in model.graph.input
    }


def draw(
    shape: tuple[int, ...],
    role: Role,
    *,
    bounds: tuple[float, float],
    whole: bool,
    rng: np.random.Generator,
) -> Array:
    rows = (1, *shape[1:]) if role.per_request else shape
    low, high = bounds
    values = rng.integers(int(low), int(high), rows) if whole else rng.uniform(low, high, rows)
    return np.broadcast_to(values, shape)


def request(name: str, *, batch: int, seed: int) -> dict[str, Array]:
    rng = np.random.default_rng(seed)
    labels = Labels.load(labels_path(name)).inputs
    feeds: dict[str, Array] = {}
    for key, dims in input_dims(name).items():
        shape = tuple(batch if dim == "N" else int(dim) for dim in dims)
        label = labels[key]
        if label.columns:
            parts = [
                draw(
                    (shape[0], c.stop - c.start),
                    c.role,
                    bounds=c.range or (0, 1),
                    whole=c.integer,
                    rng=rng,
                )
                for c in label.columns
            ]
            feeds[key] = np.concatenate(parts, axis=-1).astype(np.float32)
        else:
            feeds[key] = _whole_input(label, shape, rng)
    return feeds


def _whole_input(label: InputLabel, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    assert label.role is not None
    assert label.range is not None
    whole = isinstance(label.range[1], int)
    values = draw(shape, label.role, bounds=label.range, whole=whole, rng=rng)
    return values.astype(np.int64 if whole else np.float32)


def open_session(name: str) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(
        str(sample_path(name)), options, providers=["CPUExecutionProvider"]
    )


def test_public_names() -> None:
    assert sample_models.__all__ == [
        "Exporter",
        "Sample",
        "Style",
        "labels_path",
        "sample",
        "sample_description",
        "sample_names",
        "sample_path",
        "write_samples",
    ]


def test_every_asked_for_model_is_there() -> None:
    assert set(sample_names()) >= ASKED_FOR
    assert sample_names()[0] == "paper_tower"


def test_both_exporters_and_both_styles_are_mixed() -> None:
    seen = {(sample(name).exporter, sample(name).style) for name in sample_names()}
    assert seen == {(exporter, style) for exporter in Exporter for style in Style}


def test_no_file_is_without_an_entry() -> None:
    folder = sample_path("din").parent
    expected = {sample_path(name).name for name in sample_names()}
    assert {path.name for path in folder.glob("*.onnx")} == expected
    expected = {labels_path(name).name for name in sample_names()}
    assert {path.name for path in folder.glob("*.labels.json")} == expected


def test_together_under_20_megabytes() -> None:
    files = [path for name in sample_names() for path in (sample_path(name), labels_path(name))]
    assert sum(path.stat().st_size for path in files) < 20_000_000


@every_sample
def test_description_is_one_line_of_text(name: str) -> None:
    text = sample_description(name)
    assert "\n" not in text
    assert text.endswith(".")


@every_sample
def test_no_trace_of_the_exporting_machine(name: str) -> None:
    content = sample_path(name).read_bytes()
    for trace in (b"stack_trace", b"site-packages", b'File "', b".py"):
        assert trace not in content


@every_sample
def test_catalog_tells_the_truth(name: str) -> None:
    entry, model = sample(name), onnx.load(str(sample_path(name)))
    assert model.opset_import[0].version == entry.opset
    scoped = any(p.key == "namespace" for node in model.graph.node for p in node.metadata_props)
    assert scoped == (entry.exporter == Exporter.DYNAMO)
    labels = Labels.load(labels_path(name)).inputs
    for key, dims in input_dims(name).items():
        role = labels[key].role
        once = entry.style == Style.ONE_SHOT and role is not None and role.per_request
        assert dims[0] == (1 if once else "N"), key


@every_sample
def test_candidates_are_the_only_symbol(name: str) -> None:
    model = onnx.load(str(sample_path(name)))
    ends = [*model.graph.input, *model.graph.output]
    symbols = {d.dim_param for v in ends for d in v.type.tensor_type.shape.dim if d.dim_param}
    assert symbols == {"N"}


@every_sample
def test_labels_cover_every_input_and_column(name: str) -> None:
    labels, dims = Labels.load(labels_path(name)), input_dims(name)
    assert set(labels.inputs) == set(dims)
    assert labels.confidence == 1.0
    for key, label in labels.inputs.items():
        if label.columns:
            starts = [column.start for column in label.columns]
            assert [*starts, dims[key][-1]] == [0, *(column.stop for column in label.columns)]
            assert all(column.name and column.range for column in label.columns)
        else:
            assert label.range is not None


@every_sample
def test_scores_differ_between_candidates_and_do_not_depend_on_the_batch(name: str) -> None:
    session = open_session(name)
    names = [output.name for output in session.get_outputs()]
    fixed = {key for key, dims in input_dims(name).items() if dims[0] == 1}
    for batch in (1, 3, 17):
        feeds = request(name, batch=batch, seed=batch)
        scores = session.run(names, feeds)
        alone = {key: value if key in fixed else value[-1:] for key, value in feeds.items()}
        for got, last in zip(scores, session.run(names, alone), strict=True):
            assert got.shape[0] == batch
            assert np.all((got > 0) & (got < 1))
            np.testing.assert_allclose(got[-1:], last, rtol=1e-4, atol=0)
            if batch > 1:
                assert got.std() > 1e-3


def test_fragmented_tower_is_the_same_function() -> None:
    feeds = request("paper_tower", batch=17, seed=4)
    neat = open_session("paper_tower").run(["score"], feeds)[0]
    fragmented = open_session("paper_tower_fragmented").run(["score"], feeds)[0]
    np.testing.assert_allclose(fragmented, neat, rtol=1e-4, atol=0)


def test_fragmented_tower_has_fifty_fragments_a_side() -> None:
    model = onnx.load(str(sample_path("paper_tower_fragmented")))
    concat = next(node for node in model.graph.node if node.op_type == "Concat")
    splits = [list(node.output) for node in model.graph.node if node.op_type == "Split"]
    assert [len(outputs) for outputs in splits] == [50, 50]
    assert list(concat.input) == [name for pair in zip(*splits, strict=True) for name in pair]


def test_unknown_name_is_told_with_the_known_ones() -> None:
    for ask in (sample_description, sample_path, labels_path):
        with pytest.raises(ModelError, match=r"sample 'nope': .*paper_tower"):
            ask("nope")


def test_write_samples_puts_pairs_side_by_side(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "samples"
    written = write_samples(folder)
    assert set(folder.iterdir()) == set(written)
    for name in sample_names():
        assert (folder / f"{name}.onnx").read_bytes() == sample_path(name).read_bytes()
        labels = json.loads((folder / f"{name}.labels.json").read_text(encoding="utf-8"))
        assert labels == json.loads(labels_path(name).read_text(encoding="utf-8"))
    assert write_samples(folder) == written


def test_write_samples_says_where_it_cannot_write(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way", encoding="utf-8")
    with pytest.raises(MariError, match="file: samples cannot be written"):
        write_samples(blocked)


def test_no_torch_is_needed() -> None:
    program = "import sys, sample_models; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
