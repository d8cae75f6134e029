import dataclasses
from pathlib import Path

import numpy as np
import onnx
import pytest

from mari_engine.errors import Cancelled, ExecutionError
from mari_engine.feeds import make_feeds
from mari_engine.graph import list_extents
from mari_engine.loading import load
from mari_engine.types import (
    Certificate,
    Column,
    Coverage,
    Feeds,
    InputLabel,
    Interface,
    Labels,
    OutputBinding,
    Role,
    Signature,
)
from mari_engine.verification import verify
from support.builders import build, build_proto
from support.split_pairs import LABELS, Pair, compact_pair, split_pair

PACKED = Labels(
    {
        "x": InputLabel(
            columns=tuple(
                Column(start=at, stop=at + 1, role=Role.ITEM if at % 2 else Role.USER)
                for at in range(7)
            )
        )
    }
)


def check(pair: Pair, labels: Labels = LABELS, requests: tuple[Feeds, ...] = ()) -> Certificate:
    compact = pair.interface is not None
    return verify(
        pair.original,
        pair.optimized,
        labels,
        interface=pair.interface,
        signature=Signature.COMPACT if compact else Signature.DROP_IN,
        requests=requests,
    )


def test_a_split_is_certified() -> None:
    certificate = check(split_pair())
    assert (certificate.passed, certificate.reason) == (True, "")
    typical = [check for check in certificate.checks if check.request == "generated"]
    assert [(c.batch, c.seed) for c in typical] == [
        *((batch, seed) for batch in (1, 2, 3, 17, 128) for seed in (0, 1)),
        (0, 0),
    ]
    unusual = {check.request for check in certificate.checks} - {"generated"}
    kinds = ("of other magnitudes", "at the ends of ranges", "of tiny numbers", "of zeros")
    assert unusual == {f"generated, {values}" for values in kinds}
    assert certificate.coverage == Coverage(0, 0)
    worst = max(error.exact or 0.0 for c in certificate.checks for error in c.outputs)
    assert worst < 1e-14
    assert certificate.exact_method == "the graph converted to float64, run by onnxruntime"
    assert certificate.versions["onnxruntime"]


def test_float64_finds_what_float32_cannot_see() -> None:
    certificate = check(split_pair(spoil=2e-7))
    assert not certificate.passed
    assert certificate.reason.startswith("output 'y': in float64 the results differ by ")
    assert certificate.reason.endswith("(limit 1e-09) (1 candidates, seed 0)")
    float32 = [error.between for c in certificate.checks for error in c.outputs]
    assert max(float32) < 1e-6


def test_float16_is_judged_by_its_own_epsilon() -> None:
    certificate = check(split_pair(dtype="float16"))
    assert certificate.passed
    assert certificate.limits["rounding_floor"] == 8 * 2.0**-10
    worst = max(error.original or 0.0 for c in certificate.checks for error in c.outputs)
    assert 1e-5 < worst < 1e-2


def test_compact_models_are_fed_by_their_interface() -> None:
    assert check(compact_pair(), PACKED).passed


def test_a_wrong_column_order_fails() -> None:
    pair = compact_pair()
    assert pair.interface is not None
    first, second = pair.interface.inputs
    swapped = dataclasses.replace(first, columns=(2, 0, 4, 6))
    wrong = Interface((swapped, second), pair.interface.outputs)
    certificate = check(dataclasses.replace(pair, interface=wrong), PACKED)
    assert not certificate.passed
    assert certificate.reason.startswith("output 'y': in float64")


def test_a_changed_contract_fails_before_anything_runs() -> None:
    pair = split_pair()
    renamed = build("y = Identity (user)", inputs="float[M, 4] user", outputs="float[M, 4] y")
    certificate = check(Pair(pair.original, load(renamed)))
    assert not certificate.passed
    assert certificate.checks == ()
    assert certificate.reason == "the inputs are ['user'], ['user', 'item'] were promised"


def test_users_requests_are_checked_too() -> None:
    pair = split_pair()
    mine = make_feeds(pair.original, LABELS, batch=40, seed=9)
    certificate = check(pair, requests=(mine,))
    assert (certificate.checks[0].batch, certificate.checks[0].seed) == (40, None)
    assert certificate.checks[0].request == "request 1"


