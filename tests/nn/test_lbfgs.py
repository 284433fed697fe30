"""Proves L-BFGS: scipy's optimum, strong Wolfe at every accepted step, the recursion against the full matrix."""

import itertools

import numpy as np
import pytest
from scipy import optimize

from pellucid.nn import LBFGS, Dense, Network
from pellucid.nn.lbfgs import Point, _between, _keep_pair, strong_wolfe, two_loop

SUFFICIENT_DECREASE, CURVATURE = 1e-4, 0.9


def regression(loss, k):
    """Linear layers alone with l2: convex, so that there is one optimum only."""
    rng = np.random.default_rng(k)
    X = rng.normal(size=(40, 5))
    y = rng.integers(k, size=40) if loss == "softmax_cross_entropy" else (rng.random((40, k)) > 0.5).astype(float)
    net = Network([Dense(5, k)], loss, l2=0.01).initialize("he", 0)

    def cost(p):
        net.parameters[:] = p
        return net.cost_and_gradient(X, y)

    return cost, net.parameters.copy()


def hidden_layer():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(30, 3))
    net = Network([Dense(3, 4, "tanh"), Dense(4, 1)], "squared_error", l2=1e-3).initialize("xavier", 0)

    def cost(p):
        net.parameters[:] = p
        return net.cost_and_gradient(X, np.sin(X[:, :1]))

    return cost, net.parameters.copy()


def valley(n):
    return lambda p: (optimize.rosen(p), optimize.rosen_der(p)), np.full(n, -1.0)


PROBLEMS = {
    "logistic": lambda: regression("binary_cross_entropy", 1),
    "softmax": lambda: regression("softmax_cross_entropy", 3),
    "least squares": lambda: regression("squared_error", 2),
    "hidden layer": hidden_layer,
    "valley of 2": lambda: valley(2),
    "valley of 10": lambda: valley(10),
}


def path(cost, p, rule=None, steps=400):
    """(p, cost, gradient) at the start and after every accepted step, the slots, and the number of evaluations."""
    rule, p, calls = rule or LBFGS(), p.copy(), []
    slots, points = rule.slots(p), [(p.copy(), *cost(p))]

    def evaluate():
        calls.append(1)
        return cost(p)

    for _ in range(steps):
        before = rule.step(evaluate, p, slots, 1.0, [])
        assert before == points[-1][1]
        if rule.converged(slots):
            break
        J, g = cost(p)
        points.append((p.copy(), J, g.copy()))
    return points, slots, len(calls)


@pytest.mark.parametrize("name", ["logistic", "softmax", "least squares", "valley of 2", "valley of 10"])
def test_the_optimum_of_scipy(name):
    cost, start = PROBLEMS[name]()
    theirs = optimize.minimize(cost, start, jac=True, method="L-BFGS-B", options={"gtol": 1e-9, "ftol": 1e-16})
    points, slots, _ = path(cost, start, LBFGS(tolerance=1e-7))
    p, J, g = points[-1]
    assert slots["converged"]
    assert np.linalg.norm(g) <= 1e-7
    assert pytest.approx(theirs.fun, abs=1e-12) == J
    np.testing.assert_allclose(p, theirs.x, atol=1e-5)


@pytest.mark.parametrize("name", PROBLEMS)
def test_about_as_many_evaluations_as_scipy(name):
    cost, start = PROBLEMS[name]()
    theirs = optimize.minimize(cost, start, jac=True, method="L-BFGS-B", options={"gtol": 1e-7, "ftol": 0})
    assert path(cost, start, LBFGS(tolerance=1e-7))[2] < 2 * theirs.nfev


@pytest.mark.parametrize("memory", [1, 3, 10])
@pytest.mark.parametrize("name", PROBLEMS)
def test_strong_wolfe_at_every_accepted_step(name, memory):
    cost, start = PROBLEMS[name]()
    points, _, _ = path(cost, start, LBFGS(memory, 1e-5))
    assert len(points) > 5
    for (p0, J0, g0), (p1, J1, g1) in itertools.pairwise(points):
        s = p1 - p0
        assert g0 @ s < 0
        assert J0 + SUFFICIENT_DECREASE * (g0 @ s) >= J1
        assert abs(g1 @ s) <= CURVATURE * abs(g0 @ s) * (1 + 1e-9)


def check_two_loop(product):
    """H g by the recursion against H built up as a full matrix: H <- (1 - r s y')H(1 - r y s') + r s s'."""
    rng = np.random.default_rng(0)
    A = rng.normal(size=(6, 6))
    A = A @ A.T + np.eye(6)
    S = rng.normal(size=(4, 6))
    Y = S @ A
    H = (S[-1] @ Y[-1]) / (Y[-1] @ Y[-1]) * np.eye(6)
    for s, y in zip(S, Y, strict=True):
        r = 1 / (s @ y)
        V = np.eye(6) - r * np.outer(y, s)
        H = V.T @ H @ V + r * np.outer(s, s)
    g = rng.normal(size=6)
    kept = g.copy()
    np.testing.assert_allclose(product(g, S, Y), H @ g, rtol=1e-11)
    np.testing.assert_array_equal(g, kept)


