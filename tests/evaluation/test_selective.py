"""Models that say "unknown", and those that draw the line between two classes elsewhere than at 0.5."""

import csv
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.neighbors import NearestNeighbors

import pellucid
from pellucid.cli.main import run
from pellucid.data.images import PictureShape
from pellucid.errors import InputError, ModelFileError
from pellucid.evaluation import choose_rejection, choose_threshold, cross_fitted, score
from pellucid.evaluation.intervals import wilson_interval
from pellucid.evaluation.selective import cross_fitted_thresholds, selective
from pellucid.experiment.operating_point import HeldOut, choose_operating_point, with_reference_set
from pellucid.experiment.recipe import make_recipe
from pellucid.experiment.run import run as run_recipe
from pellucid.experiment.run import train
from pellucid.features import Numbers, Pixels
from pellucid.model.model_file import read_model, write_model
from pellucid.model.novelty import BLOCK, REFERENCES, ReferenceSet, RejectionThresholds
from pellucid.model.predictions import UNKNOWN, class_codes, reweighted


def answered(limits, P, novelty, labels, groups=None):
    """Return the selective scores of limits on rows that did not choose them."""
    return selective(limits.accepts(P, novelty), P.argmax(axis=1) == labels, groups)


RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def same_draws(monkeypatch):
    """Every test draws from the beginning, whichever ran before it."""
    monkeypatch.setattr(sys.modules[__name__], "RNG", np.random.default_rng(0))


QUICK = {"hidden_layers": (), "optimizer": "lbfgs", "random_state": 1}


# Novelty


@pytest.mark.parametrize("n", [3, 40, 700])
def test_novelty_is_the_mean_distance_to_the_nearest(n):
    R, new = RNG.normal(5, [1, 20, 0.1], (n, 3)), RNG.normal(5, [3, 3, 3], (30, 3))
    features = Numbers(3).fit(R)
    known = ReferenceSet.fit(features, R)
    rows = R[np.linspace(0, n - 1, min(n, REFERENCES)).astype(int)]
    mean, scale = rows.mean(axis=0), rows.std(axis=0)
    near = NearestNeighbors(n_neighbors=min(n, 10)).fit((rows - mean) / scale)
    expected = near.kneighbors((new - mean) / scale)[0].mean(axis=1)
    np.testing.assert_allclose(known.novelty(features, new), expected, rtol=1e-4)


def test_scales_do_not_count_and_constants_do_not_divide():
    R = RNG.normal(0, 1, (50, 2)) * [1, 1e6]
    R = np.column_stack([R, np.full(50, 0.1)])
    features = Numbers(3, standardize=False)
    known = ReferenceSet.fit(features, R)
    alone, small = Numbers(2, standardize=False), R[:, :2] * [1, 1e-6]
    np.testing.assert_allclose(
        known.novelty(features, R),
        ReferenceSet.fit(alone, small).novelty(alone, small),
        1e-5,
    )
    far = np.array([[0, 0, 1.1], [1e300, 0, 0.1], [0, -1e300, 0.1]])
    assert np.isfinite(known.novelty(features, far)).all() and known.novelty(features, far)[0] >= 1


def test_copies_of_what_is_known_are_not_novel_at_all():
    R = np.repeat(RNG.normal(1e4, 1, (1, 6)), 20, axis=0)
    features = Numbers(6, standardize=False)
    assert ReferenceSet.fit(features, R).novelty(features, R[:3]).tolist() == [0, 0, 0]


def test_novelty_does_not_depend_on_the_neighbours_in_a_block(monkeypatch):
    R = RNG.normal(0, 1, (60, 4))
    features = Numbers(4).fit(R)
    known = ReferenceSet.fit(features, R)
    whole = known.novelty(features, R)
    monkeypatch.setattr("pellucid.model.novelty.BLOCK", 80)
    assert BLOCK > 80 and known.novelty(features, R).tolist() == whole.tolist()


def test_of_pictures_the_plain_view_counts():
    plain, both = Pixels(PictureShape(4, 4)), Pixels(PictureShape(4, 4), ("plain", "mirrored"))
    pictures = RNG.integers(0, 256, (30, 4, 4, 3)).astype(np.uint8)
    new = RNG.integers(0, 256, (5, 4, 4, 3)).astype(np.uint8)
    one, two = (
        ReferenceSet.fit(features, features.extract(pictures)).novelty(features, features.extract(new))
        for features in (plain, both)
    )
    np.testing.assert_allclose(one, two)