def test_a_request_that_contradicts_a_label_revokes_the_check() -> None:
    pair = split_pair()
    mine = make_feeds(pair.original, LABELS, batch=3, seed=9)
    mine["user"][2] += 1
    certificate = check(pair, requests=(mine,))
    assert not certificate.passed
    assert certificate.checks == ()
    assert certificate.reason.startswith("request 1: input 'user' column 0–3 is labelled as one")
    assert certificate.reason.endswith("label it item or cross, or send one user per request")


def test_a_fixed_batch_is_the_only_one_tried() -> None:
    body, sizes = "y = Add (user, item)", "float[2, 3]"
    model = load(build(body, inputs=f"{sizes} user, {sizes} item", outputs=f"{sizes} y"))
    certificate = verify(model, model, LABELS)
    assert certificate.passed
    assert certificate.batches == (2,)
    assert "inputs fix the number of candidates at 2; let it vary with" in certificate.notes[0]


def test_an_output_without_a_number_in_any_request_shows_nothing() -> None:
    """Beyond what requests reach the models differ, and all that was compared is NaN."""
    inputs, outputs = "float[N, 3] user, float[N, 3] item", "float[N, 3] y"

    def far(factor: str) -> bytes:
        body = f"s = Add (user, item) t = Mul ({factor}, s) d = Sub (t, far) y = Log (d)"
        scale = 2.0 if factor == "two" else 1.0
        weights = {factor: np.array(scale, np.float32), "far": np.array(1e6, np.float32)}
        return build(body, inputs=inputs, outputs=outputs, weights=weights)

    certificate = verify(load(far("one")), load(far("two")), LABELS)
    assert not certificate.passed
    assert certificate.reason.startswith("output 'y' is NaN at every element of all")
    assert certificate.reason.endswith("or give a request file of typical values")


def test_nan_must_stay_nan() -> None:
    inputs, outputs = "float[N, 3] user, float[N, 3] item", "float[N, 3] y"
    before = build("s = Sqrt (item) y = Add (s, user)", inputs=inputs, outputs=outputs)
    after = build("a = Abs (item) s = Sqrt (a) y = Add (s, user)", inputs=inputs, outputs=outputs)
    same = verify(load(before), load(before), LABELS)
    assert same.passed
    told = [note for note in same.notes if "gives NaN or infinity in output 'y', in 1" in note]
    assert told[0].endswith("requests; the same elements are asked of the rewritten model")
    certificate = verify(load(before), load(after), LABELS)
    assert "NaN or infinity at" in certificate.reason
    assert "in only one of the models in float64" in certificate.reason


def test_whole_number_outputs_must_be_equal() -> None:
    inputs, outputs = "float[N, 3] user, float[N, 3] item", "int64[N, 1] y"
    before = build("s = Add (user, item) y = ArgMax <axis = 1> (s)", inputs=inputs, outputs=outputs)
    after = build("s = Add (user, item) y = ArgMin <axis = 1> (s)", inputs=inputs, outputs=outputs)
    certificate = verify(load(before), load(after), LABELS)
    assert certificate.reason.startswith("output 'y': int64 values differ at ")


def test_a_per_request_output_may_have_one_row_when_compact() -> None:
    item = "float[N, 2] item"
    before = build("y = Neg (user)", inputs=f"float[N, 3] user, {item}", outputs="float[N, 3] y")
    after = build("y = Neg (user)", inputs=f"float[1, 3] user, {item}", outputs="float[1, 3] y")
    pair = compact_pair()
    assert pair.interface is not None
    user, rest = pair.interface.inputs
    interface = Interface(
        (
            dataclasses.replace(user, name="user", source="user", columns=None, shape=(1, 3)),
            dataclasses.replace(rest, name="item", source="item", columns=None, shape=("N", 2)),
        ),
        (OutputBinding("y", "request"),),
    )
    assert check(Pair(load(before), load(after), interface)).passed


def test_random_models_say_why_they_fail() -> None:
    inputs, outputs = "float[N, 3] user, float[N, 3] item", "float[N, 3] y"
    body = "r = RandomUniformLike (item) s = Add (r, user) y = Add (s, item)"
    before = load(build(body, inputs=inputs, outputs=outputs))
    after = load(
        build(
            f"n = Neg (user) t = Neg (n) {body}".replace("user) y", "t) y"),
            inputs=inputs,
            outputs=outputs,
        )
    )
    certificate = verify(before, after, LABELS)
    assert certificate.reason.endswith("the model draws random numbers (RandomUniformLike)")


