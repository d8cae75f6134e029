"""The nouns that results are made of: frozen, small, and free of graph objects.

Everything here holds names and numbers only, so that it goes to JSON, compares in tests and
survives a clone of the model.
"""

from __future__ import annotations
