"""Lazy values: atoms, column blocks and sums of products, and when they become tensors."""

from mari_engine.rewriting.forms.atom_arithmetic import AtomArithmetic
from mari_engine.rewriting.forms.atom_layouts import AtomLayouts
from mari_engine.rewriting.forms.axis_algebra import AxisAlgebra
from mari_engine.rewriting.forms.column_algebra import SHORT_RUN, ColumnAlgebra
from mari_engine.rewriting.forms.deferral import (
    is_deferrable,
    is_multiple,
    is_rescaled,
    scaled_operand,
    slices_runtime_operand,
)
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
    column_places,
    column_runs,
    columns_by_side,
    group_columns,
    multiple,
    part_width,
    per_candidate,
    relabel,
    terms,
    times,
)
from mari_engine.rewriting.forms.materialization import Materializer, is_scattered
from mari_engine.rewriting.forms.side_groups import Grouping, joint_name

__all__ = [
    "SHORT_RUN",
    "Atom",
    "AtomArithmetic",
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
    "column_places",
    "column_runs",
    "columns_by_side",
    "group_columns",
    "is_deferrable",
    "is_multiple",
    "is_rescaled",
    "is_scattered",
    "joint_name",
    "multiple",
    "part_width",
    "per_candidate",
    "relabel",
    "scaled_operand",
    "slices_runtime_operand",
    "terms",
    "times",
]
