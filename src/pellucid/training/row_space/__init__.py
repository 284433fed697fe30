"""Row space: exact training at a cost that does not depend on the number of inputs.

Gradient descent moves W1 only inside the span of the training rows (Hastie and Tibshirani 2004, "Efficient quadratic
regularization for expression arrays"). So the same network is trained on a few coordinates of that span, one for each
row instead of one for each input, and W1 is expanded at the end. Nothing is approximated.

    choice   whether a run may use it, and whether that pays
    span     the products of rows with rows and with weights, summed from blocks
    basis    orthonormal coordinates: reduce -> the ordinary fit -> expand, for every rule that does not go by the axes
    dual     half the operations of that, for plain full-batch descent
"""

from pellucid.nn import Network
from pellucid.training.examples import Examples, Problem
from pellucid.training.row_space.eligibility import Choice, choose
from pellucid.training.row_space.gram import Span
from pellucid.training.row_space.reductions import is_plain_descent, reduce_to_basis, reduce_to_dual
from pellucid.training.settings import Settings

__all__ = ["Choice", "Span", "choose", "reduce"]


def reduce(network: Network, span: Span, train: Examples, validation: Examples | None, settings: Settings) -> Problem:
    """Return the problem of training `network`, at its start, in coordinates: of the cheaper kind where it serves."""
    if is_plain_descent(settings, len(train)):
        return reduce_to_dual(network, span, train, validation)
    return reduce_to_basis(network, span, train, validation)
