"""Proves the descent rules: hand-computed steps, equal to one another and to torch, resumed bit for bit, convergent."""

import copy
import sys
from dataclasses import dataclass, replace
from math import sqrt

import numpy as np
import pytest

from pellucid.errors import InputError
from pellucid.nn import LBFGS, OPTIMIZERS, Adam, AdamW, Dense, GradientDescent, Network, RMSprop, fast_updates
from pellucid.nn.optimizers import FirstOrder, clip_by_norm, get_optimizer

GRADIENTS = [np.array([1.0, -2.0]), np.array([3.0, 1.0])]
descents = {name: rule for name, rule in OPTIMIZERS.items() if name != "lbfgs"}


def follow(rule, gradients, rate=0.1, start=(1.0, 1.0), dtype=np.float64):
    """The points that given gradients lead to; p[0] is a weight, the others are biases."""
    p = np.array(start, dtype)
    slots, points = rule.slots(p), []
    for g in gradients:
        assert rule.step(lambda g=g: (0.5, g.astype(dtype)), p, slots, rate, [p[:1]]) == 0.5
        points.append(p.copy())
    return np.array(points)


# the first two steps, worked out on paper ------------------------------------------------------------------------

E = 0.1  # a large epsilon shows where it is added
BY_HAND = {
    "descent": (GradientDescent(), [[0.9, 1.2], [0.6, 1.1]]),
    # v = (1, -2), then 0.9 (1, -2) + (3, 1) = (3.9, -0.8)
    "momentum": (GradientDescent(0.9), [[0.9, 1.2], [0.51, 1.28]]),
    # g + 0.9 v = (1.9, -3.8), then (3, 1) + 0.9 (3.9, -0.8) = (6.51, 0.28)
    "nesterov": (GradientDescent(0.9, nesterov=True), [[0.81, 1.38], [0.159, 1.352]]),
    # s = 0.1 (1, 4), then (0.09 + 0.9, 0.36 + 0.1)
    "rmsprop": (
        RMSprop(0.9, E),
        [
            [1 - 0.1 / (sqrt(0.1) + E), 1 + 0.2 / (sqrt(0.4) + E)],
            [
                1 - 0.1 / (sqrt(0.1) + E) - 0.3 / (sqrt(0.99) + E),
                1 + 0.2 / (sqrt(0.4) + E) - 0.1 / (sqrt(0.46) + E),
            ],
        ],
    ),
    # corrected, step 1 has m = g and s = g^2; step 2 has m = (0.39, -0.08)/0.19, s = (0.009999, 0.004996)/0.001999
    "adam": (
        Adam(epsilon=E),
        [
            [1 - 0.1 / 1.1, 1 + 0.2 / 2.1],
            [
                1 - 0.1 / 1.1 - 0.1 * (0.39 / 0.19) / (sqrt(0.009999 / 0.001999) + E),
                1 + 0.2 / 2.1 + 0.1 * (0.08 / 0.19) / (sqrt(0.004996 / 0.001999) + E),
            ],
        ],
    ),
    # W shrinks by 1 - 0.1 x 0.5 before each step, the bias does not
    "adamw": (
        AdamW(epsilon=E, weight_decay=0.5),
        [
            [0.95 - 0.1 / 1.1, 1 + 0.2 / 2.1],
            [
                0.95 * (0.95 - 0.1 / 1.1) - 0.1 * (0.39 / 0.19) / (sqrt(0.009999 / 0.001999) + E),
                1 + 0.2 / 2.1 + 0.1 * (0.08 / 0.19) / (sqrt(0.004996 / 0.001999) + E),
            ],
        ],
    ),
}


def check_by_hand(rule, points):
    np.testing.assert_allclose(follow(rule, GRADIENTS), points, rtol=1e-13)


def check_first_step_of_adam(rule):
    """Bias correction makes the first step rate x sign(g), whatever the gradient's size."""
    for size in (1e-3, 1.0, 1e3):
        first = follow(rule, [size * GRADIENTS[0]])[0]
        np.testing.assert_allclose(first, [1 - 0.1 / (1 + 1e-8 / size), 1 + 0.1 / (1 + 0.5e-8 / size)], rtol=1e-13)


