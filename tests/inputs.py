"""What a network takes of raw samples, in one call: tests compare it in many forms."""

import numpy as np

from pellucid.features import Pixels


def inputs(features, raw, dtype=np.float64, bad=None):
    """Return the rows X (n * views, n_out) of samples, as floats."""
    R = features.extract(raw, dtype if isinstance(features, Pixels) else None, bad)
    return np.asarray(features.transform(R, dtype))
