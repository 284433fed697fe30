"""pellucid: neural networks you can see through.

    pellucid.train(source, **settings)     one whole job: files in, a Model, its history and honest scores out
    pellucid.load(path)                    a Model from its file
    pellucid.NeuralNetworkClassifier       the scikit-learn face, and NeuralNetworkRegressor
    pellucid.check_gradients(...)          proof of the gradients on your own network and data
    pellucid.diagnose(...)                 what is wrong with a training run, and which option to change
    pellucid.explain(model, "cat.jpg")     what a model makes of one picture or row, term by term
    pellucid.trace(network, X, y)          one training step with all its numbers
    pellucid.report(result)                all that is known of a training, as one HTML page
    pellucid.drawing(network)              a drawing of a network, for a notebook or as SVG
    pellucid.nn                            the mathematics

What is heavy (scikit-learn, matplotlib, h5py) is imported when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pellucid._version import __version__

if TYPE_CHECKING:
    from pellucid import nn
    from pellucid.experiment.run import train
    from pellucid.explanation.gradient_check import check_gradients
    from pellucid.explanation.network_diagram import drawing
    from pellucid.explanation.report.report import report
    from pellucid.explanation.trace import trace
    from pellucid.explanation.trace.sample import explain
    from pellucid.model.estimator import NeuralNetworkClassifier, NeuralNetworkRegressor, diagnose
    from pellucid.model.model import Model, load
    from pellucid.training import EarlyStopping

_HOMES = {
    "EarlyStopping": "pellucid.training",
    "Model": "pellucid.model.model",
    "NeuralNetworkClassifier": "pellucid.model.estimator",
    "NeuralNetworkRegressor": "pellucid.model.estimator",
    "check_gradients": "pellucid.explanation.gradient_check",
    "diagnose": "pellucid.model.estimator",
    "drawing": "pellucid.explanation.network_diagram",
    "explain": "pellucid.explanation.trace.sample",
    "load": "pellucid.model.model",
    "report": "pellucid.explanation.report.report",
    "trace": "pellucid.explanation.trace",
    "train": "pellucid.experiment.run",
}

__all__ = [
    "EarlyStopping",
    "Model",
    "NeuralNetworkClassifier",
    "NeuralNetworkRegressor",
    "__version__",
    "check_gradients",
    "diagnose",
    "drawing",
    "explain",
    "load",
    "nn",
    "report",
    "trace",
    "train",
]


def __getattr__(name: str) -> Any:
    if name == "nn":
        return import_module("pellucid.nn")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'pellucid' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
