"""MaRI: what a ranking model computes per request is computed once per request, losslessly.

The public names are those of `mari_engine.api`. They are imported when the first of them is asked
for (PEP 562), not with the package: `mari --help` and subprocesses that need one package of the
engine start without onnxruntime, onnx and all the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mari_engine.api import *  # noqa: F403 - the names of its `__all__`, and no other
    from mari_engine.api import __all__ as __all__
else:
    from importlib import import_module

    def __getattr__(name):
        if name.startswith("__") and name != "__all__":  # asked by import, doctest and copy
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        api = import_module("mari_engine.api")
        globals().update({public: getattr(api, public) for public in ("__all__", *api.__all__)})
        if name not in globals():
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return globals()[name]

    def __dir__():
        return sorted({*globals(), *__getattr__("__all__")})
