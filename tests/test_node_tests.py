"""A sample of ONNX's node tests through the engine; `python -m node_tests` runs them all."""

from __future__ import annotations

import pytest

from node_tests import NodeCase, collect_cases, run_all

_SAMPLE = """
test_add_bcast test_affine_grid_2d_align_corners_expanded test_affine_grid_2d_expanded
test_ai_onnx_ml_array_feature_extractor test_attention_3d_expanded
test_attention_4d_attn_mask_bool_expanded test_batchnorm_example test_bernoulli_expanded
test_cast_BFLOAT16_to_FLOAT test_cast_FLOAT_to_FLOAT8E4M3FN test_castlike_BFLOAT16_to_FLOAT
test_castlike_FLOAT16_to_FLOAT test_clip_expanded test_compress_0 test_concat_2d_axis_1
test_constantofshape_int_shape_zero test_conv_with_strides_padding test_dequantizelinear
test_dropout_default test_dynamicquantizelinear_expanded test_einsum_batch_matmul
test_expand_dim_changed test_gather_0 test_gathernd_example_float32 test_gemm_all_attributes
test_gru_defaults test_identity_opt test_identity_sequence test_if test_if_opt test_if_seq
test_instancenorm_epsilon test_isinf test_layer_normalization_2d_axis1_expanded
test_logsoftmax_axis_1_expanded test_loop13_seq test_lstm_defaults test_matmul_3d
test_nonzero_example test_onehot_with_axis test_optional_has_element_empty_optional_input
test_prelu_broadcast test_qlinearmatmul_2D_uint8_float32
test_range_float_type_positive_delta_expanded test_reduce_max_empty_set
test_reduce_sum_empty_set test_reshape_allowzero_reordered test_scan9_sum
test_scatter_elements_with_axis test_sequence_insert_at_back test_shape_start_1 test_slice
test_slice_start_out_of_bounds test_softmax_axis_1_expanded test_split_equal_parts_2d_opset13
test_split_to_sequence_1 test_split_zero_size_splits_opset18 test_squeeze
test_string_split_empty_tensor test_tile test_top_k test_transpose_all_permutations_0
test_where_example
"""
"""The families of operators, and every kind that once crashed or was refused without need."""

NAMES = frozenset(_SAMPLE.split())


@pytest.fixture(scope="module")
def cases() -> list[NodeCase]:
    return [case for case in collect_cases() if case.name in NAMES]


def test_the_sample_is_part_of_the_installed_onnx(cases: list[NodeCase]) -> None:
    assert len(cases) >= 0.9 * len(NAMES)  # releases of onnx drop and rename a few


def test_no_node_test_of_the_sample_crashes_or_gives_other_results(cases: list[NodeCase]) -> None:
    runs = run_all(cases)
    assert {run.case for run in runs} == {case.name for case in cases}
    assert [run for run in runs if run.outcome.fails] == []
    rewritten = {run.case for run in runs if run.outcome in ("same", "kept")}
    assert len(rewritten) >= 0.75 * len(cases)
