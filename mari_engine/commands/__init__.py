"""The commands of `mari`, thin over the engine."""
