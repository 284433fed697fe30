"""Proves the loop: what a cost is, batches, streams, early stopping, and that resumed equals never stopped."""

import copy

import numpy as np
import pytest

from pellucid.nn import LBFGS, OPTIMIZERS, Cosine, Dense, Network
from pellucid.system.random_streams import stream
from pellucid.training import EarlyStopping, Settings
from pellucid.training.loop import Examples, State, initial_state, steps

SEED = 3


def examples(n=23, seed=0, weighted=False):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    w = rng.uniform(0.2, 2, n) if weighted else None
    return Examples(X, (X[:, :1] * X[:, 1:2] > 0).astype(float), None if w is None else w / w.mean())


def settings(**changed):
    usual = {"hidden_layers": (4,), "activation": "tanh", "optimizer": "gradient_descent", "learning_rate": 0.1}
    return Settings(**usual | {"epochs": 6, "random_state": SEED} | changed)


def start(s):
    net = s.network(3, 1, "binary_cross_entropy").initialize("xavier", SEED)
    return initial_state(net, s, SEED)


def run(s, train=None, validation=None, state=None):
    state = start(s) if state is None else state
    for _ in steps(train or examples(), s, state, validation):
        pass
    return state


# what a cost is --------------------------------------------------------------------------------------------------


def test_full_batch_cost_is_before_the_update():
    s, train = settings(l2=0.1, batch_size=None), examples(weighted=True)
    state = start(s)
    before = [state.network().cost_and_gradient(train.X, train.y, train.weight)[0]]
    for now in steps(train, s, state):
        before.append(now.network().cost_and_gradient(train.X, train.y, train.weight)[0])
    np.testing.assert_allclose(state.history.cost, before[:-1], rtol=1e-15)
    assert state.history.cost[-1] < state.history.cost[0]


def by_hand(s, train, dropout, rows_per_batch, epochs):
    """The run written out: order, batches, J and update of each, and the mean of J weighted by rows."""
    net = start(s).network()
    shuffle, drop, costs = stream(SEED, "shuffle"), stream(SEED, "dropout"), []
    for _ in range(epochs):
        order, total = shuffle.permutation(len(train)), 0.0
        for first in range(0, len(train), rows_per_batch):
            rows = order[first : first + rows_per_batch]
            J, g = net.cost_and_gradient(train.X[rows], train.y[rows], train.weight[rows], drop if dropout else None)
            net.parameters -= 0.1 * g
            total += J * len(rows)
        costs.append(total / len(train))
    return net, costs


@pytest.mark.parametrize("dropout", [0, 0.4])
@pytest.mark.parametrize("rows", [5, 8, 22])
def test_mini_batches_by_hand(rows, dropout):
    """The short last batch (23 = 4 x 5 + 3) is kept; the epoch's cost is the row-weighted mean."""
    s, train = settings(batch_size=rows, dropout=dropout, l2=0.05), examples(weighted=True)
    state = run(s, train)
    net, costs = by_hand(s, train, dropout, rows, 6)
    assert state.network().parameters.tobytes() == net.parameters.tobytes()
    np.testing.assert_allclose(state.history.cost, costs, rtol=1e-14)


def test_a_state_is_yielded_after_every_update():
    s = settings(batch_size=8, epochs=2)
    seen = [(now.epoch, now.batch, now.stopped) for now in steps(examples(), s, start(s))]
    assert seen == [(0, 1, False), (0, 2, False), (1, 0, False), (1, 1, False), (1, 2, False), (2, 0, True)]


def test_validation_cost_is_the_data_term_after_the_epoch():
    s, validation = settings(l2=0.5, dropout=0.5, batch_size=8), examples(11, seed=1)
    state, after = start(s), []
    for now in steps(examples(), s, state, validation):
        if now.batch == 0:
            Z = now.network().copy().forward(validation.X)[0]
            after.append(np.mean(np.logaddexp(0, Z) - Z * validation.y))
    np.testing.assert_allclose(state.history.validation_cost, after, rtol=1e-13)
    without = run(s)
    assert without.network().parameters.tobytes() == state.network().parameters.tobytes()
    assert without.history.validation_cost == []


