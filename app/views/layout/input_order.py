"""The order in which a feature service fills the optimized model's inputs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import groupby

from app.views.palette import SIDES
from app.views.text import one_line, rows_csv, shape
from mari_engine import (
    InputBinding,
    InputSlot,
    Interface,
    Labels,
    RequestIndex,
    Side,
    Signature,
    list_slots,
)

Row = dict[str, object]


def slot_rows(slots: Sequence[InputSlot]) -> list[Row]:
    """Return one row a slot, for reading."""
    return [
        {
            "input": slot.binding.name,
            "rows": _rows(slot.binding),
            "columns": _span(slot.first, slot.columns),
            "feature": slot.feature,
            "from input": slot.binding.source,
            "from columns": _span(slot.taken, slot.columns),
            "type": f"{slot.binding.dtype} {shape(slot.binding.shape)}",
        }
        for slot in slots
    ]


def _rows(binding: InputBinding) -> str:
    side = Side.REQUEST if binding.rows == "request" else Side.CANDIDATE
    return f"{SIDES[side].letter} · {binding.rows}"


def _span(first: int, columns: int | None) -> str:
    if columns is None:
        return "all"
    return str(first) if columns == 1 else f"{first} to {first + columns - 1}"


def order_csv(slots: Sequence[InputSlot]) -> str:
    """Return a table with one row for each column to fill; whole inputs have one row."""
    return rows_csv(
        [
            {
                "input": slot.binding.name,
                "column": "" if slot.columns is None else slot.first + at,
                "feature": slot.feature,
                "rows": slot.binding.rows,
                "source_input": slot.binding.source,
                "source_column": "" if slot.columns is None else slot.taken + at,
            }
            for slot in slots
            for at in range(slot.columns or 1)
        ]
    )


def order_json(interface: Interface, labels: Labels, signature: Signature) -> str:
    """Return the same as JSON: inputs in order, each with its columns and features in order."""
    inputs = [
        {
            "name": one.name,
            "dtype": one.dtype,
            "shape": list(one.shape),
            "rows": one.rows,
            "source": {"input": one.source, "columns": one.columns and list(one.columns)},
            "features": [
                {"name": slot.feature, "column": slot.first, "columns": slot.columns}
                for slot in list_slots(Interface((one,), ()), labels)
            ],
        }
        for one in interface.inputs
    ]
    document = {"version": 1, "signature": str(signature), "inputs": inputs}
    return json.dumps(document, indent=2) + "\n"


def order_python(interface: Interface, signature: Signature) -> str:
    """Return Python with numpy that makes the optimized model's feeds from the original's."""
    lines = "".join(
        f"    {one.name!r}: ({one.source!r}, {_columns(one)}, {_first(one, signature)}),\n"
        for one in interface.inputs
        if one.index is None
    )
    index = next((one for one in interface.inputs if one.index is not None), None)
    fill = _FILL if index is None else _fill_batch(interface, index)
    return f"""import numpy as np

# optimized input: (original input, columns of its last axis or None for all, first row only)
ORDER = {{
{lines}}}


{fill}"""


_FILL = '''def fill(feeds):
    """Return the optimized model's feeds, made from the original's (numpy arrays by name)."""
    filled = {}
    for name, (source, columns, first_row) in ORDER.items():
        array = feeds[source] if columns is None else np.take(feeds[source], columns, axis=-1)
        filled[name] = np.ascontiguousarray(array[:1] if first_row else array)
    return filled
'''


def _fill_batch(interface: Interface, index: InputBinding) -> str:
    """Return the function that joins requests, and tells whose each candidate is."""
    counted = next(one.source for one in interface.inputs if one.rows == "candidate")
    numbers = "counts"
    if index.index == RequestIndex.ROWS:
        numbers = "np.repeat(np.arange(len(requests)), counts)"
    return f'''def fill(requests):
    """Return a batch's feeds, made of requests as the original takes them, one after the other."""
    filled = {{}}
    for name, (source, columns, first_row) in ORDER.items():
        parts = [feeds[source][:1] if first_row else feeds[source] for feeds in requests]
        array = np.concatenate(parts)
        array = array if columns is None else np.take(array, columns, axis=-1)
        filled[name] = np.ascontiguousarray(array)
    counts = [len(feeds[{counted!r}]) for feeds in requests]
    filled[{index.name!r}] = np.asarray({numbers}, np.int64)
    return filled
'''


def _columns(binding: InputBinding) -> str:
    return "None" if binding.columns is None else str(list(binding.columns))


def _first(binding: InputBinding, signature: Signature) -> bool:
    return bool(binding.shape) and signature != Signature.DROP_IN and binding.rows == "request"


def index_in_words(interface: Interface) -> str:
    """Return what tells the requests of a batch apart, empty where a call holds one request."""
    for one in interface.inputs:
        if one.index is not None:
            kind = f"{one.dtype} {shape(one.shape)}"
            return f"{_quote(one.name)}: {kind}, {_INDEX[one.index]}"
    return ""


_INDEX = {
    RequestIndex.ROWS: "the number of each candidate's request: 0, 0, ..., 1, 1, ...",
    RequestIndex.LENGTHS: "the number of candidates of each request",
}


def order_text(slots: Sequence[InputSlot], interface: Interface) -> str:
    """Return the order as plain text that any language can be written from."""
    told = index_in_words(interface)
    lines = [told] if told else []
    for name, own in groupby(slots, key=lambda slot: slot.binding.name):
        first, *rest = own
        kind = f"{first.binding.dtype} {shape(first.binding.shape)}"
        lines.append(f"{_quote(name)}: {kind}, one row a {first.binding.rows}")
        for slot in (first, *rest):
            source = _quote(slot.binding.source)
            if slot.columns is None:
                lines.append(f"  all <- {source}")
            else:
                to, taken = (_span(at, slot.columns) for at in (slot.first, slot.taken))
                lines.append(f"  [{to}] <- {source} [{taken}]  # {one_line(slot.feature)}")
    return "\n".join(lines) + "\n"


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
