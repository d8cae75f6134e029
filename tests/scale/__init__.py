"""Time and memory of the engine against size: models of growing size, measured stage by stage."""

from .shapes import SHAPES, Subject, build

__all__ = ["SHAPES", "Subject", "build"]