def test_ids_outside_their_table_are_the_users_to_mend() -> None:
    table = np.ones((4, 2), np.float32)
    body = "s = Gather (T, item) t = Gather (T, user) y = Add (s, t)"
    inputs = "int64[N] user, int64[N] item"
    model = load(build(body, inputs=inputs, outputs="float[N, 2] y", weights={"T": table}))
    wrong = InputLabel(role=Role.ITEM, range=(10, 20))
    labels = Labels({"user": InputLabel(role=Role.USER), "item": wrong})
    with pytest.raises(ExecutionError, match=r"refuses generated requests of 1, 2.*id ranges"):
        verify(model, model, labels)


def test_progress_rises_and_can_cancel() -> None:
    pair = split_pair()
    shares: list[float] = []
    verify(pair.original, pair.optimized, LABELS, progress=lambda share, _: shares.append(share))
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)

    def stop(share: float, message: str) -> None:
        if share > 0.5:
            raise Cancelled(message)

    with pytest.raises(Cancelled):
        verify(pair.original, pair.optimized, LABELS, progress=stop)


def test_the_original_runs_from_its_own_file(tmp_path: Path) -> None:
    """A model that was read wrongly cannot vouch for itself."""
    pair = split_pair()
    path = tmp_path / "tower.onnx"
    path.write_bytes(pair.original.data or b"")
    wrong = dataclasses.replace(pair.original, ir=split_pair(seed=1).original.ir, path=path)
    certificate = verify(wrong, wrong, LABELS)
    assert not certificate.passed
    assert "away from its own float64 value" in certificate.reason


def test_a_rewritten_model_that_does_not_load_is_not_equal() -> None:
    body, sizes = "y = Relu (user)", "float[N, 3] user"
    model = load(build(body, inputs=sizes, outputs="float[N, 3] y"))
    later = dataclasses.replace(model, ir=model.ir.clone(), data=None)
    later.ir.opset_imports[""] = 999
    certificate = verify(model, later, Labels({"user": InputLabel(role=Role.ITEM)}))
    assert not certificate.passed
    assert certificate.reason.startswith("the optimized model does not load (")
    assert certificate.checks == ()


def test_an_original_that_does_not_load_is_refused() -> None:
    body, sizes = "y = Relu (user)", "float[N, 3] user"
    proto = build_proto(body, inputs=sizes, outputs="float[N, 3] y")
    proto.opset_import[0].version = 999
    model = load(proto.SerializeToString())
    with pytest.raises(ExecutionError, match=r"cannot load this model.*export it for the onnxrun"):
        verify(model, model, Labels({"user": InputLabel(role=Role.ITEM)}))


def test_sequence_outputs_are_compared_tensor_by_tensor() -> None:
    body = "y = SequenceConstruct (x, {})\n z = Identity (x)"
    outputs = "seq(float[N, 3]) y, float[N, 3] z"
    one, other = (
        load(build(body.format(name), inputs="float[N, 3] x, float[N, 3] u", outputs=outputs))
        for name in ("x", "u")
    )
    labels = Labels({"x": InputLabel(role=Role.ITEM), "u": InputLabel(role=Role.ITEM)})
    assert verify(one, one, labels).passed
    wrong = verify(one, other, labels)
    assert not wrong.passed
    assert "output 'y[1]'" in wrong.reason


def test_outputs_without_elements_are_compared() -> None:
    data = build("y = Slice (x, at, at, axis)", inputs="float[N, 3] x", outputs="float[N, 0] y",
                 weights={"at": np.array([2]), "axis": np.array([1])})  # fmt: skip
    model = load(data)
    assert verify(model, model, Labels({"x": InputLabel(role=Role.ITEM)})).passed


def test_bfloat16_inputs_are_fed() -> None:
    model = load(build("y = Cast <to = 1> (x)", inputs="bfloat16[N, 3] x", outputs="float[N, 3] y"))
    certificate = verify(model, model, Labels({"x": InputLabel(role=Role.ITEM)}))
    assert certificate.passed
    assert not any("rounding could not be checked" in note for note in certificate.notes)


def test_an_output_is_promised_no_name_that_inference_made_up() -> None:
    data = build(
        "n = NonZero (x)\n y = Cast <to = 1> (n)", inputs="float[N, 3] x", outputs="float y"
    )
    proto = onnx.load_from_string(data)
    proto.graph.output[0].type.tensor_type.ClearField("shape")
    model = load(proto.SerializeToString())
    assert list_extents(model.ir.graph.outputs[0].shape) == (2, "?")
