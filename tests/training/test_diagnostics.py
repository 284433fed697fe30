"""The training doctor: each sickness once, healthy runs, and numbers that are known by construction."""

from dataclasses import replace

import numpy as np
import pytest

import pellucid
from pellucid.errors import DivergedError
from pellucid.nn import SCHEDULES, Dense, Network
from pellucid.nn.losses import get_loss
from pellucid.nn.scaled_integers import IntegerRows
from pellucid.training import EarlyStopping, History, Settings, fit
from pellucid.training.diagnostics import LEVELS, NAMES, Finding, diagnose, learning_checks
from pellucid.training.diagnostics import findings as thresholds
from pellucid.training.diagnostics.findings import merge_networks
from pellucid.training.diagnostics.learning_checks import better_rate
from pellucid.training.diagnostics.observed_run import ObservedRun, passed
from pellucid.training.examples import Examples
from reliability.sick_runs import CASES, SETTING, findings_of

CODES = "softmax_cross_entropy"
ONE = "binary_cross_entropy"


def names(findings):
    return {finding.name for finding in findings}


def found(findings, name):
    return next(finding for finding in findings if finding.name == name)


def rows(n=60, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    return X, (X[:, :1] * X[:, 1:2] > 0).astype(float)


SETTINGS = Settings(hidden_layers=(8,), learning_rate=0.02, epochs=100, random_state=0)


def trained(X, y, settings=SETTINGS, loss=ONE, n_out=1):
    fitted = fit(X, y, settings, loss, n_out)
    return fitted.network, fitted.history, settings, X, y


def test_views_of_one_sample_are_not_counted_as_samples():
    X, y = rows(12)
    run = trained(np.repeat(X, 3, axis=0), np.repeat(y, 3, axis=0))
    reported = diagnose(*run, views=3, cross_validation=(0.5, 0.5, 0.5))
    few = diagnose(*trained(X, y), cross_validation=(0.5, 0.5, 0.5))
    for name in ("too few examples", "no better than the majority"):
        assert found(reported, name).sentence == found(few, name).sentence
    assert "on 12 training rows" in found(reported, "no better than the majority").sentence


# Every sickness, once ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.change)
def test_a_sickness_is_named(case):
    healthy = SETTING["friedman" if case.name in SETTING["moons"].without else "moons"]
    findings = findings_of(case.make(healthy.run(30)))
    sick = found(findings, case.name)
    assert sick.level in ("problem", "watch")
    assert any(character.isdigit() for character in sick.sentence) and sick.numbers
    assert list(findings) == sorted(findings, key=lambda f: (LEVELS.index(f.level), NAMES.index(f.name)))


@pytest.mark.parametrize("data", SETTING)
def test_no_problem_in_healthy_runs(data):
    healthy = SETTING[data]
    for changed in ({}, *healthy.others):
        run = healthy.run(31)
        findings = findings_of(replace(run, settings=replace(run.settings, **changed)))
        assert not [finding for finding in findings if finding.level == "problem"]


# What is reported -----------------------------------------------------------------------------------------------------


def test_the_rate_advised_is_the_one_that_learned_most():
    run = SETTING["digits"].run(32)
    slow = replace(run, settings=replace(run.settings, learning_rate=0.02 / 1000))
    finding = found(findings_of(slow), "rate too low")
    assert finding.numbers["rate"] == 0.02 / 1000 and finding.numbers["better_rate"] in (0.006, 0.02)
    assert f"learning_rate={finding.numbers['better_rate']:.3g} (--learning-rate" in finding.advice
    advised = replace(run, settings=replace(run.settings, learning_rate=finding.numbers["better_rate"]))
    assert not names(findings_of(advised)) & {"rate too low", "rate too high"}


def test_a_dead_start_offers_restarts_and_they_help():
    X, y = rows()
    settings = replace(SETTINGS, hidden_layers=(2, 2), random_state=1)
    start = settings.network(3, 1, ONE).initialize("he", 1).named()
    start["b1"][:] = -100
    network, history, settings, *_ = trained(X, y, replace(settings, init=list(start.values())))
    finding = found(diagnose(network, history, settings, X, y), "dead layer")
    assert finding.level == "problem" and finding.numbers == {"layer": 1, "units": 2}
    assert "2 units of layer 1" in finding.sentence and "already at the start" in finding.sentence
    assert "--restarts 5" in finding.advice


def test_a_layer_that_died_in_training_is_distinguished():
    X, y = rows()
    network, history, settings, *_ = trained(X, y)
    network.named()["b1"][:] = -100
    finding = found(diagnose(network, history, settings, X, y), "dead layer")
    assert "though not at the start" in finding.sentence and "--learning-rate 0.002" in finding.advice


def test_silent_units_are_counted_by_layer():
    X, y = rows()
    network, history, settings, *_ = trained(X, y, replace(SETTINGS, hidden_layers=(8, 6), activation="tanh"))
    assert "silent units" not in names(diagnose(network, history, settings, X, y))
    network.named()["W1"][[1, 2]] = 0
    network.named()["b2"][3] = 50  # tanh is 1 for every row
    finding = found(diagnose(network, history, settings, X, y), "silent units")
    assert finding.level == "note" and finding.numbers == {"units": 3, "largest_share": 0.25}
    assert (
        "3 units give the same output for all 60 rows examined (layer 1: 2 of 8; layer 2: 1 of 6)" in finding.sentence
    )


def test_identical_units_need_the_same_start_and_the_same_end():
    X, y = rows()
    start = SETTINGS.network(3, 1, ONE).initialize("he", 3).named()
    start["W1"][5] = start["W1"][2]
    start["W2"][0, 5] = start["W2"][0, 2]
    same = replace(SETTINGS, init=list(start.values()), optimizer="gradient_descent")
    network, history, settings, *_ = trained(X, y, same)
    finding = found(diagnose(network, history, settings, X, y), "units that stay identical")
    assert finding.numbers == {"layer": 1, "units": 2} and "--init he" in finding.advice
    network.named()["W1"][5, 0] += 0.1
    assert "units that stay identical" not in names(diagnose(network, history, settings, X, y))


@pytest.mark.parametrize("factor, name", [(1e-5, "vanishing"), (1e3, "exploding")])
def test_gradients_by_layer_hold_their_ratio(factor, name):
    """With identity layers |dJ/dZ_1| / |dJ/dZ_last| is the factor that W2 scales by."""
    settings = replace(SETTINGS, hidden_layers=((3, "linear"),), loss="squared_error")
    network = Network([Dense(3, 3, "linear"), Dense(3, 1)], "squared_error")
    W2 = factor * np.array([[0.6, 0.8, 0.0]])
    settings = replace(settings, init=[np.eye(3), W2])
    network.initialize(settings.init)
    X, y = rows()
    history = History([1.0], stopped_because="all 1 epochs done")
    finding = found(diagnose(network, history, settings, X, y), f"{name} gradients by layer")
    assert finding.numbers["first_over_last"] == pytest.approx(factor)
    assert finding.sentence.count("e") > 4 and ("--init he" in finding.advice)


def test_saturated_rows_are_counted():
    X = np.array([[-1.0], [1.0]] * 20)
    y = (X > 0).astype(float)
    y[:4] = 1 - y[:4]  # 4 of 40 are wrong at the end
    settings = Settings(hidden_layers=(), init=[np.array([[0.1]])], random_state=0)
    network = settings.network(1, 1, ONE)
    network.parameters[:] = (50.0, 0.0)
    finding = found(diagnose(network, History([1.0]), settings, X, y), "saturated output")
    assert finding.numbers == {"start": 0.0, "end": 0.1} and "for 10% at the end" in finding.sentence


def test_unscaled_inputs_are_named_in_integer_rows_too():
    pixels = np.random.default_rng(0).integers(0, 256, (40, 5), dtype=np.uint8)
    y = (pixels[:, :1] > 128).astype(np.float32)
    for X, expected in ((IntegerRows(pixels, 1, np.float32), True), (IntegerRows(pixels, 255, np.float32), False)):
        findings = diagnose(*trained(X, y))
        assert ("unscaled inputs" in names(findings)) is expected
    small = diagnose(*trained(np.asarray(X) / 1000, y))
    assert found(small, "unscaled inputs").numbers["largest"] < 0.001
    one_large = np.tile([[0.5, 40.0], [-0.5, 40.0]], (20, 1))
    finding = found(diagnose(*trained(one_large, y)), "unscaled inputs")
    assert finding.numbers == {"largest": 40.0} and "1 column of 2 above 30" in finding.sentence


def test_few_examples_are_counted_in_all_rows_not_in_the_sample(monkeypatch):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(3000, 2)), np.zeros((3000, 1))
    y[:7] = 1
    network = SETTINGS.network(2, 1, ONE).initialize("he", 0)
    finding = found(diagnose(network, History([1.0]), replace(SETTINGS, optimizer="lbfgs"), X, y), "too few examples")
    assert finding.level == "watch" and finding.numbers == {"rows": 7}
    monkeypatch.setattr(thresholds, "ROWS", 10)
    network = SETTINGS.network(2, 1, "squared_error").initialize("he", 0)
    for n, few in ((19, True), (20, False)):
        findings = diagnose(network, History([1.0]), replace(SETTINGS, optimizer="lbfgs"), X[:n], y[:n])
        assert ("too few examples" in names(findings)) is few


