"""All kinds of wrong rewrites, by name; each yields the places where a model can be changed so."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from mutation import arithmetic, rare, rows, terms, weights
from mutation.subject import Change, Subject

Kind = Callable[[Subject], Iterator[Change]]

_ALL: tuple[Kind, ...] = (
    weights.permuted_rows,
    weights.turned_rows,
    weights.swapped_columns,
    weights.dropped_row,
    weights.repeated_row,
    weights.transposed_square,
    weights.one_weight_off,
    weights.all_weights_off,
    weights.bias_off,
    weights.end_of_a_table,
    weights.row_of_a_table,
    terms.dropped_term,
    terms.doubled_term,
    terms.dropped_bias,
    terms.swapped_operands,
    terms.swapped_choices,
    terms.swapped_parts,
    terms.wrong_axis,
    terms.wrong_reduction,
    terms.wrong_transpose,
    terms.wrong_reshape,
    terms.wrong_broadcast,
    terms.other_reduction,
    terms.wrong_slice,
    terms.wrong_index,
    rows.mean_of_candidates,
    rows.first_candidate,
    rows.last_candidate,
    rows.next_candidate,
    rows.one_row_of_an_input,
    rare.large_values,
    rare.one_side_of_a_choice,
    rare.new_branch,
    rare.partly_masked,
    rare.weak_mask,
    rare.long_histories,
    rare.padded_histories,
    rare.one_id,
    rare.wrong_bound,
    rare.small_column,
    arithmetic.cast_to_float16,
    arithmetic.cast_to_bfloat16,
    arithmetic.other_epsilon,
    arithmetic.look_alike,
    arithmetic.no_activation,
    arithmetic.no_scale,
    arithmetic.value_off,
)
KINDS: Mapping[str, Kind] = {kind.__name__: kind for kind in _ALL}