@pytest.mark.parametrize(("rule", "points"), BY_HAND.values(), ids=BY_HAND)
def test_two_steps_by_hand(rule, points):
    check_by_hand(rule, points)


def test_first_step_of_adam():
    check_first_step_of_adam(Adam())


@dataclass(frozen=True)
class Mutant(FirstOrder):
    """A wrong rule: its update is the function `move(p, g, slots, rate)`."""

    move: object = None
    slot_names = ("mean", "square", "velocity")

    def update(self, p, g, slots, rate):
        self.move(p, g, slots, rate)


def adam_like(correct_m, correct_s, inside=False):
    def move(p, g, slots, rate):
        t = int(slots["steps"])
        slots["mean"][:] = 0.9 * slots["mean"] + 0.1 * g
        slots["square"][:] = 0.999 * slots["square"] + 0.001 * g * g
        m = slots["mean"] / (1 - 0.9**t if correct_m else 1)
        s = slots["square"] / (1 - 0.999**t if correct_s else 1)
        p -= rate * m / (np.sqrt(s + E) if inside else np.sqrt(s) + E)

    return Mutant(move)


def damped(p, g, slots, rate):
    slots["velocity"][:] = 0.9 * slots["velocity"] + 0.1 * g
    p -= rate * slots["velocity"]


def sign(p, g, slots, rate):
    p -= rate * np.sign(g)


def uphill(p, g, slots, rate):
    p += rate * g


MUTANTS = {
    "adam: no bias correction": ("adam", adam_like(False, False)),
    "adam: only the mean corrected": ("adam", adam_like(True, False)),
    "adam: only the square corrected": ("adam", adam_like(False, True)),
    "adam: epsilon under the root": ("adam", adam_like(True, True, inside=True)),
    "adam: sign descent": ("adam", Mutant(sign)),
    "adamw: decay in the gradient is no decay here": ("adamw", Adam(epsilon=E)),
    "adamw: decay 0": ("adamw", AdamW(epsilon=E, weight_decay=0.0)),
    "momentum: damped": ("momentum", Mutant(damped)),
    "momentum: none": ("momentum", GradientDescent()),
    "nesterov: plain momentum": ("nesterov", GradientDescent(0.9)),
    "descent: uphill": ("descent", Mutant(uphill)),
    "rmsprop: another decay": ("rmsprop", RMSprop(0.99, E)),
    "rmsprop: epsilon forgotten": ("rmsprop", RMSprop(0.9, 1e-8)),
}


@pytest.mark.parametrize(("name", "mutant"), MUTANTS.values(), ids=MUTANTS)
def test_mutants_are_rejected(name, mutant):
    with pytest.raises(AssertionError):
        check_by_hand(mutant, BY_HAND[name][1])


def test_the_frame_of_the_mutants_is_sound():
    check_by_hand(adam_like(True, True), BY_HAND["adam"][1])


@pytest.mark.parametrize("mutant", [adam_like(False, False), Mutant(sign), RMSprop()], ids=["plain", "sign", "rmsprop"])
def test_mutants_fail_the_first_step(mutant):
    with pytest.raises(AssertionError):
        check_first_step_of_adam(mutant)


# equivalence -----------------------------------------------------------------------------------------------------

RANDOM = list(np.random.default_rng(0).normal(size=(30, 2)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (GradientDescent(momentum=0.0), GradientDescent()),
        (AdamW(weight_decay=0.0), Adam()),
        (AdamW(), Adam()),
        (OPTIMIZERS["momentum"], GradientDescent(0.9)),
        (OPTIMIZERS["nesterov"], GradientDescent(0.9, True)),
    ],
)
def test_equal_rules_take_equal_steps(one, other):
    assert follow(one, RANDOM).tobytes() == follow(other, RANDOM).tobytes()


def test_one_step_of_momentum_is_plain_descent():
    np.testing.assert_array_equal(follow(GradientDescent(0.9), RANDOM[:1]), follow(GradientDescent(), RANDOM[:1]))


def test_adam_does_not_feel_the_gradient_scale():
    big = [1000 * g for g in RANDOM]
    np.testing.assert_allclose(follow(Adam(epsilon=0), big), follow(Adam(epsilon=0), RANDOM), rtol=1e-12)