@pytest.mark.parametrize("share, expected", [(0.5, True), (0.995, True)])
def test_one_answer_for_all_rows(share, expected):
    X, _ = rows(400)
    y = (np.arange(400) >= share * 400).astype(float)[:, None]
    network = Settings(hidden_layers=()).network(3, 1, ONE)
    network.parameters[-1] = -5
    settings = Settings(hidden_layers=(), optimizer="lbfgs", random_state=0)
    finding = found(diagnose(network, History([1.0]), settings, X, y), "always the majority")
    assert finding.numbers["majority"] == share and finding.numbers["balanced_accuracy"] == 0.5
    assert ("--class-weight balanced" in finding.advice) is (share > 0.9)


def test_overfitting_is_measured_on_the_rows_given():
    X, y = rows(40)
    network, history, settings, *_ = trained(X, y, replace(SETTINGS, hidden_layers=(64,), epochs=300))
    own = np.mean((network.predict(X) > 0.5) == y)
    flipped = 1 - y
    finding = found(diagnose(network, history, settings, X, y, validation=(X, flipped)), "overfits")
    assert finding.numbers["training"] == own and finding.numbers["held_out"] == pytest.approx(1 - own)
    assert not names(diagnose(network, history, settings, X, y, validation=(X, y))) & {"overfits"}
    by_folds = diagnose(network, history, settings, X, y, cross_validation=(0.5, 0.6, 0.5))
    assert {"overfits", "no better than the majority"} <= names(by_folds)
    assert (
        "the accuracy is 0.500; always predicting the majority gives 0.600"
        in found(by_folds, "no better than the majority").sentence
    )
    hardly = diagnose(network, history, settings, X, y, cross_validation=(0.65, 0.6, 0.65))
    assert found(hardly, "no better than the majority").level == "watch"  # less than two standard errors better
    good = diagnose(network, history, settings, X, y, cross_validation=(0.95, 0.6, 0.95))
    assert not names(good) & {"overfits", "no better than the majority"}


