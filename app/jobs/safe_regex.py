"""Regular expressions of users, matched in a process of its own: some would never end."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Sequence

from mari_engine import LabelError

SECONDS = 3.0
"""A bound, generous for starting an interpreter on a busy server."""
LONGEST = 200
_SCRIPT = """
import json, re, sys
pattern, names = json.load(sys.stdin)
found = re.compile(pattern, re.IGNORECASE)
json.dump([name for name in names if found.search(name)], sys.stdout)
"""


def regex(pattern: str, names: Sequence[str]) -> Callable[[str], bool]:
    """Return whether the expression is found in one of these names; case does not matter.

    Raises LabelError for an expression that is malformed, too long, or takes too long.
    """
    if len(pattern) > LONGEST:
        raise LabelError(f"pattern: it has more than {LONGEST} characters; shorten it")
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise LabelError(f"pattern: is no regular expression ({error}); mend it") from error
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _SCRIPT],
            input=json.dumps([pattern, list(names)]),
            capture_output=True, check=True, text=True, timeout=SECONDS,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as error:
        raise LabelError("pattern: it takes too long to match; make it simpler") from error
    found = frozenset(json.loads(done.stdout))
    return found.__contains__