def test_the_schedule_is_asked_in_epochs():
    asked = []

    def schedule(t, epochs):
        asked.append((t, epochs))
        return 0.1

    run(settings(batch_size=8, epochs=2, learning_rate=schedule))
    assert asked == [(pytest.approx(update / 3, rel=1e-15), 2) for update in range(6)]


def test_clipping_holds_the_step_back():
    s = settings(batch_size=None, epochs=1, clip_norm=1e-3)
    before = start(s).network().parameters
    assert np.linalg.norm(run(s).network().parameters - before) == pytest.approx(0.1 * 1e-3, rel=1e-12)


# streams ---------------------------------------------------------------------------------------------------------


def orders(s):
    state, seen = start(s), []
    for now in steps(examples(), s, state):
        if now.batch == 1:
            seen.append(now.order.tolist())
    return seen


def test_dropout_changes_neither_the_shuffling_nor_the_start():
    plain, dropped = settings(batch_size=8), settings(batch_size=8, dropout=0.5)
    assert orders(plain) == orders(dropped)
    assert start(plain).network().parameters.tobytes() == start(dropped).network().parameters.tobytes()


def test_every_epoch_has_every_row_once_in_an_order_of_its_own():
    seen = orders(settings(batch_size=8))
    assert [sorted(order) for order in seen] == [list(range(23))] * 6
    assert len({tuple(order) for order in seen}) == 6


def test_full_batch_draws_nothing():
    state = run(settings(batch_size=None))
    for name in ("shuffle", "dropout"):
        assert getattr(state, name).random() == stream(SEED, name).random()


# resumption ------------------------------------------------------------------------------------------------------

RUNS = {
    **{f"{name}, batches of 5": {"optimizer": name, "batch_size": 5} for name in OPTIMIZERS if name != "lbfgs"},
    "lbfgs": {"optimizer": "lbfgs", "epochs": 25},
    "dropout, momentum": {"optimizer": "momentum", "batch_size": 5, "dropout": 0.4},
    "dropout, full batch": {"optimizer": "adam", "batch_size": None, "dropout": 0.4, "epochs": 25},
    "adamw, l2, cosine, clipped": {"optimizer": "adamw", "batch_size": 5, "l2": 0.1, "learning_rate": Cosine(0.1)}
    | {"clip_norm": 0.5},
    "early stopping": {"batch_size": 5, "learning_rate": 1.0, "early_stopping": EarlyStopping(4, 1e-3), "epochs": 60},
}


@pytest.mark.parametrize("changed", RUNS.values(), ids=RUNS)
def test_a_resumed_run_is_the_run_never_stopped(changed):
    """Copied after k updates - at an epoch's start, in its middle, before its last batch - and driven to the end."""
    s, train, validation = settings(**changed), examples(weighted=True), examples(11, seed=1)
    whole = run(s, train, validation)
    for k in (1, 4, 5, 7, 10, 14):
        state = start(s)
        for updates, now in enumerate(steps(train, s, state, validation), start=1):
            if updates == k:
                resumed = copy.deepcopy(now)
                break
        assert resumed.batch == k % (5 if s.batch_rows(23) == 5 else 1)
        resumed = run(s, train, validation, resumed)
        assert resumed.network().parameters.tobytes() == whole.network().parameters.tobytes()
        assert resumed.history.cost == whole.history.cost
        assert resumed.history.validation_cost == whole.history.validation_cost
        assert resumed.history.stopped_because == whole.history.stopped_because
        assert resumed.history.best_epoch == whole.history.best_epoch


def test_copies_go_their_own_ways():
    s = settings(batch_size=5)
    state = start(s)
    driver = steps(examples(), s, state)
    for _ in range(3):
        next(driver)
    kept = copy.deepcopy(state)
    before = kept.network().parameters.tobytes()
    for _ in driver:
        pass
    assert kept.network().parameters.tobytes() == before
    assert (kept.epoch, kept.batch, state.epoch) == (0, 3, 6)


# endings ---------------------------------------------------------------------------------------------------------


