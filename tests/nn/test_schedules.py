"""Proves the learning rates over time: golden numbers at the ends, the middle and the corners."""

import itertools
import math

import numpy as np
import pytest

from pellucid.errors import InputError
from pellucid.nn import Constant, Cosine, Exponential, Step, WarmUp
from pellucid.nn.schedules import SCHEDULES, get_schedule

GOLDEN = [  # schedule, time in epochs, of how many, rate
    (Constant(0.3), 0, 10, 0.3),
    (Constant(0.3), 9.9, 10, 0.3),
    (Step(0.8, factor=0.5, every=3), 2.99, 10, 0.8),
    (Step(0.8, factor=0.5, every=3), 3, 10, 0.4),
    (Step(0.8, factor=0.5, every=3), 9, 10, 0.1),
    (Step(0.8), 49.9, 100, 0.8),
    (Step(0.8), 50, 100, 0.4),
    (Exponential(2.0, factor=0.25), 0, 10, 2.0),
    (Exponential(2.0, factor=0.25), 0.5, 10, 1.0),
    (Exponential(2.0, factor=0.25), 2, 10, 0.125),
    (Exponential(1.0), 1, 10, 0.99),
    (Cosine(1.0, last=0.2), 0, 12, 1.0),
    (Cosine(1.0, last=0.2), 4, 12, 0.8),  # cos(pi/3) = 1/2: 0.2 + 0.8 x 3/4
    (Cosine(1.0, last=0.2), 6, 12, 0.6),
    (Cosine(1.0, last=0.2), 12, 12, 0.2),
    (Cosine(1.0, last=0.2), 13, 12, 0.2),
    (WarmUp(Constant(0.41), over=2), 0, 10, 0.41 / 17),  # (1/8) / (2 + 1/8)
    (WarmUp(Constant(0.34), over=2), 1, 10, 0.18),  # 0.34 x 1.125 / 2.125
    (WarmUp(Constant(0.34), over=2), 2, 10, 0.34),
    (WarmUp(Cosine(1.0), over=4), 4, 12, 1.0),  # the other 8 epochs are the cosine's
    (WarmUp(Cosine(1.0), over=4), 8, 12, 0.5),
    (WarmUp(Cosine(1.0), over=4), 12, 12, 0.0),
    (WarmUp(Step(1.0, 0.5, every=3), over=1), 3.9, 12, 1.0),
    (WarmUp(Step(1.0, 0.5, every=3), over=1), 4, 12, 0.5),
    (WarmUp(Constant(1.0), over=20), 10, 12, 10.125 / 20.125),  # longer than the run
]


@pytest.mark.parametrize(("schedule", "t", "epochs", "rate"), GOLDEN)
def test_golden_rates(schedule, t, epochs, rate):
    assert schedule(t, epochs) == pytest.approx(rate, rel=1e-13, abs=1e-16)


@pytest.mark.parametrize("kind", SCHEDULES.values(), ids=SCHEDULES)
def test_every_schedule_starts_at_its_rate_and_stays_positive(kind):
    rates = [kind(0.7)(t, 20) for t in np.linspace(0, 19.9, 100)]
    assert rates[0] == 0.7
    assert all(0 < b <= a for a, b in itertools.pairwise(rates))
    assert hash(kind(0.7)) == hash(kind(0.7))


def test_numbers_and_schedules():
    assert get_schedule(1) == Constant(1.0)
    assert get_schedule(np.float64(0.5)) == Constant(0.5)
    cosine = Cosine(0.1)
    assert get_schedule(cosine) is cosine
    assert get_schedule(lambda t, epochs: 1 / (1 + t))(3, 10) == 0.25


@pytest.mark.parametrize("rate", [0, -0.1, math.nan, math.inf, True, "fast", None])
def test_refusals(rate):
    with pytest.raises(InputError) as error:
        get_schedule(rate)
    assert str(error.value) == (
        f"learning_rate must be a positive number or a schedule such as Cosine(0.01), got {rate!r}."
    )