def test_more_epochs_are_advised_only_where_rows_held_out_gain():
    run = SETTING["digits"].run(33)
    short = replace(run, settings=replace(run.settings, epochs=2))
    assert found(findings_of(short), "stopped too early").numbers["learned_after_more"] > 0.7
    rng = np.random.default_rng(0)
    useless = replace(short, y_held_out=rng.permutation(short.y_held_out))
    assert "stopped too early" not in names(findings_of(useless))


def test_a_pass_has_the_cost_and_the_gradient_of_the_network():
    X, y = rows()
    w = np.linspace(0.5, 1.5, len(X))
    network = Network([Dense(3, 5, "tanh"), Dense(5, 1)], ONE, l2=0.3).initialize("he", 0)
    seen = passed(network, Examples(X, y, w))
    J, gradient = network.cost_and_gradient(X, y, w)
    np.testing.assert_allclose(seen.J, J, rtol=1e-12)
    dZ1, dZ2 = (saved.dZ for saved in seen.layers)
    np.testing.assert_allclose(dZ1.sum(axis=0), network.named(gradient)["b1"], rtol=1e-12)
    assert seen.signals == [np.linalg.norm(dZ1), np.linalg.norm(dZ2)]


@pytest.mark.parametrize("loss, n_out", [(ONE, 1), (CODES, 2)])
def test_the_share_learned_has_the_weights_of_the_cost(loss, n_out):
    """Constant logits with the weighted class frequencies have learned exactly nothing."""
    X, y = rows(40)
    y[:] = np.arange(40)[:, None] < 4
    w = np.where(y[:, 0] == 1, 5.0, 5 / 9)  # balanced: both classes weigh 20
    rows_seen = Examples(X, y if loss == ONE else y[:, 0].astype(int), w)
    settings = Settings(hidden_layers=())
    run = ObservedRun(settings.network(3, n_out, loss), History([1.0]), settings, 0, rows_seen, 40)
    assert run.learned_share == pytest.approx(0, abs=1e-12)


