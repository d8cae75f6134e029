"""Sparse initializers made dense: one spelling for weights, which every runtime takes.

https://onnx.ai/onnx/api/classes.html#sparsetensorproto
"""

from __future__ import annotations

import math

import numpy as np
import onnx

from mari_engine.errors import ModelError

_LARGEST = 1 << 28
"""Elements of a dense tensor; a sparse one names its extents, and so may ask for any memory."""


def make_dense(proto: onnx.ModelProto, where: str) -> None:
    """Replace the sparse initializers of the main graph by dense ones, in place.

    Raises ModelError, naming the tensor, for one that is too large when dense, whose indices lie
    outside it, or whose values are kept in another file.
    """
    for sparse in proto.graph.sparse_initializer:
        proto.graph.initializer.append(_dense(sparse, where))
    del proto.graph.sparse_initializer[:]


def _dense(sparse: onnx.SparseTensorProto, where: str) -> onnx.TensorProto:
    name, extents = sparse.values.name, list(sparse.dims)
    if math.prod(extents) > _LARGEST or min(extents, default=1) < 0:
        raise ModelError(
            f"{where}: sparse initializer {name!r} of {extents} is too large to be made dense; "
            "export it as an embedding table"
        )
    try:
        values = onnx.numpy_helper.to_array(sparse.values)
        indices = onnx.numpy_helper.to_array(sparse.indices)
        dense = np.zeros(math.prod(extents), values.dtype)
        if indices.ndim == 2:
            indices = np.ravel_multi_index(tuple(indices.T), tuple(extents))
        dense[indices] = values
    except (ValueError, IndexError, TypeError) as error:
        raise ModelError(
            f"{where}: sparse initializer {name!r} is malformed ({error}); export it again"
        ) from error
    return onnx.numpy_helper.from_array(dense.reshape(extents), name)
