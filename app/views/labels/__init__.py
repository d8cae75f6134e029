"""Labels as rows, edits, doubts and effects; pure functions."""

from app.views.labels.doubts import Part, Standing, list_parts
from app.views.labels.edits import (
    columns_of,
    find_inputs,
    glob,
    join_columns,
    list_names,
    match,
    packable,
    preview_rows,
    set_columns,
    set_role,
)
from app.views.labels.effect import describe_effect, describe_step, flip_rows
from app.views.labels.rows import (
    ALL,
    count_sides,
    list_filters,
    make_rows,
    name_filter,
    narrow,
    read_rows,
)

__all__ = [
    "ALL",
    "Part",
    "Standing",
    "columns_of",
    "count_sides",
    "describe_effect",
    "describe_step",
    "find_inputs",
    "flip_rows",
    "glob",
    "join_columns",
    "list_filters",
    "list_names",
    "list_parts",
    "make_rows",
    "match",
    "name_filter",
    "narrow",
    "packable",
    "preview_rows",
    "read_rows",
    "set_columns",
    "set_role",
]
