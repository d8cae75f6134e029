from pathlib import Path

import numpy as np
import pytest

from mari_engine.errors import FeedError
from mari_engine.feeds import load_requests
from mari_engine.loading import load
from mari_engine.types import Column, Feeds, InputLabel, Labels, Role
from support.arrays import f32
from support.builders import build

MODEL = load(
    build(
        "c = Cast <to = 1> (id) u = Unsqueeze (c, one) a = Add (user, u) y = Add (a, item)",
        inputs="float[N, 3] user, float[N, 3] item, int64[N] id",
        outputs="float[N, 3] y",
        weights={"one": np.array([1])},
    )
)
LABELS = Labels(
    {
        "user": InputLabel(
            columns=(
                Column(start=0, stop=2, role=Role.USER),
                Column(start=2, stop=3, role=Role.CROSS),
            )
        ),
        "item": InputLabel(role=Role.ITEM, axis=0),
        "id": InputLabel(role=Role.CONTEXT),
    }
)


def request() -> Feeds:
    user = np.zeros((2, 3), np.float32)
    user[:, 2] = (1, 2)
    return {"user": user, "item": np.ones((2, 3), np.float32), "id": np.array([4, 4])}


def write(path: Path, arrays: Feeds) -> Path:
    np.savez(path, allow_pickle=True, **arrays)
    return path


def test_a_request_is_read_and_knows_its_name(tmp_path: Path) -> None:
    found = load_requests(write(tmp_path / "mine.npz", request()), MODEL, LABELS)
    assert found.name == "mine.npz"
    assert {name: array.tolist() for name, array in found.items()} == {
        name: array.tolist() for name, array in request().items()
    }


WRONG = [
    ("item", None, "input 'item' is missing; add an array of that name"),
    ("more", np.ones(2), "the model has no input 'more'; remove that array"),
    ("item", np.ones((2, 3)), "input 'item' is float64, the model wants float32; convert it"),
    ("id", np.array([[4, 4]]), "input 'id' has 2 axes, the model wants [N]; reshape it"),
    ("item", np.ones((2, 4), np.float32), "input 'item' has extent 4 at axis 1, 3 is 3 elsewhere"),
    ("item", np.ones((5, 3), np.float32), "input 'item' has extent 5 at axis 0, N is 2 elsewhere"),
    ("id", np.array([4, 5]), "input 'id' is labelled as one value per request, but row 1 differs"),
    (
        "user",
        f32([[0, 1, 2], [0, 2, 2]]),
        "input 'user' column 1 is labelled as one",
    ),
    ("item", np.array([None, 1]), "cannot be read"),
]


@pytest.mark.parametrize(("name", "array", "message"), WRONG)
def test_what_does_not_fit_is_named(
    tmp_path: Path, name: str, array: np.ndarray | None, message: str
) -> None:
    arrays = request()
    if array is None:
        del arrays[name]
    else:
        arrays[name] = array
    path = write(tmp_path / "mine.npz", arrays)
    with pytest.raises(FeedError) as caught:
        load_requests(path, MODEL, LABELS)
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_without_labels_rows_may_differ(tmp_path: Path) -> None:
    path = write(tmp_path / "mine.npz", request() | {"id": np.array([4, 5])})
    assert load_requests(path, MODEL)["id"].tolist() == [4, 5]


def test_a_history_without_a_batch_axis_may_vary(tmp_path: Path) -> None:
    model = load(
        build(
            "s = ReduceSum <keepdims = 0> (history) y = Add (item, s)",
            inputs="float[L] history, float[N, 3] item, float[3] profile",
            outputs="float[N, 3] y",
        )
    )
    labels = Labels({name: InputLabel(role=Role.USER) for name in ("history", "profile")})
    labels = Labels({**labels.inputs, "item": InputLabel(role=Role.ITEM)})
    arrays = {"history": f32([1, 2, 3]), "item": f32(np.ones((5, 3))), "profile": f32([4, 5, 6])}
    assert load_requests(write(tmp_path / "mine.npz", arrays), model, labels)


def test_nan_rows_are_equal_rows(tmp_path: Path) -> None:
    arrays = request()
    arrays["user"][:, 0] = np.nan
    assert load_requests(write(tmp_path / "mine.npz", arrays), MODEL, LABELS)


def test_no_candidates_are_refused(tmp_path: Path) -> None:
    empty = {name: array[:0] for name, array in request().items()}
    with pytest.raises(FeedError, match="holds no candidates; give at least one row"):
        load_requests(write(tmp_path / "mine.npz", empty), MODEL, LABELS)


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04broken"])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "mine.npz"
    path.write_bytes(content)
    with pytest.raises(FeedError, match=r"cannot be read .*; save it with numpy\.savez"):
        load_requests(path, MODEL)


def test_a_device_is_not_read_until_memory_ends(tmp_path: Path) -> None:
    path = tmp_path / "mine.npz"
    path.symlink_to("/dev/zero")
    with pytest.raises(FeedError, match=r"is no file; give one that numpy\.savez wrote"):
        load_requests(path, MODEL)


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mari_engine.feeds.request_files._LARGEST", 100)
    with pytest.raises(FeedError, match=r"unpacks to \d+ bytes; give at most 100"):
        load_requests(write(tmp_path / "mine.npz", request()), MODEL)
