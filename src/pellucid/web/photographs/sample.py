"""Sample: photographs for those who have none at hand: small cuts of real ones that scikit-image brings along.

Huang, Mattar, Lee and Learned-Miller 2012, "Learning to align from scratch": faces, and what was behind them.
"""

from base64 import b64decode

import numpy as np

from pellucid.data.images import address

FACES = 100  # come first, then as many cuts without one
KEPT = 6  # of each, which are not learned from: to be tried afterwards


def sample(kept: bool = False) -> dict[str, bytes]:
    """Return PNG files by "class/name": those to learn from, or those kept back to be tried.

    >>> len(sample()), len(sample(kept=True))
    (188, 12)
    """
    from skimage.data import lfw_subset

    found = {}
    for number, picture in enumerate(np.rint(255 * lfw_subset()).astype(np.uint8)):
        name, place = ("face", number) if number < FACES else ("no face", number - FACES)
        if (place >= FACES - KEPT) == kept:
            found[f"{name}/{place + 1:03}.png"] = b64decode(address(picture).partition(",")[2])
    return found
