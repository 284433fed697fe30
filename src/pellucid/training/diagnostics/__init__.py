"""The doctor: what is wrong with a training run, told with the measured number and the option to change."""

from pellucid.training.diagnostics.diagnose import diagnose
from pellucid.training.diagnostics.findings import LEVELS, NAMES, Finding

__all__ = ["LEVELS", "NAMES", "Finding", "diagnose"]
