from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[3]


@pytest.mark.skipif(sys.platform != "linux", reason="forks and kills as Linux does")
def test_a_writer_killed_at_any_write_leaves_the_old_store_or_the_new(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "support.store_kills", str(tmp_path)],
        capture_output=True, text=True, check=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent)])},
    )  # fmt: skip
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) > 50
    assert {each["state"] for each in found} == {"old", "new"}
    assert all(each["then"] == "new" for each in found)
    assert all(each["left"] == [] for each in found), "the next writer leaves nothing of the killed"
    assert max(each["resumed"] for each in found) == 170, "finished pieces are not computed again"
    assert [each["done"] for each in found] == [False] * (len(found) - 1) + [True]