def test_two_loop_is_the_full_matrix():
    check_two_loop(two_loop)


MUTANTS = {
    "newest pair first": lambda g, S, Y: two_loop(g, S[::-1], Y[::-1]),
    "S and Y swapped": lambda g, S, Y: two_loop(g, Y, S),
    "no pairs": lambda g, S, Y: g * (S[-1] @ Y[-1]) / (Y[-1] @ Y[-1]),
    "one pair only": lambda g, S, Y: two_loop(g, S[-1:], Y[-1:]),
}


@pytest.mark.parametrize("mutant", MUTANTS.values(), ids=MUTANTS)
def test_mutants_are_rejected(mutant):
    with pytest.raises(AssertionError):
        check_two_loop(mutant)


def test_the_memory_keeps_the_newest_pairs():
    cost, start = valley(4)
    points, slots, _ = path(cost, start, LBFGS(memory=3), steps=7)
    S = np.diff([p for p, _, _ in points], axis=0)
    Y = np.diff([g for _, _, g in points], axis=0)
    assert slots["pairs"] == 7
    np.testing.assert_array_equal(slots["S"], S[-3:])
    np.testing.assert_array_equal(slots["Y"], Y[-3:])
    np.testing.assert_array_equal(slots["gradient"], points[-1][2])


def test_at_the_optimum_it_stays_and_says_so():
    p = np.zeros(2)
    rule = LBFGS()
    slots = rule.slots(p)
    assert rule.step(lambda: (3.0, np.array([1e-7, 0])), p, slots, 1, []) == 3
    assert p.tolist() == [0, 0]
    assert rule.converged(slots)


def test_a_flat_lie_ends_it_where_it_was():
    """A gradient that promises descent the cost does not have: no step, and no endless search."""
    p = np.ones(2)
    rule = LBFGS()
    slots = rule.slots(p)
    assert rule.step(lambda: (1.0, np.ones(2)), p, slots, 1, []) == 1
    assert p.tolist() == [1, 1]
    assert rule.converged(slots)


@pytest.mark.parametrize("cost", [np.nan, np.inf])
def test_a_cost_that_is_not_finite_is_handed_back(cost):
    p = np.ones(2)
    rule = LBFGS()
    slots = rule.slots(p)
    assert not np.isfinite(rule.step(lambda: (cost, np.ones(2)), p, slots, 1, []))
    assert not rule.converged(slots)
    assert p.tolist() == [1, 1]


@pytest.mark.parametrize("beyond", [np.inf, np.nan])
def test_the_search_comes_back_from_where_the_cost_is_not_finite(beyond):
    """-log(1 - p^2) + p/2 ends at |p| = 1; its smallest value is where 2p/(1 - p^2) = -1/2, p = 2 - sqrt(5)."""

    def cost(p):
        if abs(p[0]) >= 1:
            return beyond, np.array([beyond])
        return -np.log(1 - p[0] ** 2) + p[0] / 2, 2 * p / (1 - p**2) + 0.5

    points, slots, _ = path(cost, np.array([0.999]))
    assert slots["converged"]
    assert points[-1][0][0] == pytest.approx(2 - 5**0.5, abs=1e-7)


def test_a_stale_memory_is_dropped():
    """Pairs of another function point uphill; plain descent takes over."""
    cost, start = valley(2)
    p, rule = start.copy(), LBFGS()
    slots = rule.slots(p)
    slots["S"][-1], slots["Y"][-1], slots["pairs"][...] = [1.0, 0.0], [-1.0, 0.0], 1
    before = rule.step(lambda: cost(p), p, slots, 1, [])
    assert cost(p)[0] < before
    assert slots["pairs"] == 1
    assert slots["S"][-1] @ slots["Y"][-1] > 0


def line(f, df):
    """A one-dimensional search line, and the step lengths tried on it."""
    tried = []

    def at(step):
        tried.append(step)
        return Point(step, f(step), df(step), np.array([df(step)]))

    return at, tried