def test_a_penalty_is_not_mistaken_for_a_rate():
    run = SETTING["moons"].run(34)
    findings = findings_of(replace(run, settings=replace(run.settings, l2=1.0)))
    assert "always the majority" in names(findings) and not names(findings) & {"rate too high", "rate too low"}
    assert "--l2 0.1" in found(findings, "always the majority").advice


def test_a_penalty_that_still_falls_needs_no_more_epochs():
    rng = np.random.default_rng(0)
    y = np.arange(100) % 2
    X = rng.standard_normal((100, 300)) + 0.5 * y[:, None]
    how = {"hidden_layers": (64,), "optimizer": "nesterov", "learning_rate": 0.01, "epochs": 30, "l2": 0.1}
    settings = Settings(**how, batch_size=50, random_state=0)
    fitted = fit(X, y[:, None].astype(float), settings, "binary_cross_entropy", 1)
    history = fitted.history
    assert history.cost[-1] < 0.9 * history.cost[-5]  # J does fall, by the penalty alone
    assert diagnose(fitted.network, history, settings, X, y[:, None].astype(float)) == ()


def test_a_dead_start_is_not_mistaken_for_a_rate():
    """Trials begin from the start of the run itself."""
    X = np.random.default_rng(0).random((60, 2))
    y = (X[:, :1] > 0.5).astype(float)
    settings = Settings(hidden_layers=(1,), optimizer="gradient_descent", learning_rate=0.05, epochs=300)
    settings = replace(settings, random_state=2)  # all weights of the one unit are negative
    run = trained(X, y, settings)
    assert names(diagnose(*run)) == {"dead layer", "always the majority"}
    assert "rate too low" in names(diagnose(*run, seeds=[3]))  # not the run's own start: that one is alive


def test_the_rate_of_a_schedule_is_its_highest():
    run = SETTING["digits"].run(35)
    slow = replace(run, settings=replace(run.settings, learning_rate=SCHEDULES["cosine"](2e-5)))
    assert found(findings_of(slow), "rate too low").numbers["rate"] == 2e-5


