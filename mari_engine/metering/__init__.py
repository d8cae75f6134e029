"""The meter: what a model recomputes per candidate, found by running it, not by reading it."""
