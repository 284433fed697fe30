"""What the tests of the readers share."""

import numpy as np
import pytest

from pellucid.data import load
from pellucid.errors import InputError


def told(source, error=InputError, **options):
    with pytest.raises(error) as caught:
        load(source, **options)
    return str(caught.value)


def all_rows(dataset):
    return np.concatenate(list(dataset.blocks(block_rows=2)))