@pytest.mark.parametrize(
    ("f", "df", "first"),
    [
        (lambda a: (a - 3) ** 2, lambda a: 2 * (a - 3), 1e-3),  # far too short at first
        (lambda a: (a - 3) ** 2, lambda a: 2 * (a - 3), 1e3),  # far too long
        (lambda a: -a / (a * a + 2), lambda a: (a * a - 2) / (a * a + 2) ** 2, 1.0),  # Moré and Thuente 1994, no. 1
        (lambda a: (a + 0.004) ** 5 - 2 * (a + 0.004) ** 4, lambda a: 5 * (a + 0.004) ** 4 - 8 * (a + 0.004) ** 3, 10),
        (lambda a: np.cos(a), lambda a: -np.sin(a) - 1e-3, 40.0),
    ],
)
def test_the_line_search_ends_in_strong_wolfe(f, df, first):
    at, tried = line(f, df)
    origin = at(0.0)
    found = strong_wolfe(at, origin, first)
    assert found.cost <= origin.cost + SUFFICIENT_DECREASE * found.step * origin.slope
    assert abs(found.slope) <= CURVATURE * abs(origin.slope)
    assert found.step == tried[-1]
    assert len(tried) <= 26


def test_a_rise_behind_a_fall_is_bracketed():
    """The second trial is below the start but above the first: the minimum lies between the two, not beyond."""
    script = [Point(1, -1.0, -1.0, np.zeros(1)), Point(2, -0.5, -1.0, np.zeros(1)), Point(1.5, -1.2, 0, np.zeros(1))]
    tried = []

    def at(step):
        tried.append(step)
        return script[len(tried) - 1]

    assert strong_wolfe(at, Point(0, 0.0, -1.0, np.zeros(1)), 1.0) is script[2]
    assert tried[:2] == [1, 2]
    assert 1 < tried[2] < 2


def test_the_lowest_point_met_is_better_than_none():
    """No flat place anywhere: after 25 trials the lowest one is taken; where none is lower, nothing."""
    costs = iter([-1.0, -5.0, np.inf, *[-2.0] * 22])
    at = lambda step: Point(step, next(costs), -1.0, np.zeros(1))  # noqa: E731
    assert strong_wolfe(at, Point(0, 0.0, -1.0, np.zeros(1)), 1.0).cost == -5
    assert strong_wolfe(lambda step: Point(step, 1.0, 1.0, np.zeros(1)), Point(0, 0.0, -1.0, None), 1.0) is None


def test_a_search_within_rounding_ends_early():
    tried = []

    def at(step):
        tried.append(step)
        return Point(step, 1.0 + 4e-16, 1e-15, np.zeros(1))

    assert strong_wolfe(at, Point(0, 1.0, -1e-15, np.zeros(1)), 1.0) is None
    assert len(tried) < 10


def test_the_point_kept_is_the_lowest_met_not_the_last():
    """|p - 0.3| is flat nowhere, so that no point ends the search; cost and gradient belong to where p is left."""

    def cost(p):
        return float(np.abs(p - 0.3).sum()), np.sign(p - 0.3)

    p, rule = np.array([1.0]), LBFGS()
    slots, seen = rule.slots(p), []

    def evaluate():
        seen.append(cost(p))
        return seen[-1]

    rule.step(evaluate, p, slots, 1, [])
    assert cost(p) == (slots["cost"], slots["gradient"]) == min(seen)
    assert seen[-1] != min(seen)


def test_only_pairs_of_positive_curvature_are_kept():
    slots = LBFGS(memory=2).slots(np.zeros(2))
    for y in ([-1.0, 0.0], [0.0, 1.0], [1e-11, 1.0]):
        _keep_pair(slots, np.array([1.0, 0.0]), np.array(y))
    assert slots["pairs"] == 0
    _keep_pair(slots, np.array([1.0, 0.0]), np.array([1e-9, 1.0]))
    assert slots["pairs"] == 1


def test_interpolation_finds_the_minimum_of_a_cubic():
    f, df = (lambda a: a**3 - 3 * a), (lambda a: 3 * a * a - 3)  # smallest at a = 1
    points = {a: Point(a, f(a), df(a), np.zeros(1)) for a in (0.0, 1.5, 2.0)}
    assert _between(points[0.0], points[2.0]) == pytest.approx(1, rel=1e-12)
    assert _between(points[2.0], points[0.0]) == pytest.approx(1, rel=1e-12)
    assert _between(points[0.0], points[1.5]) == pytest.approx(1, rel=1e-12)
    assert _between(points[0.0], Point(2.0, np.inf, 1.0, np.zeros(1))) == 1.0
    steep = Point(2.0, 1e9, 1e9, np.zeros(1))  # the cubic's minimum is too near an end: the middle instead
    assert _between(points[0.0], steep) == 1.0


def test_float32_parameters_reach_their_precision():
    cost, start = regression("squared_error", 2)
    single = LBFGS(tolerance=1e-4)

    def cost32(p):
        J, g = cost(p.astype(np.float64))
        return J, g.astype(np.float32)

    points, slots, _ = path(cost32, start.astype(np.float32), single)
    assert points[-1][0].dtype == slots["S"].dtype == np.float32
    assert points[-1][1] == pytest.approx(path(cost, start)[0][-1][1], rel=1e-5)