TORCH = {
    "gradient_descent": ("SGD", {}),
    "momentum": ("SGD", {"momentum": 0.9}),
    "nesterov": ("SGD", {"momentum": 0.9, "nesterov": True}),
    "rmsprop": ("RMSprop", {"alpha": 0.9}),
    "adam": ("Adam", {}),
    "adamw": ("AdamW", {}),
}


@pytest.mark.parametrize("name", TORCH)
def test_the_same_path_as_torch(name):
    torch = pytest.importorskip("torch")
    w, b = (torch.tensor([1.0], dtype=torch.float64, requires_grad=True) for _ in "wb")
    kind, options = TORCH[name]
    decay = 0.3 if name == "adamw" else 0.0
    groups = [{"params": [w], "weight_decay": decay}, {"params": [b], "weight_decay": 0.0}]
    theirs, path = getattr(torch.optim, kind)(groups, lr=0.1, **options), []
    for g in RANDOM:
        w.grad, b.grad = torch.tensor(g[:1]), torch.tensor(g[1:])
        theirs.step()
        path.append([w.item(), b.item()])
    rule = replace(OPTIMIZERS[name], weight_decay=decay) if name == "adamw" else OPTIMIZERS[name]
    np.testing.assert_allclose(follow(rule, RANDOM), path, rtol=1e-12, atol=1e-13)


# landscapes ------------------------------------------------------------------------------------------------------


class Bowl:
    """1/2 sum_i c_i (p_i - i)^2: smallest, 0, at p_i = i."""

    def __init__(self, *curvatures):
        self.c = np.array(curvatures, float)
        self.start = np.full(len(self.c), 5.0)

    def __call__(self, p):
        r = p - np.arange(len(p))
        return 0.5 * float(self.c @ r**2), self.c * r


class Rosenbrock:
    """sum 100 (y - x^2)^2 + (1 - x)^2: smallest, 0, at (1, 1), at the end of a curved valley."""

    start = np.array([-1.2, 1.0])

    def __call__(self, p):
        x, y = p
        return 100 * (y - x * x) ** 2 + (1 - x) ** 2, np.array(
            [-400 * x * (y - x * x) - 2 * (1 - x), 200 * (y - x * x)]
        )


class FlowerNet:
    """The 2-4-1 net of article D on the flower: the course's net ends near a cost of 0.22."""

    def __init__(self):
        rng = np.random.RandomState(1)
        t = [np.linspace(3.12 * j, 3.12 * (j + 1), 200) + 0.2 * rng.randn(200) for j in (0, 1)]
        a = np.concatenate(t)[:, None]
        r = 4 * np.sin(4 * a) + 0.2 * rng.randn(400, 1)
        self.X, self.y = np.hstack([r * np.sin(a), r * np.cos(a)]), np.repeat([[0.0], [1.0]], 200, axis=0)
        self.net = Network([Dense(2, 4, "tanh"), Dense(4, 1)], "binary_cross_entropy").initialize("xavier", 2)
        self.start = self.net.parameters.copy()

    def __call__(self, p):
        self.net.parameters[:] = p
        return self.net.cost_and_gradient(self.X, self.y)


LANDSCAPES = {"bowl": Bowl(1, 1, 1), "narrow bowl": Bowl(1, 10, 100), "Rosenbrock": Rosenbrock(), "flower": FlowerNet()}
TABLE = [  # optimizer, landscape, rate, steps, the cost it must come below
    ("gradient_descent", "bowl", 0.5, 60, 1e-20),
    ("gradient_descent", "narrow bowl", 0.018, 1500, 1e-20),
    ("gradient_descent", "Rosenbrock", 0.001, 20000, 1e-4),
    ("gradient_descent", "flower", 1.0, 1500, 0.30),
    ("momentum", "bowl", 0.1, 500, 1e-20),
    ("momentum", "narrow bowl", 0.02, 500, 1e-20),
    ("momentum", "Rosenbrock", 0.0005, 5000, 1e-6),
    ("momentum", "flower", 0.3, 1000, 0.30),
    ("nesterov", "bowl", 0.1, 500, 1e-20),
    ("nesterov", "narrow bowl", 0.01, 700, 1e-20),
    ("nesterov", "Rosenbrock", 0.0005, 5000, 1e-6),
    ("nesterov", "flower", 0.3, 1000, 0.30),
    ("rmsprop", "bowl", 0.005, 2000, 1e-4),
    ("rmsprop", "narrow bowl", 0.005, 2000, 2e-3),
    ("rmsprop", "Rosenbrock", 0.001, 8000, 1e-2),
    ("rmsprop", "flower", 0.01, 1000, 0.30),
    ("adam", "bowl", 0.1, 2000, 1e-20),
    ("adam", "narrow bowl", 0.1, 2000, 1e-20),
    ("adam", "Rosenbrock", 0.05, 5000, 1e-10),
    ("adam", "flower", 0.05, 1000, 0.30),
    ("adamw", "flower", 0.05, 1000, 0.30),
    ("lbfgs", "bowl", 1, 10, 1e-20),
    ("lbfgs", "narrow bowl", 1, 25, 1e-14),
    ("lbfgs", "Rosenbrock", 1, 60, 1e-14),
    ("lbfgs", "flower", 1, 150, 0.30),
]


