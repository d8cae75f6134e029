"""Inputs that have a default: an initializer of the same name, which a caller may override.

https://github.com/onnx/onnx/blob/main/docs/IR.md (since IR version 4; before it, every initializer
had to be listed as an input and none could be overridden).
"""

from __future__ import annotations

import onnx_ir as ir

_DEFAULT = "default"
_OVERRIDABLE_SINCE = 4


def has_defaults(model: ir.Model) -> bool:
    """Return True where initializers that are listed as inputs are defaults, and not constants.

    They are constants in a model that lists all of its initializers, as IR version 3 asked for.
    """
    given = sum(value.is_initializer() for value in model.graph.inputs)
    listed = given == len(model.graph.initializers)
    return (model.ir_version or 0) >= _OVERRIDABLE_SINCE and not listed


def set_aside_defaults(graph: ir.Graph) -> None:
    """Take the defaults off the inputs that have one, so that these are inputs like others."""
    for value in [value for value in graph.inputs if value.is_initializer()]:
        value.meta[_DEFAULT] = value.const_value
        del graph.initializers[value.name or ""]
        value.const_value = None


def copy_default(value: ir.Value, new: ir.Value) -> None:
    """Let a new input have the default of another, if that has one and the shapes are the same."""
    default = value.meta.get(_DEFAULT)
    if default is not None and value.shape == new.shape:
        new.meta[_DEFAULT] = default


def restore_defaults(model: ir.Model) -> None:
    """Give the inputs that had a default theirs again."""
    for value in model.graph.inputs:
        default = value.meta.get(_DEFAULT)
        if default is not None:
            value.const_value = default
            model.graph.register_initializer(value)
