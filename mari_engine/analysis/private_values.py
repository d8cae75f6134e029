"""Values that stay among some nodes: nothing else reads them."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import onnx_ir as ir

from mari_engine.analysis.value_facts import Survey


def read_only_within(
    makers: Iterable[ir.Node], readers: Collection[ir.Node], survey: Survey
) -> bool:
    """Return True when none but these readers reads what the makers make.

    Shape arithmetic reads no element, and does not count.
    """
    return all(
        not value.is_graph_output()
        and all(
            use.node in readers or all(map(survey.is_static, use.node.outputs))
            for use in value.uses()
        )
        for node in makers
        for value in node.outputs
    )
