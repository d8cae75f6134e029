"""What was saved is the same real function: verified again from the file, in float64."""

from pathlib import Path

import pytest

import mari_engine as mari
from sample_models import labels_path, sample_path


@pytest.mark.parametrize("name", ["din", "dcn_v2", "wide_deep_packed"])
def test_a_saved_model_is_as_exact_as_the_one_in_memory(name: str, tmp_path: Path) -> None:
    model = mari.load(sample_path(name))
    labels = mari.Labels.load(labels_path(name))
    result = mari.optimize(model, labels, autotune=False)
    result.save(tmp_path / "out")
    saved = mari.load(tmp_path / "out" / "model.onnx")
    certificate = mari.verify(
        model, saved, labels, interface=result.interface, signature=result.signature, batches=(3,)
    )
    checks = [check for check in certificate.checks if check.batch]  # no rows have no error
    errors = [output.exact for check in checks for output in check.outputs]
    assert certificate.passed
    assert all(error is not None and error < 1e-12 for error in errors)
