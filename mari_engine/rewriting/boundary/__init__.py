"""The new graph's inputs by signature, and the forms that the rewrite begins with."""

from mari_engine.rewriting.boundary.contract import Boundary, unchanged_boundary
from mari_engine.rewriting.boundary.one_request import open_boundary
from mari_engine.rewriting.boundary.ragged_rows import RaggedRows
from mari_engine.rewriting.boundary.request_gathers import gather_requests
from mari_engine.rewriting.boundary.several_requests import open_batch

__all__ = [
    "Boundary",
    "RaggedRows",
    "gather_requests",
    "open_batch",
    "open_boundary",
    "unchanged_boundary",
]
