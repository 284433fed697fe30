"""Whether a run uses row space: the rule must be rotation-invariant, and the rows fewer than the inputs.

The answer always comes with its reason. For a coordinate-wise rule, it also says what another rule would gain.
"""

from dataclasses import dataclass

import numpy as np

from pellucid.errors import InputError
from pellucid.nn.optimizers import OPTIMIZERS, is_rotation_invariant
from pellucid.training.row_space.reductions import is_plain_descent
from pellucid.training.settings import Settings

SHARE_OF_MEMORY = 0.5  # that the matrices may take
EIGEN_OPERATIONS = 20  # of an eigenvalue decomposition: this times r^3, at the speed of a product


@dataclass(frozen=True)
class Eligibility:
    """Whether a run uses row space, and why, as a sentence."""

    use: bool
    reason: str


def check_eligibility(
    settings: Settings, n: int, n_validation: int, n_in: int, n_first: int, dtype: np.dtype
) -> Eligibility:
    """Return the eligibility of n training rows of n_in inputs, with n_first units in the first layer.

    Raises InputError where the settings demand row space and its matrices do not fit in memory.
    """
    gain = _gain(settings, n, n_validation, n_in, n_first, dtype)
    fewer = f"{gain:,.{0 if gain >= 10 else 1}f} times fewer operations"
    if settings.row_space is False:
        return Eligibility(False, "trained on the full inputs, as requested")
    if not is_rotation_invariant(settings.rule):
        *names, last = (name for name, rule in OPTIMIZERS.items() if is_rotation_invariant(rule))
        could = f"; {', '.join(names)} or {last} would need {fewer}" if gain > 1 and n < n_in else ""
        why = f"{settings.rule_name} is coordinate-wise, so the row-space shortcut does not apply"
        return Eligibility(False, f"trained on the full inputs: {why}{could}")
    rows = f"{n:,} rows of {n_in:,} inputs"
    if settings.row_space == "auto" and (gain <= 1 or n >= n_in):
        return Eligibility(False, f"trained on the full inputs: {rows} gain nothing from row space")
    matrices = 3 if is_plain_descent(settings, n) else 7  # in memory at once; a basis needs the eigenvectors too
    needed = matrices * 8 * (n + n_first) * (n + n_first + n_validation)
    if needed > SHARE_OF_MEMORY * _free_memory():
        problem = f"the products of {n:,} rows take {needed / 2**30:.1f} GiB, over half of the free memory"
        if settings.row_space is True:
            raise InputError(f"row_space=True: {problem}. Leave it 'auto', or train on fewer rows.")
        return Eligibility(False, f"trained on the full inputs: {problem}")
    how = fewer if gain > 1 else "as requested, though it gains nothing"
    return Eligibility(True, f"trained in row space, {n:,} rows in place of {n_in:,} inputs: {how}")


def _gain(settings: Settings, n: int, n_validation: int, n_in: int, n_first: int, dtype: np.dtype) -> float:
    """Return how many times more operations on W1 the full inputs need.

    Full inputs: one product forward and one back; float32 counts half.
    Row space: the Gram matrix, then for each start the way there and back, the basis, and the epochs.
    """
    there_and_back = (4 * n + 2 * n_validation) * n_in * n_first
    direct = settings.restarts * settings.epochs * there_and_back * dtype.itemsize / 8
    gram = n * (n + 2 * n_validation) * n_in
    if is_plain_descent(settings, n):
        basis, an_epoch = 0, 2 * (n + n_validation) * n * n_first
    else:
        r = n + n_first
        basis, an_epoch = EIGEN_OPERATIONS * r**3, (4 * n + 2 * n_validation) * r * n_first
    return direct / (gram + settings.restarts * (there_and_back + basis + settings.epochs * an_epoch))


def _free_memory() -> int:
    import psutil

    return int(psutil.virtual_memory().available)
