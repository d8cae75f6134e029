"""A tiny model for each rule on tables (ai.onnx.ml) and on texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from support.rule_sample import Sample

DOMAIN = "ai.onnx.ml"
_JOINED = "c = Concat <axis = 1> (u, i)"
_TEXTS = "string[N, 2] ut, string[N, 2] it"


def _listed(numbers: Sequence[float]) -> str:
    return ", ".join(repr(float(number)) for number in numbers)


def _columns(width: int) -> str:
    return _listed([at % 3 - 1 for at in range(width)])


def _both(op: str, attributes: Callable[[int], str], work: int, outputs: str = "") -> Sample:
    """Return the sample of an op whose attributes depend on the number of columns: 4, then 8."""
    four, eight = attributes(4), attributes(8)
    body = f"{_JOINED} a = {DOMAIN}.{op} <{four}> (u) y = {DOMAIN}.{op} <{eight}> (c)"
    return Sample(body, work, outputs or "T[N, 4] a, T[N, 8] y", kind="float", exact=False)


def _scaler(width: int) -> str:
    return f"offset = [{_columns(width)}], scale = [{_listed([2.0] * width)}]"


def _linear(width: int, rows: int) -> str:
    coefficients = _listed([at % 5 - 2 for at in range(width * rows)])
    return f"coefficients = [{coefficients}], intercepts = [{_listed([1.0] * rows)}]"


def _tree(width: int, *names: str) -> str:
    """Return one tree that compares the last column with 0.5; `names` call roots and results."""
    ids, nodes, results = names
    tree = (
        f"nodes_treeids = [0, 0, 0], nodes_nodeids = [0, 1, 2], "
        f"nodes_featureids = [{width - 1}, 0, 0], nodes_values = [0.5, 0.0, 0.0], "
        'nodes_modes = ["BRANCH_LEQ", "LEAF", "LEAF"], nodes_truenodeids = [1, 0, 0], '
        "nodes_falsenodeids = [2, 0, 0], nodes_missing_value_tracks_true = [0, 0, 0]"
    )
    return (
        f"{tree}, {results}_treeids = [0, 0], {results}_nodeids = [1, 2], "
        f"{results}_ids = [{ids}], {results}_weights = [{nodes}]"
    )


_PRODUCTS = 2 * (2 * 4 + 1) + 2 * (2 * 8 + 1)
"""Two rows of coefficients for 4 columns and for 8, and what is added."""
_CLASSES = "classlabels_int64s = [3, 5]"

SAMPLES: Mapping[tuple[str, str], Sample] = {
    (DOMAIN, "Scaler"): _both("Scaler", _scaler, 2 * 12),
    (DOMAIN, "Imputer"): _both(
        "Imputer",
        lambda n: f"imputed_value_floats = [{_columns(n)}], replaced_value_float = 0.5", 12,
    ),
    (DOMAIN, "Binarizer"): _both("Binarizer", lambda _: "threshold = 0.4", 12),
    (DOMAIN, "Normalizer"): _both("Normalizer", lambda n: f'norm = "L{n // 4}"', 3 * 12),
    (DOMAIN, "FeatureVectorizer"): Sample(
        f"a = {DOMAIN}.FeatureVectorizer <inputdimensions = [4]> (u) "
        f"y = {DOMAIN}.FeatureVectorizer <inputdimensions = [4, 4]> (u, i)", 0,
        "float[N, 4] a, float[N, 8] y", kind="float",
    ),
    (DOMAIN, "LabelEncoder"): Sample(
        "e = Concat <axis = 1> (uid, iid) "
        f"a = {DOMAIN}.LabelEncoder <keys_int64s = [0, 1], values_floats = [0.5, 2.0]> (uid) "
        f"y = {DOMAIN}.LabelEncoder <keys_int64s = [0, 1], values_floats = [0.5, 2.0]> (e)",
        2 + 4, "float[N, 2] a, float[N, 4] y", "int64[N, 2] uid, int64[N, 2] iid",
    ),
    (DOMAIN, "CategoryMapper"): Sample(
        "e = Concat <axis = 1> (ut, it) "
        f'a = {DOMAIN}.CategoryMapper <cats_int64s = [0, 1], cats_strings = ["a", "b"]> (ut) '
        f'y = {DOMAIN}.CategoryMapper <cats_int64s = [0, 1], cats_strings = ["a", "b"]> (e)',
        2 + 4, "int64[N, 2] a, int64[N, 4] y", _TEXTS,
    ),
    (DOMAIN, "OneHotEncoder"): Sample(
        "e = Concat <axis = 1> (uid, iid) "
        f"a = {DOMAIN}.OneHotEncoder <cats_int64s = [0, 1, 5]> (uid) "
        f"y = {DOMAIN}.OneHotEncoder <cats_int64s = [0, 1, 5]> (e)", 0,
        "float[N, 2, 3] a, float[N, 4, 3] y", "int64[N, 2] uid, int64[N, 2] iid",
    ),
    (DOMAIN, "ArrayFeatureExtractor"): Sample(
        f"{_JOINED} a = {DOMAIN}.ArrayFeatureExtractor (u, p) "
        f"y = {DOMAIN}.ArrayFeatureExtractor (c, q)", 0, "T[N, 2] a, T[N, 3] y",
        weights={"p": np.array([[1, 0]]), "q": np.array([7, 0, 4])}, kind="float",
    ),
    (DOMAIN, "LinearRegressor"): _both(
        "LinearRegressor", lambda n: f"targets = 2, {_linear(n, 2)}",
        _PRODUCTS, "float[N, 2] a, float[N, 2] y",
    ),
    (DOMAIN, "LinearClassifier"): Sample(
        f"{_JOINED} k, a = {DOMAIN}.LinearClassifier <classlabels_ints = [3, 5], {_linear(4, 2)}> "
        f"(u) l, y = {DOMAIN}.LinearClassifier <classlabels_ints = [3, 5], {_linear(8, 2)}> (c)",
        _PRODUCTS, "float[N, 2] a, float[N, 2] y", kind="float", exact=False,
    ),
    (DOMAIN, "SVMRegressor"): _both(
        "SVMRegressor",
        lambda n: f"n_supports = 2, support_vectors = [{_listed([0.5] * 2 * n)}], "
        'coefficients = [1.0, 0.5], rho = [0.1], kernel_type = "RBF", '
        "kernel_params = [0.5, 0.0, 3.0]",
        2 * 2 * (4 + 8), "float[N, 1] a, float[N, 1] y",
    ),
    (DOMAIN, "TreeEnsemble"): _both(
        "TreeEnsemble",
        lambda n: "n_targets = 1, aggregate_function = 1, tree_roots = [0], "
        f"nodes_featureids = [{n - 1}], nodes_modes = uint8[1] {{0}}, "
        "nodes_splits = float[1] {0.5}, nodes_truenodeids = [0], nodes_trueleafs = [1], "
        "nodes_falsenodeids = [1], nodes_falseleafs = [1], leaf_targetids = [0, 0], "
        "leaf_weights = float[2] {1.5, 2.5}",
        1 + 1, "float[N, 1] a, float[N, 1] y",
    ),
    (DOMAIN, "TreeEnsembleRegressor"): _both(
        "TreeEnsembleRegressor",
        lambda n: f"n_targets = 1, {_tree(n, '0, 0', '1.5, 2.5', 'target')}",
        1 + 1, "float[N, 1] a, float[N, 1] y",
    ),
    (DOMAIN, "TreeEnsembleClassifier"): Sample(
        f"{_JOINED} k, a = {DOMAIN}.TreeEnsembleClassifier <{_CLASSES}, "
        f"{_tree(4, '0, 1', '1.0, 1.0', 'class')}> (u) "
        f"l, y = {DOMAIN}.TreeEnsembleClassifier <{_CLASSES}, "
        f"{_tree(8, '0, 1', '1.0, 1.0', 'class')}> (c)", 1 + 1,
        "float[N, 2] a, float[N, 2] y", kind="float", exact=False,
    ),
    ("", "StringConcat"): Sample(
        "a = StringConcat (ut, ut) y = StringConcat (ut, it)", 0,
        "string[N, 2] a, string[N, 2] y", _TEXTS, opset=20,
    ),
    ("", "RegexFullMatch"): Sample(
        'e = Concat <axis = 1> (ut, it) a = RegexFullMatch <pattern = "a|b"> (ut) '
        'y = RegexFullMatch <pattern = "a|b"> (e)', 0, "bool[N, 2] a, bool[N, 4] y", _TEXTS,
        opset=20,
    ),
    ("", "StringNormalizer"): Sample(
        'a = StringNormalizer <case_change_action = "UPPER", locale = "C"> (ut) '
        'y = StringNormalizer <case_change_action = "UPPER", locale = "C"> (it)', 0,
        "string[N] a, string[N] y", "string[N] ut, string[N] it",
    ),
    ("", "TfIdfVectorizer"): Sample(
        "e = Concat <axis = 1> (uid, iid) "
        + " ".join(
            f'{name} = TfIdfVectorizer <max_gram_length = 1, max_skip_count = 0, '
            'min_gram_length = 1, mode = "TF", ngram_counts = [0], ngram_indexes = [0, 1], '
            f"pool_int64s = [0, 2]> ({read})" for name, read in (("a", "uid"), ("y", "e"))
        ), 0, "float[N, 2] a, float[N, 2] y", "int64[N, 2] uid, int64[N, 2] iid",
    ),
}  # fmt: skip
"""By domain and op."""
