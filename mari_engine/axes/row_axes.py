"""The symbols of rows: the candidates of a request, and the requests in one call."""

from __future__ import annotations

CANDIDATES = "N"
"""The symbol of the candidates in every analysis: of each request's, where there are several."""
REQUESTS = "#requests"
"""The symbol of the requests in a batch: no name, and sorted before that of their candidates."""
ROWS = frozenset({REQUESTS, CANDIDATES})
"""The symbols of extents that are never 0."""
ONE_REQUEST: tuple[int | str, ...] = (CANDIDATES,)
"""The axis of the candidates of one request."""
SEVERAL_REQUESTS: tuple[int | str, ...] = (REQUESTS, CANDIDATES)
"""The axis of the candidates of several requests, as many of each."""