class Scripted(Network):
    """A network whose validation costs are given."""

    script = ()

    def data_cost(self, X, y, sample_weight=None, work=None):
        self.asked = getattr(self, "asked", 0) + 1
        return self.script[self.asked - 1]


@pytest.mark.parametrize(
    ("script", "patience", "min_delta", "epochs_run", "best_epoch"),
    [
        ([5, 4, 3, 3, 3, 3], 2, 0.0, 5, 2),  # no fall for two epochs
        ([5, 4, 3, 3.5, 2, 2, 2], 2, 0.0, 7, 4),  # waiting starts anew after a fall
        ([5, 4.9, 4.8, 4.7], 3, 0.5, 4, 3),  # falls too small to count, yet the lowest weights are kept
        ([5, 4.9, 4.4, 4.3, 4.2], 2, 0.5, 5, 4),  # two small falls together count
        ([5, 6], 1, 0.0, 2, 0),
        ([5, np.nan, np.inf], 2, 0.0, 3, 0),
        ([5, 4, 3, 2, 1, 0.5, 0.4, 0.3, 0.2, 0.1], 1, 0.0, 10, 9),
    ],
)
def test_early_stopping_waits_and_keeps_the_lowest(script, patience, min_delta, epochs_run, best_epoch):
    s = settings(batch_size=None, epochs=10, early_stopping=EarlyStopping(patience, min_delta))
    net = Scripted([Dense(3, 4, "tanh"), Dense(4, 1)], "binary_cross_entropy").initialize("xavier", SEED)
    net.script, weights = script, []
    state = initial_state(net, s, SEED)
    for now in steps(examples(), s, state, examples(5)):
        weights.append(now.network().parameters.copy())
    assert state.epoch == epochs_run
    assert state.history.best_epoch == best_epoch
    assert state.best_cost == script[best_epoch]
    assert state.best.tobytes() == weights[best_epoch].tobytes()
    assert state.history.stopped_because == (
        "all 10 epochs done" if epochs_run == 10 else f"the validation cost did not fall for {patience} epochs"
    )


def test_validation_alone_is_only_recorded():
    state = run(settings(learning_rate=50.0, epochs=40), validation=examples(11, seed=1))
    assert state.best is state.history.best_epoch is None
    assert len(state.history.validation_cost) == 40
    assert min(state.history.validation_cost) < state.history.validation_cost[-1]


def test_lbfgs_stops_where_no_step_helps():
    s = settings(hidden_layers=(), optimizer=LBFGS(tolerance=1e-5), l2=0.1, epochs=500)
    state = run(s)
    _, g = state.network().cost_and_gradient(examples().X, examples().y)
    assert np.linalg.norm(g) <= 1e-5
    assert state.history.stopped_because == (f"converged after {state.epoch} epochs: no further step lowers the cost")
    assert len(state.history.cost) == state.epoch < 50
    assert all(b < a for a, b in zip(state.history.cost[:-1], state.history.cost[1:-1], strict=False))


def test_the_first_reason_to_stop_stands():
    state = State(*[None] * 4)
    state.stop("one")
    state.stop("two")
    assert state.history.stopped_because == "one"


@pytest.mark.parametrize("rows", [None, 8])
def test_a_cost_that_is_not_finite_ends_the_run_before_an_update(rows):
    s, train = settings(hidden_layers=(), batch_size=rows), examples()
    state = start(s)
    driver = steps(train, s, state)
    next(driver)
    train.X[:] = 1e308  # such rows are refused by nobody, and Z overflows
    state.network().parameters[:3] = 1e10
    kept = state.network().parameters.copy()
    assert next(driver).diverged
    assert next(driver, None) is None
    assert state.network().parameters.tobytes() == kept.tobytes()
    assert state.history.stopped_because == (
        f"diverged: the cost became nan in epoch {state.epoch}; "
        + (f"the last finite cost was {state.history.cost[0]:.4g}" if rows is None else "no cost was finite before it")
        + ". Try a smaller learning rate (it was 0.1; try 0.01), clip_norm=1, or inputs scaled to about 0 to 1."
    )
