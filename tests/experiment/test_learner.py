"""A learner: one network or several, one view or several, and no sample on both sides of what is held out."""

from dataclasses import replace

import numpy as np
import pytest

from pellucid.data.images import PictureShape
from pellucid.evaluation.task import Classification
from pellucid.experiment.learner import Learner, Samples
from pellucid.features import Numbers, Pixels, views_of
from pellucid.training import EarlyStopping, Settings, fit

RNG = np.random.default_rng(0)
LABELS = np.arange(40) % 2
PICTURES = (RNG.integers(0, 100, (40, 4 * 3)) + 80 * LABELS[:, None]).astype(np.uint8)
SETTINGS = Settings(hidden_layers=(3,), epochs=4, random_state=5)
SHAPE = PictureShape(4, 3, 1)


def learner(views=("plain",), ensemble=1, **changed):
    return Learner(Pixels(SHAPE, views), replace(SETTINGS, **changed), 5, Classification(("a", "b")), ensemble)


def samples(features, groups=None):
    return Samples(features.extract(PICTURES), LABELS, groups)


def test_an_ensemble_is_the_mean_of_its_networks():
    three = learner(ensemble=3)
    learned = three.learn(samples(three.features))
    assert len(learned.model.networks) == len(learned.histories) == 3
    one = learner().learn(samples(three.features)).model
    assert one.network.parameters.tobytes() == learned.model.networks[0].parameters.tobytes()
    assert len({network.parameters.tobytes() for network in learned.model.networks}) == 3
    X = PICTURES / np.float32(255)
    p = np.mean([network.predict(X)[:, 0] for network in learned.model.networks], axis=0)
    np.testing.assert_allclose(learned.model.outputs(PICTURES)[:, 1], p, rtol=1e-6)


def test_each_view_is_an_example_and_an_answer_is_the_mean_over_them():
    both = learner(views_of(["mirrored"]))
    model = both.learn(samples(both.features)).model
    mirrored = PICTURES.reshape(40, 4, 3)[:, :, ::-1].reshape(40, 12)
    X = np.stack([PICTURES, mirrored], axis=1).reshape(80, 12) / np.float32(255)
    y = np.repeat(LABELS, 2).astype(np.float32)[:, None]
    by_hand = fit(X, y, SETTINGS, "binary_cross_entropy", 1).network
    np.testing.assert_array_equal(model.network.parameters, by_hand.parameters)
    P = model.predict_proba(PICTURES.reshape(40, 4, 3, 1))
    np.testing.assert_allclose(P[:, 1], by_hand.predict(X).reshape(40, 2).mean(axis=1), rtol=1e-6)
    np.testing.assert_allclose(P, model.predict_proba(mirrored.reshape(40, 4, 3, 1)), rtol=1e-5)


def test_what_is_held_out_is_held_out_with_all_its_views_and_its_group():
    groups = np.arange(40) // 4
    both = learner(views_of(["mirrored"]), early_stopping=EarlyStopping(2, fraction=0.25))
    learned = both.learn(samples(both.features, groups))
    assert 4 <= len(learned.held) < 20 and set(groups[learned.held]).isdisjoint(np.delete(groups, learned.held))
    seen = []
    both.learn(samples(both.features), callbacks=lambda X, y: seen.append((X.shape, y.shape)) or [])
    assert seen == [((60, 12), (60, 1))]


def test_features_are_fitted_on_the_training_rows_alone():
    X = RNG.standard_normal((40, 2)) + 5
    table = Learner(Numbers(2), SETTINGS, 5, Classification(("a", "b")))
    answers = table.fit_predict(Samples(X, LABELS))(np.arange(30), np.arange(30, 40), "fold-0")
    assert list(answers) == ["net", "no_hidden_layer"] and answers["net"].shape == (10, 2)
    model = table.learn(Samples(X, LABELS).take(np.arange(30))).model
    np.testing.assert_allclose(model.features.mean, X[:30].mean(axis=0))
    np.testing.assert_array_equal(answers["net"], model.outputs(X[30:]))


def test_a_learner_without_hidden_layers():
    simple = learner(ensemble=3).without_hidden_layers
    assert simple.settings.layers == [] and simple.ensemble == 1 and simple.without_hidden_layers is None
    only = simple.fit_predict(samples(simple.features))(np.arange(30), np.arange(30, 40), "fold-0")
    assert list(only) == ["net"]


def test_a_start_given_as_arrays_has_a_baseline_too():
    arrays = [np.full((3, 12), 0.1), np.zeros(3), np.full((1, 3), 0.1), np.zeros(1)]
    given = learner(init=arrays)
    answers = given.fit_predict(samples(given.features))(np.arange(30), np.arange(30, 40), "fold-0")
    assert list(answers) == ["net", "no_hidden_layer"]


@pytest.mark.parametrize("views", [("plain",), views_of(["shifted"])])
def test_training_stays_exact_in_row_space(views):
    way = learner(views, optimizer="nesterov", row_space=True, dtype="float64", batch_size=None)
    in_span = way.learn(samples(way.features)).model
    direct = replace(way, settings=replace(way.settings, row_space=False)).learn(samples(way.features)).model
    np.testing.assert_allclose(in_span.network.parameters, direct.network.parameters, rtol=1e-9, atol=1e-12)
