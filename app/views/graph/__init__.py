"""The graph as a picture: topology, folding, layout, sides and details; pure functions."""

from app.views.graph.details import clean
from app.views.graph.drawing import Drawing, Rewrite, draw, relabel
from app.views.graph.folding import Fold, has_scopes
from app.views.graph.scene import Scene
from app.views.graph.sides import correct_sides
from app.views.graph.table import write_csv
from app.views.graph.weights import describe_weight

__all__ = [
    "Drawing",
    "Fold",
    "Rewrite",
    "Scene",
    "clean",
    "correct_sides",
    "describe_weight",
    "draw",
    "has_scopes",
    "relabel",
    "write_csv",
]