def descend(rule, landscape, rate, steps, p=None, slots=None):
    p = landscape.start.copy() if p is None else p
    slots = rule.slots(p) if slots is None else slots
    for _ in range(steps):
        rule.step(lambda: landscape(p), p, slots, rate, [p[:1]])
    return p, slots


@pytest.mark.parametrize(("name", "place", "rate", "steps", "below"), TABLE, ids=[f"{r[0]}-{r[1]}" for r in TABLE])
def test_every_rule_converges(name, place, rate, steps, below):
    landscape = LANDSCAPES[place]
    p, _ = descend(OPTIMIZERS[name], landscape, rate, steps)
    assert landscape(p)[0] < below < landscape(landscape.start)[0]


@pytest.mark.parametrize("place", LANDSCAPES)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_resumed_is_never_stopped(name, place):
    landscape = LANDSCAPES[place]
    rule = AdamW(weight_decay=0.1) if name == "adamw" else OPTIMIZERS[name]
    whole, _ = descend(rule, landscape, 1e-3, 12)
    for first in (1, 5, 11):
        p, slots = descend(rule, landscape, 1e-3, first)
        resumed, _ = descend(rule, landscape, 1e-3, 12 - first, p.copy(), copy.deepcopy(slots))
        assert resumed.tobytes() == whole.tobytes()


@pytest.mark.parametrize("name", descents)
def test_precision_is_kept(name):
    rule = OPTIMIZERS[name]
    p = np.ones(2, np.float32)
    slots = rule.slots(p)
    assert {v.dtype for n, v in slots.items() if n != "steps"} <= {np.dtype(np.float32)}
    single = follow(rule, RANDOM, dtype=np.float32)
    np.testing.assert_allclose(single, follow(rule, RANDOM), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", descents)
@pytest.mark.parametrize("cost", [np.nan, np.inf])
def test_no_update_after_a_cost_that_is_not_finite(name, cost):
    rule, p = OPTIMIZERS[name], np.ones(2)
    slots = rule.slots(p)
    assert not np.isfinite(rule.step(lambda: (cost, GRADIENTS[0]), p, slots, 0.1, [p[:1]]))
    assert p.tolist() == [1, 1]
    assert slots["steps"] == 0
    assert not rule.converged(slots)


# clipping and names ----------------------------------------------------------------------------------------------


def test_clipping_by_norm():
    g = np.array([3.0, -4.0])
    assert clip_by_norm(g, 1.0) == 5
    np.testing.assert_allclose(g, [0.6, -0.8], rtol=1e-15)
    for largest in (5.0, 6.0):
        g = np.array([3.0, -4.0])
        assert clip_by_norm(g, largest) == 5
        assert g.tolist() == [3, -4]


def test_only_lbfgs_needs_the_full_batch():
    assert [name for name, rule in OPTIMIZERS.items() if rule.full_batch_only] == ["lbfgs"]


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: GradientDescent(1.0), "momentum of GradientDescent must be at least 0 and below 1, got 1.0."),
        (lambda: RMSprop(decay=-0.1), "decay of RMSprop must be at least 0 and below 1, got -0.1."),
        (lambda: Adam(beta2=1), "beta2 of Adam must be at least 0 and below 1, got 1."),
        (lambda: AdamW(beta1=2), "beta1 of AdamW must be at least 0 and below 1, got 2."),
        (
            lambda: GradientDescent(nesterov=True),
            "nesterov=True looks ahead along the momentum: give momentum above 0, 0.9 is usual.",
        ),
        (
            lambda: get_optimizer("adm"),
            "unknown optimizer 'adm': did you mean 'adam'? "
            "Known: adam, adamw, gradient_descent, lbfgs, momentum, nesterov, rmsprop.",
        ),
        (
            lambda: get_optimizer(0.1),
            "optimizer must be a name or an object like GradientDescent(momentum=0.9), got 0.1.",
        ),
    ],
)
def test_refusals(build, message):
    with pytest.raises(InputError) as error:
        build()
    assert str(error.value) == message


