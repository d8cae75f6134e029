"""Native code of ONNX and onnxruntime on strangers' models: plain values in and out.

It imports nothing of the engine, so that a process of its own starts quickly.
"""

from mari_engine.native.float64_recurrent import RECURRENT
from mari_engine.native.gc_pause import no_collection
from mari_engine.native.load_generator import Load, generate_load
from mari_engine.native.onnx_checks import check_nodes, infer_shapes_of
from mari_engine.native.opset_conversion import convert_opset
from mari_engine.native.reference import ReferenceSession
from mari_engine.native.sessions import (
    FileArray,
    NativeSession,
    SessionFacts,
    SessionSettings,
    run_once,
)

__all__ = [
    "RECURRENT",
    "FileArray",
    "Load",
    "NativeSession",
    "ReferenceSession",
    "SessionFacts",
    "SessionSettings",
    "check_nodes",
    "convert_opset",
    "generate_load",
    "infer_shapes_of",
    "no_collection",
    "run_once",
]
