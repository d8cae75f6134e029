"""What onnxruntime says, without where in its own sources it says so."""

from __future__ import annotations

import re

_STATUS = re.compile(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ")
_NODE = re.compile(
    r"Non-zero status code returned while running (?P<op>\S+) node\. "
    r"Name:'(?P<name>.*?)' Status Message: "
)
_SOURCE = re.compile(r"(?:/\S+/)?\w+\.(?:h|hpp|cc|cpp|cuh|cu):\d+ ")
"""A file of the library's, and the line."""
_FUNCTION = re.compile(r"^(?:[^()]*::[^()]*\([^()]*\)(?: \[with [^\]]*\])?|\w+) ")
"""Behind it: a function's signature, or its name alone."""
_CONDITION = re.compile(r"^[^.]*? was false\. (?=\S)")
"""What the library asked for, in C++, where words follow."""


def in_one_line(error: Exception, *, limit: int = 240) -> str:
    """Return an exception's text on one line, cut when it is long.

    Of onnxruntime's, the node comes first, and places in its sources are left out.
    """
    text = " ".join(str(error).split()) or type(error).__name__
    text = _STATUS.sub("", text)
    node = _NODE.search(text)
    if node is not None:
        place = f"{node['op']} {node['name']!r}" if node["name"] else node["op"]
        text = f"{text[: node.start()]}{place}: {_message(text[node.end() :])}"
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _message(text: str) -> str:
    """Return a status message without its place, function and condition, if words are left."""
    source = _SOURCE.match(text)
    if source is None:
        return text
    rest = _FUNCTION.sub("", text[source.end() :], count=1)
    return _CONDITION.sub("", rest) or text