def test_an_object_is_itself():
    rule = LBFGS(memory=3)
    assert get_optimizer(rule) is rule
    assert get_optimizer("adam") == Adam()


# large networks --------------------------------------------------------------------------------------------------

SIZE = 2 * fast_updates.BLOCK + 5


def walk(rule, dtype, steps=3, size=SIZE):
    rng = np.random.default_rng(0)
    p = rng.normal(size=size).astype(dtype)
    slots = rule.slots(p)
    for _ in range(steps):
        g = rng.normal(size=size).astype(dtype)
        rule.step(lambda g=g: (0.0, g), p, slots, 0.01, [p[:10]])
    return p, slots


@pytest.mark.parametrize("rule", descents.values(), ids=descents)
def test_blocks_are_the_whole(rule, monkeypatch):
    """Updated block by block, a large vector has the bits that it has when it is updated at once."""
    monkeypatch.setattr(fast_updates, "compiled_adam", lambda: None)
    p, slots = walk(rule, np.float32)
    monkeypatch.setattr(fast_updates, "BLOCK", SIZE)
    whole, whole_slots = walk(rule, np.float32)
    np.testing.assert_array_equal(p, whole)
    for name, vector in slots.items():
        np.testing.assert_array_equal(vector, whole_slots[name])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rule", [Adam(), Adam(0.5, 0.9, E), AdamW(weight_decay=0.5)], ids=str)
def test_one_pass_is_the_formula(rule, dtype, monkeypatch):
    pytest.importorskip("numba", reason="the one-pass update needs the extra fast")
    p, slots = walk(rule, dtype)
    monkeypatch.setattr(fast_updates, "compiled_adam", lambda: None)
    reference, reference_slots = walk(rule, dtype)
    tight = {"rtol": 20 * np.finfo(dtype).eps, "atol": 20 * np.finfo(dtype).eps}
    np.testing.assert_allclose(p, reference, **tight)
    assert not np.array_equal(p, reference) or dtype == np.float64  # it was another computation
    for name in ("mean", "square"):
        assert slots[name].dtype == dtype
        np.testing.assert_allclose(slots[name], reference_slots[name], **tight)


@pytest.mark.parametrize("original", [GradientDescent, Adam])
def test_a_rule_derived_from_these_updates_the_whole_at_once(original):
    """It may look at all of g, or keep a slot that is not a number for each of p."""

    class Derived(original):
        sizes = ()

        def update(self, p, g, slots, rate):
            type(self).sizes += (p.size,)

    walk(Derived(), np.float32, steps=2)
    assert Derived.sizes == (SIZE, SIZE)


def test_without_numba_there_is_no_one_pass(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    fast_updates.compiled_adam.cache_clear()
    try:
        assert fast_updates.compiled_adam() is None
    finally:
        fast_updates.compiled_adam.cache_clear()


@pytest.mark.parametrize("rule", ["momentum", "rmsprop", "adam"])
def test_what_has_vanished_is_set_to_zero(rule):
    """Where a unit gets no gradient any more its memory must not end in denormal numbers."""
    rule = OPTIMIZERS[rule]
    p = np.ones(2, np.float32)
    slots = rule.slots(p)
    for step in range(4000):
        g = np.array([1e-3 if step < 10 else 0, 1e-3], np.float32)
        rule.step(lambda g=g: (0.0, g), p, slots, 1e-6, [])
        for name in rule.slot_names:
            first, second = np.abs(slots[name])
            assert first == 0 or first >= np.finfo(np.float32).tiny
            assert second > 0
    assert any(slots[name][0] == 0 for name in rule.slot_names)
