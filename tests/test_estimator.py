"""The scikit-learn face: its own conformance checks, and what the contracts promise beyond them."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris, make_moons
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from pellucid import EarlyStopping, NeuralNetworkClassifier, NeuralNetworkRegressor
from pellucid.errors import DivergedError, InputError


@parametrize_with_checks([NeuralNetworkClassifier(), NeuralNetworkRegressor()])
def test_scikit_learn_conformance(estimator, check):
    check(estimator)
