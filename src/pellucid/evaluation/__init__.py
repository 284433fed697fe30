"""Honest evaluation: how good it is, how sure that is, and what simpler things reach on the same rows."""

from pellucid.evaluation.class_shift import ClassShift, class_shift
from pellucid.evaluation.classification import Scores, score
from pellucid.evaluation.comparison import Comparison, compare
from pellucid.evaluation.cross_validation import CrossValidation, cross_validate
from pellucid.evaluation.intervals import wilson_interval
from pellucid.evaluation.learning_curve import LearningCurve, learning_curve
from pellucid.evaluation.metadata_baseline import MetadataBaseline, facts_of, metadata_baseline
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
    "ClassShift",
    "Comparison",
    "CrossValidation",
    "LearningCurve",
    "MetadataBaseline",
    "Nearness",
    "RegressionScores",
    "RegressionValidation",
    "Rejection",
    "Scores",
    "SelectiveScores",
    "Threshold",
    "choose_rejection",
    "choose_threshold",
    "class_shift",
    "compare",
    "cross_fitted",
    "cross_validate",
    "cross_validate_regression",
    "facts_of",
    "learning_curve",
    "metadata_baseline",
    "score",
    "score_regression",
    "wilson_interval",
]
