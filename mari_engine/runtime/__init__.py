"""onnxruntime: sessions, providers, profiles, and the machine they run on."""

from mari_engine.runtime.error_texts import in_one_line
from mari_engine.runtime.exposed_values import is_readable, open_exposed
from mari_engine.runtime.machine import describe_machine, describe_versions
from mari_engine.runtime.node_profile import profile_nodes, time_operators
from mari_engine.runtime.providers import devices, find_device
from mari_engine.runtime.serialization import serialize_for_runtime
from mari_engine.runtime.session import (
    BoundRun,
    LoadServer,
    Session,
    evaluate_constants,
    open_bytes,
    open_session,
    open_source,
)

__all__ = [
    "BoundRun",
    "LoadServer",
    "Session",
    "describe_machine",
    "describe_versions",
    "devices",
    "evaluate_constants",
    "find_device",
    "in_one_line",
    "is_readable",
    "open_bytes",
    "open_exposed",
    "open_session",
    "open_source",
    "profile_nodes",
    "serialize_for_runtime",
    "time_operators",
]