def test_references_are_few_where_rows_are_long():
    features = Pixels(PictureShape(128, 128))
    assert len(ReferenceSet.fit(features, np.zeros((100, features.n_row), np.uint8)).references) == 50


# One function says a class


def test_the_line_between_two_classes():
    P = np.array([[0.8, 0.2], [0.7, 0.3], [0.4, 0.6]])
    assert class_codes(P, 0.25).tolist() == [0, 1, 1] and class_codes(P, 0.3).tolist() == [0, 0, 1]
    assert class_codes(P, np.array([0.1, 0.4, 0.7])).tolist() == [1, 0, 0]
    assert class_codes(np.array([[0.5, 0.5]])).tolist() == [0] and reweighted(P, 0.5) is P
    for threshold in (0.1, 0.25, 0.45, 0.9):
        assert class_codes(reweighted(P, threshold)).tolist() == class_codes(P, threshold).tolist()
        np.testing.assert_allclose(reweighted(P, threshold).sum(axis=1), 1)
    scores = score(P, np.array([0, 1, 1]), ("a", "b"), threshold=0.25)
    assert scores.confusion == [[1, 0], [0, 2]] and score(P, np.array([0, 1, 1]), ("a", "b")).accuracy == 2 / 3


# What choices are worth is told by rows without a say


def noisy(n=300):
    labels = (RNG.random(n) < 0.25).astype(int)
    p = np.clip(RNG.normal(0.3 + 0.2 * labels, 0.15), 0.01, 0.99)
    held = [np.arange(start, n, 5) for start in range(5)]
    return p, labels, held


def test_thresholds_are_chosen_on_other_folds():
    p, labels, held = noisy()
    values = cross_fitted_thresholds(p, labels, held)
    for rows in held:
        rest = np.setdiff1d(np.arange(300), rows)
        assert set(values[rows]) == {choose_threshold(p[rest], labels[rest]).value}


def test_rejection_is_told_by_limits_of_other_folds():
    p, labels, held = noisy()
    P, novelty = np.column_stack([1 - p, p]), RNG.exponential(size=300)
    told = cross_fitted(P, novelty, labels, held, 0.85)
    given = right = 0
    for rows in held:
        rest = np.setdiff1d(np.arange(300), rows)
        worth = answered(
            choose_rejection(P[rest], novelty[rest], labels[rest], 0.85), P[rows], novelty[rows], labels[rows]
        )
        given += worth.coverage * len(rows)
        right += worth.coverage * len(rows) * (worth.accuracy or 0)
    assert (told.coverage, told.accuracy) == (pytest.approx(given / 300), pytest.approx(right / given))
    together = np.arange(300) % 10 + 10 * (P.argmax(axis=1) == labels)  # right or wrong as a whole
    grouped = cross_fitted(P, novelty, labels, held, 0.85, together)
    assert grouped.accuracy == told.accuracy and np.ptp(grouped.interval) > 1.5 * np.ptp(told.interval)
    rows = wilson_interval(right, given)  # as if the limits had not been chosen five times
    assert np.ptp(told.interval) > 1.2 * np.ptp(rows)
    assert "(95% interval " in told.sentence()
    assert cross_fitted(P, np.full(300, 1.0), labels, [], 0.85).sentence() == "answers none of 300 rows"


# Pictures


def picture(level, spread=90):
    return (level + RNG.integers(0, spread, (12, 10, 3))).astype(np.uint8)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "photos"
    for level, name in ((30, "dark"), (90, "light")):
        (folder / name).mkdir(parents=True)
        for number in range(40):
            Image.fromarray(picture(level)).save(folder / name / f"{number:02}.png")
    return folder


@pytest.fixture(scope="module")
def rejecting(photos):
    return train(photos, size=(6, 6), reject="auto", cross_validate=1, **QUICK)


