"""Vocabularies: which texts an input may hold, by the lists of those that read it."""

from __future__ import annotations

from collections.abc import Mapping

import onnx_ir as ir

from mari_engine.ops import rule_of

_MOST_WORDS = 1024


def find_words(model: ir.Model) -> Mapping[str, tuple[str, ...]]:
    """Return, by input of texts, those that a node on some way from it lists; the first 1,024."""
    found: dict[str, tuple[str, ...]] = {}
    for value in model.graph.inputs:
        if value.dtype != ir.DataType.STRING:
            continue
        words, seen, waiting = dict[str, None](), set[ir.Node](), [value]
        while waiting and len(words) < _MOST_WORDS:
            for use in waiting.pop().uses():
                if use.node in seen:
                    continue
                seen.add(use.node)
                rule = rule_of(use.node)
                if rule is not None and rule.words is not None:
                    words.update(dict.fromkeys(rule.words(use.node)))
                waiting += use.node.outputs
        if words:
            found[value.name or ""] = tuple(words)[:_MOST_WORDS]
    return found
