"""Proves row space: costs and weights as on the inputs, for every rule that may use it, from every kind of row."""

import signal
import sys
from dataclasses import replace

import numpy as np
import pytest

from pellucid.errors import InputError
from pellucid.nn import Adam, GradientDescent
from pellucid.nn.scaled_integers import IntegerRows
from pellucid.training import EarlyStopping, Settings, fit
from pellucid.training.examples import Examples
from pellucid.training.row_space import Gram, eligibility, reductions

N, D = 23, 60
DESCENT = {"optimizer": "gradient_descent", "batch_size": None}
STEPS = 100


def rows(kind="random", n=N, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, D)) + 0.5
    if kind == "copies":
        X[n // 2 :] = X[: n - n // 2]
    if kind == "of rank 3":
        X = rng.normal(size=(n, 3)) @ rng.normal(size=(3, D))
    if kind == "some zero":
        X[::3] = 0
    if kind == "more rows than inputs":
        X = rng.normal(size=(3 * D, D))
    if kind == "one long":
        X[0] *= 1e7
    if kind == "all zero":
        X[:] = 0
    if kind == "large":
        X *= 1e3
    return X


def targets(X, seed=1, k=1):
    return (np.random.default_rng(seed).random((len(X), k)) > 0.4).astype(float)


def both(X, y, loss="binary_cross_entropy", n_out=1, settings=None, **how):
    """The fit on the full inputs, and the one in row space."""
    usual = {"hidden_layers": (7, (5, "tanh")), "learning_rate": 0.05, "epochs": STEPS, "random_state": 3}
    settings = Settings(**usual | DESCENT | (settings or {}))
    direct = fit(X, y, replace(settings, row_space=False), loss, n_out, **how)
    reduced = fit(X, y, replace(settings, row_space=True), loss, n_out, **how)
    assert (direct.history.used_row_space, reduced.history.used_row_space) == (False, True)
    return direct, reduced


def assert_same(direct, reduced, rtol=1e-9):
    assert len(direct.history.cost) == len(reduced.history.cost) > 3
    np.testing.assert_allclose(reduced.history.cost, direct.history.cost, rtol=rtol)
    np.testing.assert_allclose(reduced.history.validation_cost, direct.history.validation_cost, rtol=rtol)
    assert reduced.history.best_epoch == direct.history.best_epoch
    difference = np.linalg.norm(reduced.network.parameters - direct.network.parameters)
    assert difference <= rtol * np.linalg.norm(direct.network.parameters)
    assert reduced.network.parameters.dtype == direct.network.parameters.dtype


RULES = {
    "descent": {},
    "momentum": {"optimizer": "momentum", "learning_rate": 0.01},
    "nesterov": {"optimizer": "nesterov", "learning_rate": 0.01},
    "mini-batches": {"batch_size": 5},
    "nesterov, clipped, mini-batches": {"optimizer": "nesterov", "clip_norm": 0.3, "batch_size": 10},
    "clipped": {"clip_norm": 0.1},
    "l2": {"l2": 0.1},
    "l2 and momentum": {"l2": 0.1, "optimizer": GradientDescent(momentum=0.5)},
    "dropout": {"dropout": 0.3},
    "dropout and mini-batches": {"dropout": 0.3, "batch_size": 4},
    "L-BFGS": {"optimizer": "lbfgs", "epochs": 15, "l2": 0.01},
    "balanced": {"class_weight": "balanced"},
    "no hidden layer": {"hidden_layers": (), "init": "zeros"},
    "no hidden layer, l2": {"hidden_layers": (), "init": "zeros", "l2": 0.1},
    "gelu first": {"hidden_layers": ((6, "gelu"), 4)},
    "sigmoid first, mini-batches": {"hidden_layers": ((6, "sigmoid"), 4), "batch_size": 7},
    "positive start": {"init": "uniform_0.01"},
    "early stopping": {"early_stopping": EarlyStopping(patience=4, fraction=0.3)},
    "restarts": {"restarts": 3},
}


@pytest.mark.parametrize("how", RULES.values(), ids=RULES)
def test_the_same_costs_and_weights(how):
    X = rows()
    assert_same(*both(X, targets(X), settings=how))


KINDS = ["random", "copies", "of rank 3", "some zero", "more rows than inputs", "large", "one long", "all zero"]


@pytest.mark.parametrize("how", [{}, {"l2": 0.05}, {"batch_size": 6}], ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_from_every_kind_of_rows(kind, how):
    X = rows(kind)
    rate = {"large": 1e-8, "one long": 1e-18}.get(kind, 0.02)
    assert_same(*both(X, targets(X), settings={"learning_rate": rate} | how))


@pytest.mark.parametrize("how", [{}, {"l2": 0.05, "batch_size": 6}], ids=str)
def test_validation_sample_weight_and_warm_start(how):
    X, fresh = rows(), rows(seed=9, n=11)
    weight = np.random.default_rng(2).integers(3, size=N).astype(float)  # zeros among them
    start = Settings(hidden_layers=(7, (5, "tanh"))).network(D, 1, "binary_cross_entropy").initialize("xavier", 4)
    held_out = (fresh, targets(fresh))
    direct, reduced = both(X, targets(X), settings=how, sample_weight=weight, validation=held_out, start=start)
    assert len(direct.history.validation_cost) == STEPS
    assert_same(direct, reduced)


@pytest.mark.parametrize("loss", ["softmax_cross_entropy", "squared_error", "absolute_error", "huber"])
@pytest.mark.parametrize("how", [{}, {"clip_norm": 0.5}], ids=str)
def test_every_loss_with_three_outputs(loss, how):
    X = rows()
    y = np.arange(N) % 3 if loss == "softmax_cross_entropy" else targets(X, k=3)
    assert_same(*both(X, y, loss, 3, how))


@pytest.mark.parametrize("how", [{}, {"l2": 0.05}], ids=str)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_integer_rows_are_never_made_floats_of(dtype, how, monkeypatch):
    integers = np.random.default_rng(0).integers(np.iinfo(dtype).max, size=(N, D), endpoint=True).astype(dtype)
    X, fresh = IntegerRows(integers, np.iinfo(dtype).max), IntegerRows(integers[:9], np.iinfo(dtype).max)
    y = targets(X)
    settings = Settings(
        hidden_layers=(7,), epochs=STEPS, random_state=0, learning_rate=0.05, dtype="float64", **DESCENT | how
    )
    on_floats = fit(
        np.asarray(X), y, replace(settings, row_space=False), "binary_cross_entropy", 1, validation=(fresh, y[:9])
    )
    for method in ("__array__", "__getitem__", "gather"):
        monkeypatch.setattr(IntegerRows, method, lambda self, *_: pytest.fail("a block of floats was made"))
    reduced = fit(X, y, replace(settings, row_space=True), "binary_cross_entropy", 1, validation=(fresh, y[:9]))
    assert_same(on_floats, reduced)


def test_blocks_of_columns_add_up(monkeypatch):
    X, W, other = rows(), rows(n=4, seed=5), rows(n=6, seed=6)
    monkeypatch.setattr("pellucid.training.row_space.gram.BLOCK_NUMBERS", 7 * N)  # 7 columns at a time, 4 at the end
    gram = Gram(X, other)
    assert len(list(gram._blocks())) == 9
    np.testing.assert_allclose(gram.K, X @ X.T, rtol=1e-13)
    np.testing.assert_allclose(gram.K_validation, other @ X.T, rtol=1e-13)
    for ours, expected in zip(gram.responses(W), (X @ W.T, other @ W.T), strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-12, atol=1e-12)
    C = np.random.default_rng(8).normal(size=(4, N))
    moved = W.copy()
    gram.add_combination(moved, C)
    np.testing.assert_allclose(moved, W + C @ X, rtol=1e-12)


@pytest.mark.parametrize("extreme", [False, True])
def test_integers_are_multiplied_exactly(extreme):
    pixels = np.random.default_rng(0).integers(256, size=(5, 5000)).astype(np.uint8)
    if extreme:  # the largest and the smallest products there are
        pixels[:2], pixels[2:] = 0, 255
    whole = pixels.astype(np.int64)
    fresh = whole[3:0:-1]
    np.testing.assert_array_equal(
        Gram(IntegerRows(pixels), IntegerRows(fresh.astype(np.uint8))).K_validation, fresh @ whole.T
    )
    np.testing.assert_array_equal(Gram(IntegerRows(pixels)).K, whole @ whole.T)
    np.testing.assert_array_equal(Gram(IntegerRows(pixels, 255)).K, (whole @ whole.T) / 255**2)


def test_the_basis_is_orthonormal_and_carries_rows_and_start():
    X, settings = rows("copies"), Settings(hidden_layers=(4,), **DESCENT)
    network = settings.network(D, 1, "binary_cross_entropy").initialize("he", 1)
    problem = reductions.reduce_to_basis(network, Gram(X), Examples(X, targets(X)), None)
    r = len(np.unique(X, axis=0)) + 4
    assert problem.network.n_in == r
    assert isinstance(problem.train.X, np.ndarray)
    np.testing.assert_allclose(problem.train.X @ problem.train.X.T, X @ X.T, rtol=1e-10, atol=1e-10)
    W, w = network.dense[0].W, problem.network.dense[0].W
    np.testing.assert_allclose(w @ w.T, W @ W.T, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(problem.train.X @ w.T, X @ W.T, rtol=1e-10, atol=1e-12)
    assert problem.expand is not None
    np.testing.assert_allclose(problem.expand(problem.network).parameters, network.parameters, rtol=1e-9, atol=1e-12)


def test_squares_that_overflow():
    X = np.full((2, 9), 1e160)
    with pytest.raises(
        InputError, match=r"^X holds numbers whose squares overflow; bring the inputs to about 0 to 1\.$"
    ):
        both(X, np.zeros((2, 1)), settings={"learning_rate": 1e-200})


def test_a_callback_sees_the_network_of_the_inputs():
    seen = {False: [], True: []}
    X = rows()
    for row_space, networks in seen.items():
        look = lambda state, networks=networks: networks.append(state.network().parameters.copy())  # noqa: E731
        settings = Settings(
            hidden_layers=(5,), epochs=5, random_state=0, row_space=row_space, callbacks=(look,), **DESCENT
        )
        fit(X, targets(X), settings, "binary_cross_entropy", 1)
    np.testing.assert_allclose(seen[True], seen[False], rtol=1e-9, atol=1e-14)
    assert not np.array_equal(seen[True][0], seen[True][4])


def test_float32_is_the_type_of_the_stored_weights_only():
    X = rows().astype(np.float32)
    direct, reduced = both(X, targets(X), settings={"dtype": "float32"})
    assert reduced.network.parameters.dtype == np.float32
    exact = both(X, targets(X), settings={"dtype": "float64"})[0]
    assert abs(reduced.history.cost[-1] - exact.history.cost[-1]) < 1e-6
    np.testing.assert_allclose(direct.history.cost, reduced.history.cost, rtol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("how", [{}, {"clip_norm": 1e9}], ids=["coefficients", "basis"])
def test_the_four_layers_of_the_cats(real_data, how):
    """The published net on the real pictures: every cost and all weights, in both forms."""
    from pellucid.data import load
    from pellucid.experiment.articles import cats

    pictures = load(real_data / "cats").train
    X = np.concatenate(list(pictures.blocks())).reshape(len(pictures), -1)
    y = pictures.labels[:, None].astype(float)
    settings = replace(cats.FOUR_LAYER.start(None, None), epochs=101, **how)
    direct = fit(X / 255, y, replace(settings, row_space=False), "binary_cross_entropy", 1)
    reduced = fit(IntegerRows(X, 255), y, replace(settings, row_space=True), "binary_cross_entropy", 1)
    assert_same(direct, reduced, rtol=1e-11)
    assert round(reduced.history.cost[100], 6) == cats.FOUR_LAYER_COSTS[1]


# what is wrong must be seen -------------------------------------------------------------------------------------


class NoStart(reductions.Dual):
    """Forgets H0."""

    def forward(self, A_in, buffer, keep=False):
        A_in = A_in.copy()
        A_in[:, self.n :] = 0
        return super().forward(A_in, buffer, keep)


class TrueGradient(reductions.Dual):
    """Follows dJ/dC = dZ1^T K, which is not descent on W1."""

    def backward(self, dA, tape, buffer, dW, db, input_gradient):
        super().backward(dA, tape, buffer, dW, db, input_gradient)
        dW[:] = dW @ tape.A_in[:, : self.n]


class MeanBias(reductions.Dual):
    """db as the mean over the rows."""

    def backward(self, dA, tape, buffer, dW, db, input_gradient):
        super().backward(dA, tape, buffer, dW, db, input_gradient)
        db /= len(dA)


@pytest.mark.parametrize("mutant", [NoStart, TrueGradient, MeanBias])
def test_a_wrong_dual_layer_is_seen(mutant, monkeypatch):
    monkeypatch.setattr(reductions, "Dual", mutant)
    with pytest.raises(AssertionError, match="tolerance"):
        assert_same(*both(rows(), targets(rows())))


@pytest.mark.parametrize(("name", "wrong"), [
    ("K", lambda gram: gram.K * 1.001),
    ("responses", lambda gram: lambda W: tuple(-H for H in Gram.responses(gram, W))),
    ("add_combination", lambda gram: lambda W, C: Gram.add_combination(gram, W, -C)),
    ("K_validation", lambda gram: gram.K_validation[::-1]),
])  # fmt: skip
@pytest.mark.parametrize("how", [{}, {"l2": 0.05}], ids=["coefficients", "basis"])
def test_a_wrong_gram_is_seen(name, wrong, how, monkeypatch):
    class Mutant(Gram):
        def __init__(self, *rows):
            super().__init__(*rows)
            setattr(self, name, wrong(self))

    monkeypatch.setattr(sys.modules["pellucid.training.fit"], "Gram", Mutant)
    X, fresh = rows(), rows(seed=9, n=11)
    with pytest.raises(AssertionError):
        assert_same(*both(X, targets(X), settings=how, validation=(fresh, targets(fresh))))


# when it is used ------------------------------------------------------------------------------------------------


def checked(n=200, d=10_000, h=10, dtype="float64", **how):
    return eligibility.check_eligibility(Settings(**DESCENT | {"epochs": 100} | how), n, 0, d, h, np.dtype(dtype))


def test_used_where_it_pays():
    assert checked() == eligibility.Eligibility(
        True, "trained in row space, 200 rows in place of 10,000 inputs: 14 times fewer operations"
    )
    no_gain = "trained on the full inputs: 200 rows of 100 inputs gain nothing from row space"
    assert checked(d=100) == eligibility.Eligibility(False, no_gain)
    assert not checked(epochs=1).use  # the way there and back costs more than it saves
    assert not checked(n=20_000, d=784).use
    assert not checked(n=100, d=100, epochs=10**9).use and checked(n=99, d=100, epochs=10**9).use


def test_switched_off_and_required():
    assert checked(row_space=False) == eligibility.Eligibility(False, "trained on the full inputs, as requested")
    assert checked(d=100, row_space=True).use


@pytest.mark.parametrize("rule", ["adam", "rmsprop", "adamw", Adam(beta1=0.8)])
def test_the_reason_of_a_coordinate_wise_rule_says_what_it_misses(rule):
    name = rule if isinstance(rule, str) else "Adam"
    reason = f"trained on the full inputs: {name} is coordinate-wise, so the row-space shortcut does not apply"
    missed = "; gradient_descent, momentum, nesterov or lbfgs would need 9.6 times fewer operations"
    assert checked(optimizer=rule) == eligibility.Eligibility(False, reason + missed)
    assert checked(optimizer=rule, d=50) == eligibility.Eligibility(False, reason)
    with pytest.raises(InputError, match=f"^row_space must be 'auto' or False with {name}, which is coordinate-wise"):
        Settings(optimizer=rule, row_space=True)


def test_a_gram_matrix_that_does_not_fit(monkeypatch):
    monkeypatch.setattr(eligibility, "_free_memory", lambda: 2 * 3 * 8 * 210 * 210 - 1)
    too_large = "the products of 200 rows take 0.0 GiB, over half of the free memory"
    assert checked() == eligibility.Eligibility(False, f"trained on the full inputs: {too_large}")
    with pytest.raises(
        InputError, match=r"^row_space=True: the products .* Leave it 'auto', or train on fewer rows\.$"
    ):
        checked(row_space=True)
    monkeypatch.setattr(eligibility, "_free_memory", lambda: 2 * 3 * 8 * 210 * 210)
    assert checked().use


@pytest.mark.parametrize(("how", "n", "plain"), [
    ({}, 9, True), ({"optimizer": "nesterov"}, 9, True), ({"dropout": 0.5}, 9, True),
    ({"batch_size": "auto"}, 200, True), ({"batch_size": "auto"}, 201, False),
    ({"batch_size": 8}, 9, False), ({"l2": 1e-9}, 9, False),
    ({"clip_norm": 1e9}, 9, False), ({"optimizer": "lbfgs"}, 9, False),
])  # fmt: skip
def test_the_cheaper_form_is_for_plain_descent(how, n, plain):
    assert reductions.is_plain_descent(Settings(**DESCENT | how), n) is plain


def test_the_reason_is_in_the_history():
    X = rows()
    history = fit(X, targets(X), Settings(epochs=3, hidden_layers=(2,), **DESCENT), "binary_cross_entropy", 1).history
    assert history.row_space_reason == (
        f"trained on the full inputs: {N} rows of {D} inputs gain nothing from row space"
    )


# what a review found --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [{"optimizer": "momentum", "batch_size": 3}, {"l2": 0.01}], ids=str)
def test_a_row_much_longer_than_the_others(how):
    """Rightly classified and saturated from the start, so that the others decide; their directions must not be lost."""
    X = rows(n=6)
    W = rows(n=1, seed=4)
    X[0] = 1e8 * W[0]
    y = np.array([[1.0], [0], [1], [0], [1], [0]])
    settings = {"hidden_layers": (), "init": [W / 10], "learning_rate": 0.002} | how
    if "l2" in how:
        settings["learning_rate"] = 1e-4
    assert_same(*both(X, y, settings=settings))


@pytest.mark.parametrize("rule", ["momentum", "gradient_descent"])
def test_all_zero_and_a_unit_that_starts_at_zero(rule):
    how = {"optimizer": rule, "learning_rate": 0.05, "clip_norm": 1e6}
    zero = np.zeros((N, D))
    assert_same(*both(zero, targets(zero), settings={"init": "zeros"} | how))
    W1, W2 = rows(n=4, seed=5) / 9, np.ones((1, 4))
    W1[2] = 0
    assert_same(*both(rows(), targets(rows()), settings={"hidden_layers": (4,), "init": [W1, W2]} | how))


def test_a_rule_derived_from_descent_is_not_plain():
    class Normalised(GradientDescent):
        def update(self, p, g, slots, rate):
            super().update(p, g / np.linalg.norm(g), slots, rate)

    assert_same(*both(rows(), targets(rows()), settings={"optimizer": Normalised()}))


def test_a_rule_counts_as_coordinate_wise_by_default():
    class Own:
        full_batch_only = False

        def step(self):
            """Never called here."""

    assert not checked(optimizer=Own()).use


def test_validation_rows_of_another_width():
    X = rows()
    with pytest.raises(InputError, match=r"^validation rows have 57 inputs, training rows 60\.$"):
        both(X, targets(X), validation=(X[:, :57], targets(X)))


def test_ctrl_c_between_two_starts_keeps_the_first(monkeypatch):
    """Going into row space takes seconds with large pictures, before any update of that start."""
    module = sys.modules["pellucid.training.fit"]
    reduce, calls = module.reduce, []

    def pressed_in_the_second(*problem):
        calls.append(1)
        if len(calls) == 2:
            signal.raise_signal(signal.SIGINT)
        return reduce(*problem)

    monkeypatch.setattr(module, "reduce", pressed_in_the_second)
    same_start = [rows(n=4, seed=5) / 9, np.ones((1, 4))]
    settings = Settings(
        hidden_layers=(4,), init=same_start, epochs=20, restarts=3, random_state=0, row_space=True, **DESCENT
    )
    fitted = fit(rows(), targets(rows()), settings, "binary_cross_entropy", 1)
    assert fitted.interrupted and len(calls) == 2
    assert len(fitted.history.cost) == 20
    assert fitted.history.stopped_because == "all 20 epochs done; interrupted in start 2 of 3"
