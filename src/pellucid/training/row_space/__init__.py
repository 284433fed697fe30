"""Row space: exact training at a cost that does not depend on the number of inputs.

Gradient descent moves W1 only inside the span of the training rows (Hastie and Tibshirani 2004, "Efficient quadratic
regularization for expression arrays"). So the same network is trained on a few coordinates of that span, one for each
row instead of one for each input, and W1 is expanded at the end. Nothing is approximated.

    eligibility   whether a run may use it, and whether that pays
    gram          the products of rows with rows and with weights, summed from blocks
    reductions    the training problem in coordinates, and W1 from them: reduce -> the ordinary fit -> expand
"""

from pellucid.training.row_space.eligibility import Eligibility, check_eligibility
from pellucid.training.row_space.gram import Gram
from pellucid.training.row_space.reductions import reduce

__all__ = ["Eligibility", "Gram", "check_eligibility", "reduce"]
