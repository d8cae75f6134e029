"""From a rewritten model to a running service: what is computed before a request, and stored."""

__all__: list[str] = []
