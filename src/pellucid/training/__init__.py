"""Training: settings in, a generator of states, history out. `fit` is the only door."""

from pellucid.training.checkpoints.checkpoints import Checkpoint, Checkpoints, Every
from pellucid.training.examples import weights_by_code
from pellucid.training.fit import Fitted, fit
from pellucid.training.history import History
from pellucid.training.settings import EarlyStopping, Settings

__all__ = [
    "Checkpoint",
    "Checkpoints",
    "EarlyStopping",
    "Every",
    "Fitted",
    "History",
    "Settings",
    "fit",
    "weights_by_code",
]
