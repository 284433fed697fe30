"""Honest evaluation: how good it is, how sure that is, and what simpler things reach on the same rows."""

from pellucid.evaluation.class_shift import Shift, prior_shift
from pellucid.evaluation.classification import Scores, score
from pellucid.evaluation.comparison import Comparison, compare
from pellucid.evaluation.cross_validation import CrossValidation, cross_validate
from pellucid.evaluation.intervals import wilson_interval
from pellucid.evaluation.learning_curve import LearningCurve, learning_curve
from pellucid.evaluation.metadata_baseline import FileFacts, facts_of, file_facts
from pellucid.evaluation.regression import Nearness, RegressionScores, score_regression
from pellucid.evaluation.regression_cross_validation import RegressionValidation, cross_validate_regression
from pellucid.evaluation.selective import (
    Rejection,
    SelectiveScores,
    Threshold,
    choose_rejection,
    choose_threshold,
    cross_fitted,
)

__all__ = [
    "Comparison",
    "CrossValidation",
    "FileFacts",
    "LearningCurve",
    "Nearness",
    "RegressionScores",
    "RegressionValidation",
    "Rejection",
    "Scores",
    "SelectiveScores",
    "Shift",
    "Threshold",
    "choose_rejection",
    "choose_threshold",
    "compare",
    "cross_fitted",
    "cross_validate",
    "cross_validate_regression",
    "facts_of",
    "file_facts",
    "learning_curve",
    "prior_shift",
    "score",
    "score_regression",
    "wilson_interval",
]