def test_a_regression_without_meaning_is_no_better_than_the_mean():
    mixed = next(case for case in CASES if case.name == "no better than the majority")
    finding = found(findings_of(mixed.make(SETTING["friedman"].run(36))), "no better than the majority")
    assert "always predicting the mean gives 0.000" in finding.sentence and finding.numbers["score"] < 0


# Runs of every kind ---------------------------------------------------------------------------------------------------


def test_a_run_that_diverged():
    X, _ = rows()
    settings = Settings(hidden_layers=(8,), optimizer="gradient_descent", learning_rate=50.0, random_state=0)
    with pytest.raises(DivergedError) as error:
        fit(X, X[:, :1], settings, "squared_error", 1)
    network = settings.network(3, 1, "squared_error")
    findings = diagnose(network, error.value.history, settings, X, X[:, :1])
    assert findings[0].name == "diverged" and findings[0].level == "problem"
    assert f"After {len(error.value.history.cost)} epochs" in findings[0].sentence
    too_high = found(findings, "rate too high")
    assert "the run diverged" in too_high.sentence and too_high.numbers["better_rate"] in (0.5, 0.05)


def test_a_run_that_diverged_after_good_weights():
    X, y = rows()
    network, history, settings, *_ = trained(X, y)
    history = replace(history, stopped_because="diverged: the cost became nan in epoch 9.", best_epoch=4)
    finding = found(diagnose(network, history, settings, X, y), "diverged")
    assert finding.level == "watch" and "epoch 4 were restored" in finding.sentence


def test_the_findings_of_an_ensemble_are_merged():
    X, y = rows()
    runs = [trained(X, y, replace(SETTINGS, random_state=seed)) for seed in (1, 2, 3)]
    for network, *_ in runs[:2]:
        network.named()["b1"][:] = -100
    findings = diagnose([r[0] for r in runs], [r[1] for r in runs], SETTINGS, X, y, seeds=[1, 2, 3])
    assert [finding.name for finding in findings].count("dead layer") == 1
    dead = found(findings, "dead layer")
    assert dead.sentence.startswith("In 2 of 3 networks, for example: All 8 units") and dead.numbers["networks"] == 2


def test_of_several_findings_the_worst_is_reported():
    note, problem = (Finding(level, "silent units", level, "") for level in ("note", "problem"))
    (reported,) = merge_networks([[note], [problem], []])
    assert (reported.level, reported.sentence) == ("problem", "In 2 of 3 networks, for example: problem")
    assert merge_networks([[note]]) == [note]


def test_three_rows_and_identical_rows_are_no_obstacle():
    X, y = rows(3)
    y[:] = [[0], [1], [1]]
    findings = diagnose(*trained(X, y), validation=(X, y))
    assert "too few examples" in names(findings) and "silent units" not in names(findings)
    assert "too few examples" in names(diagnose(*trained(X, np.ones_like(y), loss="squared_error")))
    diagnose(*trained(np.zeros((3, 3)), y))


def test_softmax_logistic_regression_and_class_weights():
    X, _ = rows(90)
    codes = (X[:, 0] > 0).astype(int) + (X[:, 2] > 0.5)
    for changed in (
        {},
        {"hidden_layers": ()},
        {"class_weight": "balanced"},
        {"class_weight": {0: 2.0}, "dropout": 0.2},
    ):
        findings = diagnose(*trained(X, codes, replace(SETTINGS, **changed), CODES, 3), validation=(X, codes))
        assert not names(findings) & {"always the majority", "dead layer", "diverged", "no better than the majority"}


def test_row_space_and_the_inputs_give_the_same_findings():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 300)) / 10
    y = (X[:, :1] > 0).astype(float)
    reported = []
    for row_space in (True, False):
        settings = replace(SETTINGS, optimizer="gradient_descent", batch_size=None, row_space=row_space)
        network, history, *_ = trained(X, y, settings)
        assert history.used_row_space is row_space
        reported.append(diagnose(network, history, settings, X, y, validation=(X[::-1] * 0.9, y)))
    assert [f.name for f in reported[0]] == [f.name for f in reported[1]] != []
    assert [f.numbers for f in reported[0]] == [pytest.approx(f.numbers) for f in reported[1]]