def test_pictures_unlike_training_are_unknown(rejecting):
    model = rejecting.model
    known = [picture(level) for level in (30, 90) for _ in range(100)]
    strange = [RNG.integers(0, 256, (12, 10, 3)).astype(np.uint8) for _ in range(50)] + [
        np.full((9, 9, 3), 250, np.uint8)
    ]
    assert (model.predict(strange) == UNKNOWN).all()
    assert (model.predict(known) != UNKNOWN).mean() > 0.8
    said = model.predict(known[:100])
    assert set(said) <= {"dark", UNKNOWN}
    assert model.predict_proba(strange).shape == (51, 2)  # stays


def test_the_limits_are_chosen_out_of_fold_and_told_by_other_folds(rejecting, photos):
    decision, judged = rejecting.decision, rejecting.cross_validation
    R, labels = rejecting.rows["train"], rejecting.splits.train.labels
    novelty = np.empty(80)
    for rows in judged.held:
        rest = np.setdiff1d(np.arange(80), rows)
        features = rejecting.model.features
        novelty[rows] = ReferenceSet.fit(features, R[rest]).novelty(features, R[rows])
    chosen = choose_rejection(judged.probabilities, novelty, labels)
    assert decision.rejection == chosen
    assert rejecting.model.rejection == RejectionThresholds(chosen.confidence, chosen.novelty)
    assert decision.worth == cross_fitted(judged.probabilities, novelty, labels, judged.held)
    assert decision.worth.n == 80 and decision.worth.coverage > 0.8
    assert rejecting.answered == {}  # nothing else is held out
    told = rejecting.model.provenance.decision
    assert told["rejection"]["n"] == 80 and told["threshold"] is None


def test_a_rejecting_model_is_saved_and_restored(rejecting, tmp_path):
    model = rejecting.model
    new = [picture(30), picture(200, 50), picture(60)]
    loaded = pellucid.load(model.save(tmp_path / "m"))
    assert loaded.rejection == model.rejection and list(loaded.predict(new)) == list(model.predict(new))
    assert loaded.novelty(loaded.extract(new)).tolist() == model.novelty(model.extract(new)).tolist()


@pytest.mark.parametrize(
    "change",
    [
        lambda m, a: m.update(threshold=1.5),
        lambda m, a: m.update(threshold="0.5"),
        lambda m, a: m["rejection"].update(confidence=float("nan")),
        lambda m, a: m["rejection"].update(confidence="0.9"),
        lambda m, a: m["rejection"].update(novelty=-1.0),
        lambda m, a: m["rejection"].update(novelty=None),
        lambda m, a: m["rejection"].update(more=1),
        lambda m, a: m.update(rejection=[1, 2]),
        lambda m, a: m.update(class_names=["dark", "unknown"]),
        lambda m, a: a.pop("known"),
        lambda m, a: a.update(known=a["known"][:, :5]),
        lambda m, a: a.update(known=a["known"][:0]),
        lambda m, a: a.update(known=a["known"].astype(np.int32)),
        lambda m, a: a.update(known_scale=-a["known_scale"]),
        lambda m, a: a.update(known_mean=a["known_mean"][:5]),
        lambda m, a: a.update(known=np.full_like(a["known"], np.nan)),
    ],
)
def test_a_file_with_limits_that_cannot_be_is_refused(rejecting, tmp_path, change):
    networks, arrays, metadata = read_model(rejecting.model.save(tmp_path / "m"))
    change(metadata, arrays)
    write_model(tmp_path / "n", networks, arrays, metadata)
    with pytest.raises(ModelFileError):
        pellucid.load(tmp_path / "n")


def test_rows_held_back_choose_where_there_is_no_cross_validation(photos):
    result = train(photos, size=(6, 6), reject=0.9, threshold="auto", cross_validate=0, **QUICK)
    assert {part: len(dataset) for part, dataset in result.splits.items()} == {
        "train": 52,
        "validation": 12,
        "test": 16,
    }
    assert result.model.provenance.division == (
        "20% held out for testing, by class; 20% of the rest held out for choosing, by class"
    )
    assert result.scores["validation"].used_for == "choosing" and result.scores["test"].interval is not None
    P = result.model.outputs(result.rows["validation"])
    assert result.decision.threshold == choose_threshold(P[:, 1], result.splits.validation.labels)
    assert result.decision.rejection.n == 12 and result.decision.worth.n == 12
    assert set(result.answered) == {"test"} and result.answered["test"].n == 16
    own = result.model.novelty(result.rows["train"]).mean()
    assert result.model.novelty(result.rows["validation"]).mean() > own  # they are no references
    again = run_recipe(make_recipe(**result.recipe))
    assert again.model.rejection == result.model.rejection and again.model.threshold == result.model.threshold


