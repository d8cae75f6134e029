"""Lazy values: atoms, column blocks and sums of products, and when they become tensors."""

from mari_engine.rewriting.forms.atom_layouts import AtomLayouts
from mari_engine.rewriting.forms.axis_algebra import AxisAlgebra
from mari_engine.rewriting.forms.column_algebra import SHORT_RUN, ColumnAlgebra
from mari_engine.rewriting.forms.deferral import cut_dearly, scaled_operand, waits
from mari_engine.rewriting.forms.lazy_values import (
    Atom,
    Blocks,
    Form,
    Product,
    Sum,
    Term,
    Whole,
    as_product,
    as_whole,
    grouped,
    per_candidate,
    relabel,
    runs,
    terms,
    times,
    width,
)
from mari_engine.rewriting.forms.materialization import Materializer, scattered
from mari_engine.rewriting.forms.side_groups import Grouping, called

__all__ = [
    "SHORT_RUN",
    "Atom",
    "AtomLayouts",
    "AxisAlgebra",
    "Blocks",
    "ColumnAlgebra",
    "Form",
    "Grouping",
    "Materializer",
    "Product",
    "Sum",
    "Term",
    "Whole",
    "as_product",
    "as_whole",
    "called",
    "cut_dearly",
    "grouped",
    "per_candidate",
    "relabel",
    "runs",
    "scaled_operand",
    "scattered",
    "terms",
    "times",
    "waits",
    "width",
]
