"""Proves that nothing is lost when training ends early: callbacks, Ctrl-C, divergence."""

import os
import signal
import threading

import numpy as np
import pytest

from pellucid.errors import DivergedError, TrainingWarning
from pellucid.system.random_streams import seeds
from pellucid.training import EarlyStopping
from training_runs import bits, rows, trained


@pytest.fixture(autouse=True)
def ctrl_c_interrupts():
    """As in a terminal; a job in the background inherits a SIGINT that is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_a_callback_stops():
    seen = []

    def third(state):
        seen.append(state.epoch)
        return state.epoch == 3

    X, y = rows()
    fitted = trained(X, y, callbacks=(third,), batch_size=7)
    assert seen == [1, 2, 3]
    assert fitted.history.stopped_because == "a callback stopped it after 3 epochs"
    assert bits(fitted) == bits(trained(X, y, epochs=3, batch_size=7))
    assert trained(X, y).history.stopped_because == "all 12 epochs done"


def press_ctrl_c(at, times=1):
    """A callback that presses Ctrl-C when that many epochs are done."""
    assert threading.current_thread() is threading.main_thread()

    def callback(state):
        if state.epoch == at:
            for _ in range(times):
                os.kill(os.getpid(), signal.SIGINT)

    return callback


def test_ctrl_c_keeps_what_was_learned():
    before = signal.getsignal(signal.SIGINT)
    X, y = rows()
    fitted = trained(X, y, callbacks=(press_ctrl_c(3),), batch_size=None)
    assert fitted.history.stopped_because == "interrupted in epoch 4; what was learned until then is kept"
    assert bits(fitted) == bits(trained(X, y, epochs=4, batch_size=None))
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_in_the_middle_of_an_epoch():
    X, y = rows()
    fitted = trained(X, y, callbacks=(press_ctrl_c(3),), batch_size=7)
    assert fitted.history.stopped_because == "interrupted in epoch 3; what was learned until then is kept"
    assert len(fitted.history.cost) == 3
    assert bits(fitted) != bits(trained(X, y, epochs=3, batch_size=7))


def test_a_second_ctrl_c_interrupts():
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        trained(*rows(), callbacks=(press_ctrl_c(3, times=2),))
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_with_early_stopping_gives_back_the_lowest():
    X, y = rows()
    fitted = trained(
        X, y, validation=rows(20, seed=1), learning_rate=0.5, epochs=300, callbacks=(press_ctrl_c(40),),
        early_stopping=EarlyStopping(patience=300),
    )  # fmt: skip
    assert fitted.history.stopped_because.startswith("interrupted in epoch 41")
    assert fitted.history.best_epoch == np.argmin(fitted.history.validation_cost) < 30
    assert fitted.network.data_cost(*rows(20, seed=1)) == min(fitted.history.validation_cost)


def test_one_ctrl_c_ends_all_restarts():
    epochs = []
    X, y = rows()
    fitted = trained(X, y, restarts=5, callbacks=(press_ctrl_c(3), lambda state: epochs.append(state.epoch)))
    assert epochs == [1, 2, 3, 4]
    assert fitted.history.stopped_because.startswith("interrupted in epoch 4")


def test_fit_works_in_a_thread_of_its_own():
    found = []
    thread = threading.Thread(target=lambda: found.append(trained(*rows())))
    thread.start()
    thread.join()
    assert bits(found[0]) == bits(trained(*rows()))


# divergence ------------------------------------------------------------------------------------------------------

ONE = np.ones((1, 1))
PLAIN = {"hidden_layers": (), "init": [ONE], "optimizer": "gradient_descent", "loss": "squared_error"}
ADVICE = "clip_norm=1, or inputs scaled to about 0 to 1."


@pytest.mark.parametrize(
    ("X", "rate", "epochs", "message", "costs"),
    [
        (
            ONE, 1e200, 5,
            "Training diverged: the cost became inf in epoch 1; the last finite cost was 0.5. Try a smaller learning "
            f"rate (it was 1e+200; try 1e+199), {ADVICE}", 1,
        ),
        (
            1e200 * ONE, 0.5, 5,
            "Training diverged: the cost became inf in epoch 0; no cost was finite before it. Try a smaller learning "
            f"rate (it was 0.5; try 0.05), {ADVICE}", 0,
        ),
        (
            1e100 * ONE, 1e300, 1,
            "Training diverged: the last update gave weights that are not finite; the last finite cost was 5e+199. "
                f"Try a smaller learning rate, {ADVICE}", 1,
        ),
    ],
)  # fmt: skip
def test_divergence_is_told_with_what_to_try(X, rate, epochs, message, costs):
    with pytest.raises(DivergedError) as error:
        trained(X, 0 * ONE, learning_rate=rate, epochs=epochs, **PLAIN)
    assert str(error.value) == message
    assert len(error.value.history.cost) == costs


def test_divergence_with_early_stopping_gives_back_the_best_and_warns():
    """On x = 1, y = 0 a rate of 3 makes w + b = 1 into -5, 25, -125, ...; the validation row wants 30, so epoch 1."""
    patient = EarlyStopping(patience=10**6)
    with pytest.warns(TrainingWarning) as warned:
        fitted = trained(
            ONE, 0 * ONE, validation=(ONE, 30 * ONE), learning_rate=3.0, epochs=2000, early_stopping=patient, **PLAIN
        )
    assert fitted.network.parameters.sum() == 25
    assert fitted.history.best_epoch == 1
    assert fitted.history.validation_cost[:3] == [35**2 / 2, 5**2 / 2, 155**2 / 2]
    assert str(warned[0].message) == (
        f"Training diverged: the cost became inf in epoch {len(fitted.history.cost)}; the last finite cost was "
        f"{fitted.history.cost[-1]:.4g}. Try a smaller learning rate (it was 3; try 0.3), {ADVICE} "
        "The best weights, of epoch 1, came back."
    )


def test_a_restart_that_converges_saves_one_that_diverges():
    """The start is 3 or 0.1 by the draw; only the far one overflows."""

    def start(rng, n_out, n_in):
        return np.full((n_out, n_in), 1e200 if rng.random_sample() < 0.5 else 0.1)

    firsts = [np.random.RandomState(seed).random_sample() < 0.5 for seed in seeds(5, "restart", 6)]
    assert len(set(firsts)) == 2
    fitted = trained(ONE, 0 * ONE, **PLAIN | {"init": start, "restarts": 6})
    assert np.isfinite(fitted.network.parameters).all()
    assert fitted.history.stopped_because == "all 12 epochs done"
