"""Proves the page that a newcomer reads first: examples/one_page_network.py does what pellucid.nn does."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from runpy import run_path

import numpy as np
import pytest

from pellucid.nn import Dense, GradientDescent, Network

PAGE = Path(__file__).resolve().parents[2] / "examples" / "one_page_network.py"
page = run_path(str(PAGE))

XOR = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([[0.0], [1], [1], [0]])
rng = np.random.default_rng(0)
MANY = rng.normal(size=(30, 3)), (rng.random((30, 2)) > 0.5).astype(float)


@pytest.mark.parametrize(("rows", "widths"), [(XOR, [2, 4, 1]), (MANY, [3, 5, 4, 2]), (MANY, [3, 2])], ids=str)
def test_its_costs_are_those_of_the_library(rows, widths):
    (X, y), steps, rate = rows, 300, 0.5
    parameters = page["start"](widths)
    hidden = [Dense(n_in, n_out, "tanh") for n_in, n_out in pairwise(widths[:-1])]
    network = Network([*hidden, Dense(*widths[-2:])], "binary_cross_entropy").initialize(parameters)
    np.testing.assert_array_equal(network.parameters, network.copy().initialize("xavier", seed=1).parameters)

    costs = page["train"](parameters, X, y, rate, steps)

    rule, expected = GradientDescent(), []
    slots, weights = rule.slots(network.parameters), [layer.W for layer in network.dense]
    for _ in range(steps):
        J = rule.step(lambda: network.cost_and_gradient(X, y), network.parameters, slots, rate, weights)
        expected.append(J)
    np.testing.assert_allclose(costs, expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(np.concatenate([p.ravel() for p in parameters]), network.parameters, rtol=0, atol=1e-10)
    assert costs[-1] < costs[0]


def test_it_prints_falling_costs_and_needs_numpy_alone():
    printed = subprocess.run(
        [sys.executable, "-I", str(PAGE)], capture_output=True, text=True, check=True, encoding="utf-8"
    ).stdout
    costs = [float(line.split()[-1]) for line in printed.splitlines()]
    assert len(costs) == 6
    assert costs == sorted(costs, reverse=True)
    assert costs[-1] < 0.01
    imports = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith(("import ", "from "))]
    assert imports == ["from itertools import pairwise", "import numpy as np"]
