"""A thin layer on onnx_ir: the model, constants, shapes, external data, digests."""

from mari_engine.graph.constants import constant_array, list_numbers
from mari_engine.graph.content_digest import digest_content
from mari_engine.graph.description import describe
from mari_engine.graph.digest import digest_graph
from mari_engine.graph.dtypes import element_bytes, list_extents, name_dtype, stored_bytes
from mari_engine.graph.editing import inline_branch, replace_by_nodes, replace_node
from mari_engine.graph.external_data import (
    FileState,
    check_external_data,
    extents,
    external_tensors,
    fingerprint,
)
from mari_engine.graph.input_defaults import (
    copy_default,
    has_defaults,
    restore_defaults,
    set_aside_defaults,
)
from mari_engine.graph.model import Model
from mari_engine.graph.provenance import SIDE, SOURCE, STANDS_FOR, stands_for
from mari_engine.graph.shape_inference import forget_shapes, infer_shapes
from mari_engine.graph.subgraphs import (
    all_inputs,
    captured_values,
    list_bodies,
    list_captured,
    list_proto_bodies,
    operand_values,
    replace_captured,
    value_names,
)
from mari_engine.graph.weight_summary import WeightSummary, summarize_weight

__all__ = [
    "SIDE",
    "SOURCE",
    "STANDS_FOR",
    "FileState",
    "Model",
    "WeightSummary",
    "all_inputs",
    "captured_values",
    "check_external_data",
    "constant_array",
    "copy_default",
    "describe",
    "digest_content",
    "digest_graph",
    "element_bytes",
    "extents",
    "external_tensors",
    "fingerprint",
    "forget_shapes",
    "has_defaults",
    "infer_shapes",
    "inline_branch",
    "list_bodies",
    "list_captured",
    "list_extents",
    "list_numbers",
    "list_proto_bodies",
    "name_dtype",
    "operand_values",
    "replace_by_nodes",
    "replace_captured",
    "replace_node",
    "restore_defaults",
    "set_aside_defaults",
    "stands_for",
    "stored_bytes",
    "summarize_weight",
    "value_names",
]
