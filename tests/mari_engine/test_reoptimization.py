"""A model of the same structure is rewritten as an artifact was; any other is refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

import mari_engine as mari
from mari_engine.analysis import structure_of
from mari_engine.artifact import with_digests, write_document
from mari_engine.types import Column, InputLabel, Labels, Role
from sample_models import labels_path, sample_path
from support.builders import build, ranking_tower
from support.in_process import in_this_process  # noqa: F401 - a fixture for all here

LABELS = Labels({"user": InputLabel(role=Role.USER), "item": InputLabel(role=Role.ITEM)})
SHAPE = {"user": 64, "item": 16, "hidden": 32}


def tower(seed: int) -> mari.Model:
    return mari.load(ranking_tower(**SHAPE, seed=seed), name="tower")


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> mari.Artifact:
    folder = tmp_path_factory.mktemp("earlier")
    mari.optimize(tower(0), LABELS, signature="compact", candidates=70).save(folder)
    return mari.load_artifact(folder)


def read(folder: Path, name: str = "manifest.json") -> Any:
    return json.loads((folder / name).read_text(encoding="utf-8"))


def hashes(folder: Path) -> Mapping[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_choices_are_those_of_the_artifact(earlier: mari.Artifact, tmp_path: Path) -> None:
    result = mari.optimize_like(tower(1), earlier)
    assert result.certificate.passed
    result.save(tmp_path)
    was, now = earlier.manifest, read(tmp_path)
    for name in ("signature", "candidates", "keep", "labels", "inputs", "flops", "structure"):
        assert now[name] == was[name], name
    assert now["selection"]["way"] == was["selection"]["way"]
    assert now["selection"]["chosen_by"] == "given"
    assert all(trial["measured"] is None for trial in now["selection"]["trials"])
    assert now["source"]["sha256"] != was["source"]["sha256"]
    assert now["like"] == hashes(earlier.directory)["manifest.json"]


def test_an_index_by_lengths_is_kept(tmp_path: Path) -> None:
    first = mari.optimize(tower(0), LABELS, signature="batched", index="lengths", autotune=False)
    first.save(tmp_path)
    second = mari.optimize_like(tower(1), mari.load_artifact(tmp_path))
    assert second.certificate.passed
    assert second.interface == first.interface
    assert second.interface.index == "lengths"


def test_the_same_model_gives_the_same_bytes(earlier: mari.Artifact, tmp_path: Path) -> None:
    for name in ("a", "b"):
        mari.optimize_like(tower(1), earlier).save(tmp_path / name)
    assert hashes(tmp_path / "a") == hashes(tmp_path / "b")


def test_what_was_made_like_an_artifact_can_be_followed(
    earlier: mari.Artifact, tmp_path: Path
) -> None:
    mari.optimize_like(tower(1), earlier).save(tmp_path)
    second = mari.optimize_like(tower(2), mari.load_artifact(tmp_path))
    assert second.certificate.passed
    assert second.like == hashes(tmp_path)["manifest.json"]


def test_another_structure_is_refused_in_one_line(earlier: mari.Artifact) -> None:
    wider = mari.load(ranking_tower(user=65, item=16, hidden=32), name="wider")
    with pytest.raises(mari.ModelError) as refused:
        mari.optimize_like(wider, earlier)
    told = str(refused.value)
    assert "\n" not in told
    assert "input user is float32[N, 65] and was float32[N, 64]" in told
    assert "weight W0 is float32[81, 32] and was float32[80, 32]" in told
    assert f"'mari diff {earlier.directory} " in told


def with_tables(rows: Mapping[str, int], *, width: int = 4) -> mari.Model:
    """A tower over columns of one packed input of ids, each with a table of its own."""
    rng = np.random.default_rng(sum(rows.values()))
    names = list(rows)
    body = [f"{n} = Gather <axis = 1> (ids, at_{n}) e_{n} = Gather (table_{n}, {n})" for n in names]
    joined = ", ".join(f"e_{name}" for name in names)
    body.append(
        f"c = Concat <axis = 1> ({joined}) h = MatMul (c, W) r = Relu (h) y = MatMul (r, V)"
    )
    held: dict[str, np.ndarray] = {
        "W": np.ones((width * len(names), 8), np.float32), "V": np.ones((8, 1), np.float32),
    }  # fmt: skip
    for at, (name, count) in enumerate(rows.items()):
        held |= {f"at_{name}": np.array(at), f"table_{name}": rng.normal(size=(count, width))}
    held = {name: a if a.dtype.kind == "i" else a.astype(np.float32) for name, a in held.items()}
    data = build(
        " ".join(body), inputs=f"int64[N, {len(names)}] ids", outputs="float[N, 1] y", weights=held
    )
    return mari.load(data, name="tables")


@pytest.mark.parametrize("signature", ["drop-in", "compact"])
def test_tables_with_more_rows_are_the_same_model(tmp_path: Path, signature: str) -> None:
    """New ids every day; where lookups are stacked, the starts of tables in the stack move."""
    users, items = ([f"{side}{at}" for at in range(12)] for side in "ui")
    first = {name: 40 + at for at, name in enumerate([*users, *items])}
    columns = tuple(
        Column(start=at, stop=at + 1, role=Role.USER if name in users else Role.ITEM, name=name)
        for at, name in enumerate(first)
    )
    labels = Labels({"ids": InputLabel(columns=columns)})
    was = mari.optimize(with_tables(first), labels, signature=signature, autotune=False)
    was.save(tmp_path / "first")
    earlier = mari.load_artifact(tmp_path / "first")
    assert was.selection.stacked is not None
    grown = with_tables({**first, "u3": 90, "i7": 95})
    result = mari.optimize_like(grown, earlier)
    assert result.certificate.passed
    assert [each.action for each in result.decisions] == [each.action for each in was.decisions]
    result.save(tmp_path / "second")
    again = mari.load_artifact(tmp_path / "second")
    assert mari.optimize_like(with_tables({**first, "u3": 91, "i7": 95}), again).certificate.passed
    with pytest.raises(mari.ModelError, match="table_u3"):
        mari.optimize_like(with_tables(first), again)  # rows that ids still name may be missing


def test_a_table_that_is_a_weight_too_may_not_grow(tmp_path: Path) -> None:
    def tied(rows: int) -> mari.Model:
        body = "e = Gather (T, user) s = MatMul (item, T) p = ReduceSum (s, one) y = Mul (e, p)"
        held = {"T": np.ones((rows, 4), np.float32), "one": np.array([1])}
        inputs = f"int64[N] user, float[N, {rows}] item"
        return mari.load(build(body, inputs=inputs, outputs="float[N, 4] y", weights=held))

    mari.optimize(tied(5), LABELS, autotune=False).save(tmp_path)
    with pytest.raises(mari.ModelError, match="is not the model of"):
        mari.optimize_like(tied(6), mari.load_artifact(tmp_path))


def test_a_way_that_was_left_stays_left(tmp_path: Path) -> None:
    small = {"user": 1, "item": 4, "hidden": 3}
    first = mari.optimize(mari.load(ranking_tower(**small)), LABELS, autotune=False)
    assert first.selection.way == mari.Way.ORIGINAL
    first.save(tmp_path)
    again = mari.load(ranking_tower(**small, seed=5))
    assert mari.optimize_like(again, mari.load_artifact(tmp_path)).selection.way == "as it was"


def leaking(slope: float, seed: int) -> mari.Model:
    weights = {"w": draw(seed, 64, 8), "s": np.array([slope], np.float32)}
    body = "x = Concat <axis = 1> (user, item) h = MatMul (x, w) y = PRelu (h, s)"
    inputs = "float[N, 60] user, float[N, 4] item"
    return mari.load(build(body, inputs=inputs, outputs="float[N, 8] y", weights=weights))


def draw(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32) / 6


def test_a_trained_slope_is_a_weight(tmp_path: Path) -> None:
    mari.optimize(leaking(0.25, 0), LABELS, signature="compact").save(tmp_path)
    later = mari.optimize_like(leaking(0.3, 1), mari.load_artifact(tmp_path))
    assert later.certificate.passed
    assert "LeakyRelu" in {node.op_type for node in later.optimized.ir.graph}


def attending(mask: np.ndarray, seed: int) -> mari.Model:
    """Return an attention of a history and its target, weighted by a mask of fractions."""
    body = """x = Concat <axis = 1> (user, item) q = MatMul (x, Q) k = MatMul (x, K)
        v = MatMul (x, V) t = Transpose <perm = [0, 2, 1]> (k) c = MatMul (q, t)
        a = Sigmoid (c) w = Mul (a, mask) o = MatMul (w, v) y = Add (o, x)"""
    weights = {name: draw(seed + at, 32, 32) for at, name in enumerate("QKV")}
    data = build(body, inputs="float[N, 6, 32] user, float[N, 1, 32] item",
                 outputs="float[N, A, B] y", weights={**weights, "mask": mask})  # fmt: skip
    return mari.load(data)


def test_weights_that_lead_to_another_graph_are_refused(tmp_path: Path) -> None:
    causal = np.tril(np.ones((7, 7), np.float32))
    mari.optimize(attending(causal, 0), LABELS, signature="compact").save(tmp_path)
    artifact = mari.load_artifact(tmp_path)
    assert mari.optimize_like(attending(causal, 5), artifact).certificate.passed
    with pytest.raises(mari.ModelError, match="with these weights it is rewritten otherwise"):
        mari.optimize_like(attending(np.ones_like(causal), 5), artifact)


def retrained(path: Path) -> mari.Model:
    """Return a model with all of its weights moved a little, scalars aside."""
    proto, rng = onnx.load(path), np.random.default_rng(3)
    for tensor in proto.graph.initializer:
        array = onnx.numpy_helper.to_array(tensor)
        if array.dtype.kind == "f" and array.size > 1:
            moved = array + 0.01 * rng.standard_normal(array.shape)
            new = onnx.numpy_helper.from_array(moved.astype(array.dtype), tensor.name)
            tensor.CopyFrom(new)
    return mari.load(proto.SerializeToString(), name=path.stem)


@pytest.mark.parametrize(
    "name", ["autoint_shared_table", "deepfm_packed", "din", "dlrm", "history_transformer"]
)
def test_samples_keep_both_structures_when_they_are_trained_anew(name: str) -> None:
    labels = mari.Labels.load(labels_path(name))
    first = mari.plan(mari.load(sample_path(name)), labels)
    second = mari.plan(retrained(sample_path(name)), labels, way=first.selection.way)
    assert structure_of(first.original).digest == structure_of(second.original).digest
    rewritten = [structure_of(each.optimized, fractions=False) for each in (first, second)]
    assert rewritten[0].digest == rewritten[1].digest
    found = mari.diff(first, second)
    assert found.same
    assert found.weights is not None
    assert found.weights.changed


def test_nodes_to_keep_are_found_by_place(tmp_path: Path) -> None:
    model = mari.load(ranking_tower(**SHAPE))
    first = next(node.name or "" for node in model.ir.graph if node.op_type == "Gemm")
    mari.optimize(model, LABELS, keep=[first], autotune=False).save(tmp_path)
    renamed = mari.load(ranking_tower(**SHAPE, seed=1))
    for at, node in enumerate(renamed.ir.graph):
        node.name = f"renamed_{at}"
    result = mari.optimize_like(renamed, mari.load_artifact(tmp_path))
    assert result.keep == ("renamed_1",)
    assert result.decisions[0].action == mari.Action.KEPT


def edit(folder: Path, change: dict[str, Any]) -> mari.Artifact:
    """Return an artifact with another manifest, and a certificate that is tied to it."""
    manifest = {**read(folder), **change}
    manifest = {name: value for name, value in manifest.items() if value != "gone"}
    certificate = read(folder, "certificate.json")
    files = certificate.pop("files")
    del certificate["digest"]
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    write_document(folder / "certificate.json", with_digests(certificate, folder, list(files)))
    return mari.load_artifact(folder)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"structure": "gone"}, "by a version that did not keep the structure"),
        ({"selection": None}, "by a version that did not keep the structure"),
        ({"prices": {"source": "built-in"}}, "'flops_per_second' is missing"),
        ({"structure": {"source": "0", "optimized": "0"}}, "structure.json: was changed"),
    ],
)
def test_artifacts_that_lack_something_are_refused(
    tmp_path: Path, change: dict[str, Any], told: str
) -> None:
    mari.optimize(tower(0), LABELS, autotune=False).save(tmp_path)
    with pytest.raises(mari.ModelError, match=told):
        mari.optimize_like(tower(1), edit(tmp_path, change))


def test_a_way_that_is_none_of_its_own_is_refused() -> None:
    with pytest.raises(mari.ModelError, match="'fold, norms whole' is none of its own"):
        mari.plan(tower(0), LABELS, way="fold, norms whole")
    with pytest.raises(mari.ModelError, match="take the signature 'drop-in'"):
        mari.plan(tower(0), LABELS, way="as it was", signature="compact")