def test_early_stopping_rows_choose_too(photos):
    result = train(photos, size=(6, 6), reject="auto", cross_validate=0, holdout=0, early_stopping=True, epochs=3,
                   random_state=0)  # fmt: skip
    assert result.decision.rejection.n == len(result.splits.validation) == 8
    assert len(result.splits.train) == len(result.model.reference.references) == 72  # held rows are no references


def test_a_class_named_unknown(tmp_path):
    (tmp_path / "t.csv").write_text("a,label\n1,x\n2,unknown\n3,x\n4,unknown\n")
    with pytest.raises(InputError, match="a class is named 'unknown', the name for rejected samples"):
        train(tmp_path / "t.csv", reject="auto")


@pytest.mark.parametrize("name", ["reject", "threshold"])
@pytest.mark.parametrize("value", [0, 1, 1.5, -1, "yes", float("nan"), True])
def test_shares_that_are_none(name, value):
    with pytest.raises(InputError, match=f'{name} must be a number between 0 and 1, or "auto"'):
        make_recipe(data="x", **{name: value})


# The threshold


@pytest.fixture(scope="module")
def rare(tmp_path_factory):
    path = tmp_path_factory.mktemp("rare") / "t.csv"
    rng = np.random.default_rng(0)
    sick = rng.random(400) < 0.12
    x = rng.normal(0, 1, (400, 2)) + 1.2 * sick[:, None]
    rows = [f"{a},{b},{'well' if not s else 'x sick'}" for (a, b), s in zip(x, sick, strict=True)]
    path.write_text("a,b,label\n" + "\n".join(rows))
    return path


def test_the_threshold_is_chosen_out_of_fold_and_judged_by_other_folds(rare):
    result = train(rare, threshold="auto", cross_validate=2, **QUICK)
    half = train(rare, cross_validate=2, **QUICK)
    judged, labels = result.cross_validation, result.splits.train.labels
    np.testing.assert_array_equal(judged.probabilities, half.cross_validation.probabilities)
    assert result.decision.threshold == choose_threshold(judged.probabilities[:, 1], labels)
    assert result.model.threshold == result.decision.threshold.value < 0.5  # the second class is rare
    lines = cross_fitted_thresholds(judged.probabilities[:, 1], labels, judged.held)
    assert judged.accuracies[0] == np.mean((judged.probabilities[:, 1] > lines) == labels)
    assert np.trace(judged.scores.confusion) == judged.accuracies[0] * 400
    assert judged.scores.balanced_accuracy > half.cross_validation.scores.balanced_accuracy + 0.1
    baseline = judged.baselines["majority"]
    assert baseline == half.cross_validation.baselines["majority"]


