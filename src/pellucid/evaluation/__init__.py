"""Honest evaluation: how good it is, how sure that is, and what simpler things reach on the same rows."""

from pellucid.evaluation.comparison import Comparison, compare
from pellucid.evaluation.cross_validation import CrossValidation, cross_validate
from pellucid.evaluation.interval import wilson_interval
from pellucid.evaluation.regression import RegressionScores, score_regression
from pellucid.evaluation.scores import Scores, score

__all__ = [
    "Comparison",
    "CrossValidation",
    "RegressionScores",
    "Scores",
    "compare",
    "cross_validate",
    "score",
    "score_regression",
    "wilson_interval",
]