def test_early_stopping_and_restarts_are_no_obstacle():
    X, y = rows(200)
    for changed in ({"early_stopping": EarlyStopping(patience=5)}, {"restarts": 3}, {"optimizer": "lbfgs"}):
        findings = diagnose(*trained(X, y, replace(SETTINGS, epochs=200, **changed)))
        assert not [finding for finding in findings if finding.level == "problem"]


def test_the_same_rows_are_examined_each_time_and_no_more_than_a_thousand(monkeypatch):
    seen = []
    whole = Network.forward
    monkeypatch.setattr(
        Network, "forward", lambda self, X, *how, **named: (seen.append(len(X)), whole(self, X, *how, **named))[1]
    )
    X, y = rows(2500)
    network, history, settings, *_ = trained(X, y, replace(SETTINGS, epochs=5, optimizer="lbfgs"))
    seen.clear()
    first = diagnose(network, history, settings, X, y)
    assert max(seen) == thresholds.ROWS
    assert first == diagnose(network, history, settings, X, y)


def test_a_trial_on_part_of_the_rows_is_measured_on_others():
    """Random labels: a network that memorises its own rows must not seem better."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(400, 20)), rng.integers(0, 2, (400, 1)).astype(float)
    settings = Settings(hidden_layers=(50,), learning_rate=1e-5, epochs=200, random_state=0)
    network, history, *_ = trained(X, y, settings)
    run = ObservedRun(network, history, settings, 0, Examples(X, y), n=400)
    assert better_rate(run, [1000], 100) is not None
    assert better_rate(replace(run, n=401), [1000], 100) is None


def test_estimators_are_diagnosed():
    X, y = rows(80)
    labels = np.where(y[:, 0] > 0, "yes", "no")
    weights = {"yes": 2.0, "no": 1.0}
    net = pellucid.NeuralNetworkClassifier(init="zeros", class_weight=weights, random_state=0).fit(X, labels)
    findings = pellucid.diagnose(net, X, labels, (X[:40], labels[:40]))
    assert {"units that stay identical", "always the majority", "dead layer"} <= names(findings)
    good = pellucid.NeuralNetworkRegressor(optimizer="lbfgs", hidden_layers=(), random_state=0).fit(X, X[:, 0])
    assert pellucid.diagnose(good, X, X[:, 0]) == ()
    assert set(findings[0].as_dict()) == {"level", "name", "sentence", "advice", "numbers"}


def test_weighted_classes_are_judged_by_balanced_accuracy():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 2))
    y = (X[:, 0] + rng.normal(0, 0.7, 400) > 1.9).astype(float)[:, None]  # about one row in fifteen
    settings = Settings(hidden_layers=(4,), class_weight={0: 1, 1: 12}, epochs=60, learning_rate=0.01, random_state=0)
    network, history = fitted_on(X, y, settings)
    honest = diagnose(network, history, settings, X, y, cross_validation=(0.878, 0.93, 0.84))
    assert "no better than the majority" not in names(honest)
    poor = found(
        diagnose(network, history, settings, X, y, cross_validation=(0.93, 0.93, 0.5)), "no better than the majority"
    )
    assert "the balanced accuracy is 0.500; always predicting the majority gives 0.500" in poor.sentence
    unweighted = replace(settings, class_weight=None)  # one class has most of the rows all the same
    assert (
        "balanced accuracy"
        in found(
            diagnose(network, history, unweighted, X, y, cross_validation=(0.93, 0.93, 0.5)),
            "no better than the majority",
        ).sentence
    )


def test_a_penalty_that_holds_learning_back_is_named_by_a_trial():
    rng = np.random.default_rng(0)
    X = rng.uniform(0, 2, size=(300, 2))
    y = (X.astype(int).sum(axis=1) % 2).astype(float)[:, None]  # a chessboard of 2 x 2
    settings = Settings(hidden_layers=(16,), l2=0.1, epochs=100, learning_rate=0.003, random_state=0)
    network, history = fitted_on(X, y, settings)
    named = found(diagnose(network, history, settings, X, y), "penalty too strong")
    assert named.level == "problem" and named.numbers["learned_without"] > named.numbers["learned"] + 0.15
    assert "--l2 0 --learning-rate" in named.advice
    by_chance = rng.permutation(y)
    network, history = fitted_on(X, by_chance, settings)
    assert "penalty too strong" not in names(diagnose(network, history, settings, X, by_chance))  # tried before given


def fitted_on(X, y, settings):
    fitted = fit(X, y, settings, "binary_cross_entropy", 1)
    return fitted.network, fitted.history


def test_too_few_units_and_a_poor_start_are_told_apart_by_trials():
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, size=(400, 2))
    y = (np.square(X).sum(axis=1) < 0.6).astype(float)[:, None]  # a disc: one line cannot bound it, three can
    settings = Settings(hidden_layers=(1,), activation="tanh", optimizer="lbfgs", epochs=300, random_state=0)
    network, history = fitted_on(X, y, settings)
    few = found(diagnose(network, history, settings, X, y), "too few units")
    assert few.numbers["learned_with_more"] > few.numbers["learned"] + 0.2 and "--layers 12" in few.advice
    settings = replace(settings, hidden_layers=(4,), activation="tanh", init="normal_0.01", epochs=1)
    stuck = settings.network(2, 1, get_loss(ONE))
    stuck.parameters[:] = 0
    stuck.dense[0].b[:] = 3 + np.arange(4)  # saturated units, which hardly learn
    stuck.dense[0].W[:] = 0.01 * rng.normal(size=(4, 2))
    poor = learning_checks.poor_start_or_too_few_units(observed(stuck, settings, X, y))
    assert poor.name == "poor start" and "--restarts 5" in poor.advice
    by_chance = rng.permutation(y)
    assert learning_checks.poor_start_or_too_few_units(observed(stuck, settings, X, by_chance)) is None
    large = replace(settings, hidden_layers=(40,))
    wide = large.network(2, 1, get_loss(ONE))
    assert learning_checks.poor_start_or_too_few_units(observed(wide, large, X, y)) is None  # no trials that cost much


def observed(network, settings, X, y):
    return ObservedRun(network, History(cost=[1.0]), settings, 0, Examples(X, y), len(X))


def test_scores_are_not_blamed_on_the_features_where_nothing_was_learned():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3))
    y = (X[:, :1] > 0).astype(float)
    deep = Settings(hidden_layers=(5, 5, 5, 5, 5), activation="sigmoid", init="normal_0.01", epochs=20, random_state=0)
    network, history = fitted_on(X, y, deep)
    told = names(diagnose(network, history, deep, X, y, cross_validation=(0.5, 0.52, 0.5)))
    assert told & set(thresholds.NOTHING_LEARNED) and "no better than the majority" not in told


def test_held_out_rows_that_contradict_cross_validation_are_named_beside_it():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3))
    y = (X[:, :1] > 0).astype(float)
    settings = replace(SETTINGS, epochs=200)
    network, history = fitted_on(X, y, settings)
    how = {"cross_validation": (0.5, 0.52, 0.5)}
    both = found(
        diagnose(network, history, settings, X, y, validation=(X[:50], y[:50]), **how), "no better than the majority"
    )
    assert both.level == "watch" and "On 50 held-out rows it is" in both.sentence and "features" not in both.advice
    alone = found(diagnose(network, history, settings, X, y, **how), "no better than the majority")
    assert alone.level == "problem" and "try other features" in alone.advice
    wrong = found(
        diagnose(network, history, settings, X, y, validation=(X[:50], 1 - y[:50]), **how),
        "no better than the majority",
    )
    assert wrong.level == "problem"