def test_everything_says_the_same_class(rare, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    how = ["--layers", "none", "--seed", "1", "--optimizer", "lbfgs", "--cross-validate", "0"]
    assert run(["train", str(rare), "--threshold", "auto", "--out", "m", "--json", "t.json", *how]) == 0
    out = capsys.readouterr().out
    assert "predicts x sick when p > 0." in out and "used for choosing" in out
    model = pellucid.load("m")
    told = json.loads(Path("t.json").read_text())["results"]
    assert told["decision"]["used"] == model.threshold == told["decision"]["threshold"]["value"] != 0.5
    assert told["scores"]["validation"]["interval"] is None and told["scores"]["test"]["interval"] is not None
    assert run(["predict", "m", str(rare), "--csv", "a.csv", "--json", "p.json"]) == 0
    assert run(["evaluate", "m", str(rare), "--json", "e.json"]) == 0
    rows = list(csv.DictReader(Path("a.csv").read_text("utf-8-sig").splitlines()))
    said = ["x sick" if float(row["p(x sick)"]) > model.threshold else "well" for row in rows]
    assert [row["class"] for row in rows] == said and "novelty" not in rows[0]
    assert all(row["probability"] == row[f"p({row['class']})"] for row in rows)
    assert [p["class"] for p in json.loads(Path("p.json").read_text())["results"]["predictions"]] == said
    counts = np.array(json.loads(Path("e.json").read_text())["results"]["confusion"])
    assert counts.sum(axis=0).tolist() == [said.count("well"), said.count("x sick")]
    X = np.array([[float(cell) for cell in line.split(",")[:2]] for line in rare.read_text().splitlines()[1:]])
    assert list(model.predict(X)) == said
    test = np.array(told["scores"]["test"]["confusion"])
    assert test.sum(axis=0)[1] > 0
    assert run(["inspect", "m"]) == 0
    assert f"predicts x sick when p > {model.threshold:.4g}" in capsys.readouterr().out


def test_a_threshold_given_as_a_number(rare):
    result = train(rare, threshold=0.2, **QUICK)
    assert result.model.threshold == 0.2 and result.decision.threshold is None
    P = result.cross_validation.probabilities
    said = (P[:, 1] > 0.2).astype(int)
    assert (
        np.array(result.cross_validation.scores.confusion).sum(axis=0).tolist()
        == np.bincount(said, minlength=2).tolist()
    )
    R = result.rows["train"]
    assert result.scores["train"].accuracy == np.mean(
        (result.model.outputs(R)[:, 1] > 0.2) == result.splits.train.labels
    )


def test_what_a_rejection_is_worth_is_told_by_thresholds_of_other_folds():
    p, labels, held = noisy()
    P, novelty = np.column_stack([1 - p, p]), RNG.exponential(size=300)
    told = cross_fitted(P, novelty, labels, held, 0.85, threshold="auto")
    given = right = 0
    for rows in held:
        rest = np.setdiff1d(np.arange(300), rows)
        W = reweighted(P, choose_threshold(p[rest], labels[rest]).value)
        limits = choose_rejection(W[rest], novelty[rest], labels[rest], 0.85)
        worth = answered(limits, W[rows], novelty[rows], labels[rows])
        given += worth.coverage * len(rows)
        right += worth.coverage * len(rows) * (worth.accuracy or 0)
    assert (told.coverage, told.accuracy) == (pytest.approx(given / 300), pytest.approx(right / given))
    chosen = choose_threshold(p, labels).value  # on all rows, their own too
    assert told != cross_fitted(reweighted(P, chosen), novelty, labels, held, 0.85)


def test_rejecting_beside_a_threshold_counts_doubt_from_the_line(rare):
    result = train(rare, holdout=0, cross_validate=0, **QUICK)
    R, part = result.rows["train"], result.splits.train
    model = with_reference_set(result.model, R, None, 0)
    P = model.outputs(R)
    kept = HeldOut(P, np.zeros(400), part.labels, [], None)
    folded = replace(kept, held=[np.arange(start, 400, 5) for start in range(5)])
    worth = choose_operating_point(model, folded, 0.97, 0.8)[1].worth
    assert worth == cross_fitted(reweighted(P, 0.8), np.zeros(400), part.labels, folded.held, 0.97)
    assert worth != cross_fitted(reweighted(P, 0.8), np.zeros(400), part.labels, folded.held)
    model, decision = choose_operating_point(model, kept, 0.97, 0.8)
    said = replace(model, reference=None).predictions(R).classes
    given = said != UNKNOWN
    assert decision.rejection.coverage == given.mean() and decision.worth is None
    right = said == np.array(model.class_names)[part.labels]
    assert decision.rejection.accuracy == right[given].mean()
    unsure = P[~given, 1]
    assert unsure.min() < 0.8 < unsure.max()  # on both sides of the line, none near 0.5 alone
    assert replace(model, rejection=None).predictions(R).classes.tolist() == [
        model.class_names[int(p > 0.8)] for p in P[:, 1]
    ]


def test_a_threshold_needs_two_classes(tmp_path, rare):
    (tmp_path / "t.csv").write_text("a,label\n" + "\n".join(f"{i},{'xyz'[i % 3]}" for i in range(30)))
    with pytest.raises(InputError, match=r"a threshold is for two classes; .*t.csv has 3"):
        train(tmp_path / "t.csv", threshold="auto")
    (tmp_path / "v.csv").write_text("a,b,label\n1,2,well\n")
    with pytest.raises(InputError, match=r"v.csv: choosing a threshold needs rows of both classes"):
        train(rare, threshold="auto", validation=str(tmp_path / "v.csv"))


# The command line


def test_train_reject_predict_evaluate(photos, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    how = ["--size", "6", "--layers", "none", "--optimizer", "lbfgs", "--seed", "1", "--cross-validate", "1"]
    assert run(["train", str(photos), "--reject", "auto", "--out", "m", "--json", "t.json", *how]) == 0
    out = capsys.readouterr().out
    assert "'unknown' where unsure or unlike all training samples: answers " in out
    assert "on new samples it answers " in out and "with limits chosen on other folds" in out
    assert json.loads(Path("t.json").read_text())["results"]["decision"]["worth"]["n"] == 80
    Image.fromarray(RNG.integers(0, 256, (12, 10, 3)).astype(np.uint8)).save("noise.png")
    Image.fromarray(picture(30)).save("dark.png")
    assert run(["predict", "m", "noise.png", "dark.png", "--csv", "a.csv", "--json", "p.json", "--sort-into", "s"]) == 0
    out = capsys.readouterr().out
    assert "noise.png: unknown (unlike all training samples: " in out and "dark.png: dark (" in out
    assert "unknown: 1 of 2" in out
    noise, dark = csv.DictReader(Path("a.csv").read_text("utf-8-sig").splitlines())
    assert noise["class"] == UNKNOWN and float(noise["novelty"]) > float(dark["novelty"]) > 0
    assert noise["probability"] == max(noise["p(dark)"], noise["p(light)"])
    told = json.loads(Path("p.json").read_text())["results"]
    assert [p["class"] for p in told["predictions"]] == [UNKNOWN, "dark"]
    assert told["predictions"][0]["novelty"] > told["limits"]["novelty"] > told["predictions"][1]["novelty"]
    assert Path("s/unknown/noise.png").exists() and Path("s/dark/dark.png").exists()
    fresh = tmp_path / "fresh"
    for level, name in ((30, "dark"), (90, "light")):
        (fresh / name).mkdir(parents=True)
        for number in range(10):
            Image.fromarray(picture(level)).save(fresh / name / f"{number}.png")
    (fresh / "dark" / "noise.png").write_bytes(Path("noise.png").read_bytes())
    assert run(["evaluate", "m", "fresh", "--json", "e.json"]) == 0
    out = capsys.readouterr().out
    answers = json.loads(Path("e.json").read_text())["results"]["answered"]
    said = pellucid.load("m").predict("fresh")
    assert answers["n"] == 21 and answers["coverage"] == (said != UNKNOWN).mean() < 1
    assert "with 'unknown' for rejected rows, it answers " in out and "(95% interval" in out
    assert run(["evaluate", "m", str(photos), "--json", "e.json"]) == 0
    assert json.loads(Path("e.json").read_text())["results"]["answered"]["interval"] is None
    assert run(["inspect", "m", "--json", "i.json"]) == 0
    assert "predicts unknown when p < " in capsys.readouterr().out


@pytest.mark.slow
def test_photo_features_tell_noise_and_flat_colours(tmp_path):
    def leaf(hue):
        y, x = np.mgrid[:48, :48] / 48
        wave = np.sin(RNG.uniform(6, 9) * x + RNG.uniform(0, 6)) * np.cos(RNG.uniform(6, 9) * y)
        pixels = 110 + 60 * wave[..., None] * [1, 0.8, 0.5] + np.array(hue) + RNG.normal(0, 6, (48, 48, 3))
        return pixels.clip(0, 255).astype(np.uint8)

    hues = {"red": (40, 0, 0), "green": (0, 40, 0)}
    for name, hue in hues.items():
        (tmp_path / "leaves" / name).mkdir(parents=True)
        for number in range(10):
            Image.fromarray(leaf(hue)).save(tmp_path / "leaves" / name / f"{number}.png")
    result = train(tmp_path / "leaves", reject=0.5, cross_validate=1, ensemble=1, epochs=3, random_state=0)
    noise = [RNG.integers(0, 256, (48, 48, 3)).astype(np.uint8) for _ in range(3)]
    flat = [np.full((48, 48, 3), level, np.uint8) for level in (0, 128, 255)]
    assert list(result.model.predict([*noise, *flat])) == [UNKNOWN] * 6
    leaves = [leaf(hue) for hue in hues.values() for _ in range(8)]
    assert (result.model.predict(leaves) != UNKNOWN).mean() > 0.7
