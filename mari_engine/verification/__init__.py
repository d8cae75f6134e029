"""Equivalence check: original and rewritten model run on the same requests, and are compared."""

from mari_engine.verification.batches import join_outputs
from mari_engine.verification.bounded_error import measure_bounds
from mari_engine.verification.calling_contract import compare_calling
from mari_engine.verification.case_runs import pair_results
from mari_engine.verification.distances import FLOAT64, Results
from mari_engine.verification.float64_evaluator import Float64Evaluator
from mari_engine.verification.float64_model import double_model
from mari_engine.verification.judgement import TYPICAL, CaseResult, judge_runs
from mari_engine.verification.model_pair import ModelPair, Outputs
from mari_engine.verification.precisions import coarsest_epsilon
from mari_engine.verification.rounding_noise import excuse_rounding
from mari_engine.verification.staged_session import Stage, StagedSession
from mari_engine.verification.verifier import verify

__all__ = [
    "FLOAT64",
    "TYPICAL",
    "CaseResult",
    "Float64Evaluator",
    "ModelPair",
    "Outputs",
    "Results",
    "Stage",
    "StagedSession",
    "coarsest_epsilon",
    "compare_calling",
    "double_model",
    "excuse_rounding",
    "join_outputs",
    "judge_runs",
    "measure_bounds",
    "pair_results",
    "verify",
]
