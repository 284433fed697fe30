"""Whether a run uses row space: allowed for rules that do not go by the axes, worth it with fewer rows than inputs.

The answer always comes with its reason, and for a rule that may not use it, with what it would have gained.
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
class Choice:
    """Whether row space is used, and why, as a sentence."""

    use: bool
    reason: str


def choose(settings: Settings, n: int, n_validation: int, n_in: int, n_first: int, dtype: np.dtype) -> Choice:
    """Return the choice for n training rows of n_in inputs whose first layer has n_first units.

    Raises InputError where row space is demanded and its matrix does not fit in memory.
    """
    gain = direct_operations(settings, n, n_validation, n_in, n_first, dtype) / row_space_operations(
        settings, n, n_validation, n_in, n_first
    )
    fewer = f"{gain:,.{0 if gain >= 10 else 1}f} times fewer operations"
    if settings.row_space is False:
        return Choice(False, "trained on the inputs themselves, as asked for")
    if not is_rotation_invariant(settings.rule):
        *names, last = (name for name, rule in OPTIMIZERS.items() if is_rotation_invariant(rule))
        could = f"; {', '.join(names)} or {last} would need {fewer}" if gain > 1 and n < n_in else ""
        return Choice(False, f"trained on the inputs themselves, as {settings.rule_name} goes by the axes{could}")
    rows = f"{n:,} rows of {n_in:,} inputs"
    if settings.row_space == "auto" and (gain <= 1 or n >= n_in):
        return Choice(False, f"trained on the inputs themselves, as {rows} gain nothing from row space")
    matrices = 3 if is_plain_descent(settings, n) else 7  # held at once, for a basis with the eigenvectors
    needed = matrices * 8 * (n + n_first) * (n + n_first + n_validation)
    if needed > SHARE_OF_MEMORY * _free_memory():
        problem = f"the products of {n:,} rows take {needed / 2**30:.1f} GiB, over half of the free memory"
        if settings.row_space is True:
            raise InputError(f"row_space=True: {problem}. Leave it 'auto', or train on fewer rows.")
        return Choice(False, f"trained on the inputs themselves, as {problem}")
    how = fewer if gain > 1 else "as asked for, though it gains nothing"
    return Choice(True, f"trained in row space, {n:,} rows in place of {n_in:,} inputs: {how}")


def direct_operations(settings: Settings, n: int, n_validation: int, n_in: int, n_first: int, dtype: np.dtype) -> float:
    """Return the operations on W1 of training on the inputs: a product forward and one back; float32 counts half."""
    an_epoch = (4 * n + 2 * n_validation) * n_in * n_first
    return settings.restarts * settings.epochs * an_epoch * dtype.itemsize / 8


def row_space_operations(settings: Settings, n: int, n_validation: int, n_in: int, n_first: int) -> float:
    """Return the operations of the Gram matrix, and for each start of its responses, basis, epochs and expansion."""
    gram = n * (n + 2 * n_validation) * n_in
    back_and_forth = (4 * n + 2 * n_validation) * n_in * n_first
    if is_plain_descent(settings, n):
        basis, an_epoch = 0, 2 * (n + n_validation) * n * n_first
    else:
        r = n + n_first
        basis, an_epoch = EIGEN_OPERATIONS * r**3, (4 * n + 2 * n_validation) * r * n_first
    return gram + settings.restarts * (back_and_forth + basis + settings.epochs * an_epoch)


def _free_memory() -> int:
    import psutil

    return int(psutil.virtual_memory().available)
