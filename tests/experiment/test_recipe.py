"""A whole job: from files to a model with scores, and the same model for the same recipe."""

import json

import numpy as np
import pytest
from PIL import Image

import pellucid
from pellucid.cli.main import run as main
from pellucid.data import read_metadata
from pellucid.errors import BadPictureError, InputError, MissingFileError
from pellucid.experiment.prepare import prepare
from pellucid.experiment.recipe import make_recipe
from pellucid.experiment.recipe_file import read_recipe, write_recipe
from pellucid.experiment.run import run, train
from pellucid.features import extraction
from pellucid.features.extraction import assemble
from pellucid.model.labelled_data import data_for
from pellucid.nn import Cosine, GradientDescent, WarmUp
from pellucid.training import EarlyStopping
from photographs import write_pictures

QUICK = {"features": "pixels", "size": (8, 8), "cross_validate": 0}  # what these tests are not about
RNG = np.random.default_rng(0)


def test_pictures_from_a_folder(tmp_path):
    data = write_pictures(tmp_path / "data")
    how = {"size": (8, 8), "hidden_layers": (16,), "epochs": 200, "random_state": 1, "optimizer": "lbfgs"}
    result = train(data, holdout=0.2, cross_validate=0, **how)
    assert result.scores["test"].accuracy == 1.0 and result.scores["test"].n == 6
    assert result.scores["train"].used_for == "training" and result.scores["train"].interval is None
    assert result.model.class_names == ("dark", "grey", "light")
    assert result.model.network.parameters.dtype == np.float32
    assert list(result.model.predict([data / "light" / "00.png", data / "dark" / "01.png"])) == ["light", "dark"]
    of_folder = result.model.predict_proba(data / "light")
    assert of_folder.tobytes() == result.model.predict_proba(sorted((data / "light").iterdir())).tobytes()
    assert result.model.provenance.counts["test"] == {"dark": 2, "grey": 2, "light": 2}
    assert result.model.provenance.division == "20% held out for testing, by class"


def test_the_same_recipe_gives_the_same_weights(tmp_path):
    data = write_pictures(tmp_path / "data")
    one, two = (train(data, hidden_layers=(4,), epochs=3, random_state=5, **QUICK) for _ in range(2))
    other = train(data, hidden_layers=(4,), epochs=3, random_state=6, **QUICK)
    assert one.model.network.parameters.tobytes() == two.model.network.parameters.tobytes()
    assert one.model.network.parameters.tobytes() != other.model.network.parameters.tobytes()


def test_command_line_estimator_and_file_agree_to_the_last_bit(tmp_path):
    data = write_pictures(tmp_path / "data")
    how = {"hidden_layers": (6,), "optimizer": "adam", "epochs": 5, "random_state": 3}
    result = train(data, size=(8, 8), holdout=0, **how)
    dataset = result.splits.train
    X, _ = assemble(dataset, result.model.features, np.float32)
    labels = dataset.labels
    estimator = pellucid.NeuralNetworkClassifier(**how).fit(X, np.array(result.model.class_names)[labels])
    files = [data / name for name in dataset.names]
    loaded = pellucid.load(result.model.save(tmp_path / "m"))
    of_estimator = estimator.to_model(features=result.model.features)
    expected = result.model.predict_proba(files).tobytes()
    assert estimator.predict_proba(X).tobytes() == expected
    assert loaded.predict_proba(files).tobytes() == expected
    assert of_estimator.predict_proba(files).tobytes() == expected
    assert list(of_estimator.predict(files)) == list(loaded.predict(files))


def test_parts_of_a_folder_and_merged_classes(tmp_path):
    for part in ("train", "validation"):
        write_pictures(tmp_path / "data" / part)
    result = train(
        tmp_path / "data", merge={"not grey": ["dark", "light"]}, hidden_layers=(8,), epochs=5, random_state=0,
        early_stopping=True, **QUICK,
    )  # fmt: skip
    assert result.model.class_names == ("grey", "not grey") and result.model.network.n_out == 1
    assert set(result.scores) == {"train", "validation"}
    assert result.scores["validation"].used_for == "choosing" and result.scores["validation"].interval is None
    assert len(result.history.validation_cost) == 5
    again, part, used_for = data_for(result.model, tmp_path / "data")
    assert again.class_names == ("grey", "not grey") and again.counts() == {"grey": 12, "not grey": 24}
    assert (part, used_for) == ("validation", "choosing")


def test_unknown_labels_at_evaluation(tmp_path):
    model = train(write_pictures(tmp_path / "data"), epochs=1, random_state=0, **QUICK).model
    other = write_pictures(tmp_path / "other", ("dark", "blue", "pink"))
    with pytest.raises(InputError, match="has the classes blue, pink, which training did not have; those"):
        data_for(model, other)


def test_validation_data_with_a_class_that_training_lacks(tmp_path):
    data, other = write_pictures(tmp_path / "a"), write_pictures(tmp_path / "b", ("dark", "light", "pink"))
    with pytest.raises(InputError, match="has the class pink, which training did not have; those it had are dark"):
        train(data, validation=str(other), epochs=1, **QUICK)


def test_bad_pictures_stop_or_are_left_out(tmp_path):
    data = write_pictures(tmp_path / "data")
    jpeg = data / "dark" / "cut.jpg"
    Image.fromarray(RNG.integers(0, 255, (200, 200, 3), np.uint8)).save(jpeg)
    jpeg.write_bytes(jpeg.read_bytes()[:4000])
    (data / "light" / "text.png").write_text("no picture")
    with pytest.raises(BadPictureError) as error:
        train(data, epochs=1, holdout=0, **QUICK)
    first, *named = str(error.value).splitlines()
    assert first == "2 pictures cannot be read; leave out such with --skip-bad (skip_bad=True):"
    assert [line.split(":")[0] for line in named] == ["  dark/cut.jpg", "  light/text.png"]
    result = train(data, epochs=1, holdout=0, skip_bad=True, **QUICK)
    assert [name for name, _ in result.skipped] == ["dark/cut.jpg", "light/text.png"]
    assert result.scores["train"].n == 36
    assert result.model.provenance.counts["train"] == {"dark": 12, "grey": 12, "light": 12}
    assert len(result.splits.train) == 36


def test_table_is_standardised_by_its_training_rows(tmp_path):
    lines = ["age,income,class"] + [f"{20 + i},{1000 * (i % 7)},{'young' if i < 30 else 'old'}" for i in range(60)]
    (tmp_path / "t.csv").write_text("\n".join(lines))
    how = {"hidden_layers": (), "optimizer": "lbfgs", "epochs": 50, "random_state": 0}
    result = train(tmp_path / "t.csv", cross_validate=0, **how)
    assert result.scores["test"].accuracy > 0.9 and result.model.features.columns == ("age", "income")
    X, _ = assemble(result.splits.train, result.model.features)
    np.testing.assert_allclose(X.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(X.std(axis=0), 1)
    with pytest.raises(InputError, match="size is for pictures"):
        train(tmp_path / "t.csv", size=(8, 8))


def test_columns_are_found_by_name(tmp_path):
    rng = np.random.default_rng(4)
    rows = [(a, 5 * b, "x" if a > 0 else "y") for a, b in rng.normal(size=(80, 2))]
    (tmp_path / "t.csv").write_text("a,b,label\n" + "\n".join(f"{a},{b},{c}" for a, b, c in rows))
    (tmp_path / "turned.csv").write_text("label,b,more,a\n" + "\n".join(f"{c},{b},0,{a}" for a, b, c in rows))
    (tmp_path / "less.csv").write_text("label,b\n" + "\n".join(f"{c},{b}" for a, b, c in rows))
    how = {"hidden_layers": (), "optimizer": "lbfgs", "epochs": 50, "random_state": 0}
    result = train(tmp_path / "t.csv", validation=str(tmp_path / "turned.csv"), **how)
    assert result.scores["validation"].accuracy == result.scores["train"].accuracy > 0.95
    dataset, _, used_for = data_for(result.model, tmp_path / "turned.csv")
    X, _ = assemble(dataset, result.model.features)
    np.testing.assert_array_equal(X, assemble(result.splits.train, result.model.features)[0])
    assert used_for == "testing"
    with pytest.raises(InputError, match="has no column 'a'; its columns are label, b"):
        data_for(result.model, tmp_path / "less.csv")


def test_groups_stay_together_in_every_split(tmp_path):
    lines = "\n".join(f"{i % 7},{i % 3},{'p' if i % 2 else 'q'},g{i // 8}" for i in range(160))
    (tmp_path / "t.csv").write_text("a,b,label,who\n" + lines)
    how = {"epochs": 2, "random_state": 0, "cross_validate": 0}
    result = train(tmp_path / "t.csv", group_by="who", early_stopping=True, **how)
    groups = {part: set(dataset.groups) for part, dataset in result.splits.items()}
    assert not groups["train"] & groups["validation"] and not groups["train"] & groups["test"]
    assert not groups["validation"] & groups["test"]
    assert result.model.provenance.division.split("; ") == [
        "20% held out for testing, by class and group",
        "10% of the rest held out for early stopping, by class and group",
    ]
    assert data_for(result.model, tmp_path / "t.csv")[2] == "training"  # the group column is known from training


def test_validation_that_chooses_a_start_has_no_interval(tmp_path):
    data, other = write_pictures(tmp_path / "a"), write_pictures(tmp_path / "b")
    result = train(data, validation=str(other), restarts=2, epochs=2, random_state=0, **QUICK)
    assert result.scores["validation"].interval is None


def test_new_data_of_one_class_can_be_scored(tmp_path):
    model = train(write_pictures(tmp_path / "data"), epochs=1, random_state=0, **QUICK).model
    dataset, _, used_for = data_for(model, write_pictures(tmp_path / "more", ("light",)))
    assert dataset.counts() == {"dark": 0, "grey": 0, "light": 12} and used_for == "testing"


def test_schedules_of_a_recipe():
    rate = make_recipe(data="x", schedule="cosine", warm_up=3).settings("pixels").learning_rate
    assert rate == WarmUp(Cosine(0.003), 3)
    with pytest.raises(InputError, match="unknown schedule 'cosin': did you mean 'cosine'"):
        make_recipe(data="x", schedule="cosin")
    with pytest.raises(InputError, match="learning_rate must be a positive number"):
        make_recipe(data="x", schedule="cosine", learning_rate=-1)


def test_class_weight_by_name(tmp_path):
    data = write_pictures(tmp_path / "data", ("dark", "light"))
    train(data, epochs=1, class_weight={"dark": 3.0, "light": 1.0}, **QUICK)
    with pytest.raises(InputError, match="unknown class in class_weight 'drak': did you mean 'dark'"):
        train(data, epochs=1, class_weight={"drak": 3.0}, **QUICK)


def test_progress_is_told(tmp_path):
    told = []

    class Progress:
        def reading(self, source, done, total):
            told.append((done, total))

        def training(self, X, y, epochs):
            told.append((X.shape, len(y), epochs))
            return lambda state: told.append(state.epoch)

    how = {"epochs": 2, "cross_validate": 0, "holdout": 0, "size": (2, 2), "audit": False, "cache": False}
    run(make_recipe(data=str(write_pictures(tmp_path / "data")), **how), Progress())
    assert told == [(16, 36), (32, 36), (36, 36), ((36, 12), 36, 2), 1, 2]


def test_recipe_file(tmp_path):
    path = tmp_path / "r.toml"
    path.write_text(
        'optimizer = "momentum"\nhidden_layers = [20, [7, "tanh"]]\nsize = [32, 48]\nl2 = 0.1\n'
        'merge = {sick = ["a", "b"]}'
    )
    recipe = make_recipe(**read_recipe(path), data="x")
    assert recipe.settings("pixels").rule == GradientDescent(momentum=0.9)
    assert recipe.settings("pixels").layers == [(20, "relu"), (7, "tanh")]
    assert (recipe.size, recipe.merge, recipe.settings("numbers").l2) == ((32, 48), {"sick": ["a", "b"]}, 0.1)


@pytest.mark.parametrize(
    "how",
    [
        {"batch_size": None, "optimizer": "adam"},
        {"class_weight": {"dark": 2.0}, "ensemble": 3},
        {"early_stopping": EarlyStopping(3), "schedule": "cosine", "copies": ["mirrored"]},
    ],
)
def test_the_recipe_that_was_used_gives_the_same_weights(tmp_path, how):
    data = write_pictures(tmp_path / "data")
    first = train(
        data, features="pixels", size=(8, 8), hidden_layers=(5, (4, "tanh")), epochs=3, cross_validate=0, **how
    )
    write_recipe(tmp_path / "r.toml", first.recipe, "how it was made")
    assert (tmp_path / "r.toml").read_text().startswith("# how it was made\n")
    again = run(make_recipe(**read_recipe(tmp_path / "r.toml")))
    weights = [[network.parameters.tobytes() for network in result.model.networks] for result in (first, again)]
    assert weights[0] == weights[1] and len(weights[0]) == how.get("ensemble", 1)


def test_a_recipe_with_an_object_cannot_be_written(tmp_path):
    values = {"optimizer": GradientDescent(momentum=0.5)}
    with pytest.raises(InputError, match="optimizer is GradientDescent, an object of your own"):
        write_recipe(tmp_path / "r.toml", values)
    assert not (tmp_path / "r.toml").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hidden_layers = [20, [7, 3]]", "{path}: hidden_layers[1]"),
        ('merge = {sick = ["a", 3]}', "{path}: merge[...][1]: Expected `str`, got `int`."),
        ("epochs = -1", "{path}: epochs must be a whole number, at least 1; got -1."),
        ("epoch = 3", "unknown setting in {path} 'epoch': did you mean 'epochs'?"),
        ('epochs = "three"', "{path}: epochs: Expected `int`, got `str`."),
        ("epochs = ", "{path} is not a TOML file"),
        ("training = 1", "unknown setting in {path} 'training'"),
    ],
)
def test_wrong_recipe_files(tmp_path, text, message):
    path = tmp_path / "r.toml"
    path.write_text(text)
    with pytest.raises(InputError) as error:
        read_recipe(path)
    assert str(error.value).startswith(message.format(path=path))


def test_pictures_have_defaults_of_their_own_unless_an_optimizer_is_named():
    usual = make_recipe(data="x", learning_rate=0.5)
    assert usual.settings("pixels").rule == GradientDescent(momentum=0.9, nesterov=True)
    assert (usual.settings("pixels").learning_rate, usual.settings("pixels").clip_norm) == (0.5, 1.0)
    assert usual.settings("numbers").optimizer == "adam" and usual.settings("numbers").clip_norm is None
    named = make_recipe(data="x", optimizer="adam").settings("pixels")
    assert (named.learning_rate, named.clip_norm) == (0.001, None)


def test_missing_recipe_and_unknown_setting(tmp_path):
    with pytest.raises(MissingFileError, match="there is no recipe"):
        read_recipe(tmp_path / "none.toml")
    with pytest.raises(InputError, match="unknown setting 'epoch': did you mean 'epochs'"):
        make_recipe(data="x", epoch=3)
    with pytest.raises(InputError, match="got numpy ndarray; arrays go to NeuralNetworkClassifier"):
        train(np.zeros((3, 2)))
    for holdout in (-0.1, 1.0):
        with pytest.raises(InputError, match="holdout must be a share"):
            make_recipe(data="x", holdout=holdout)


def test_file_facts_are_held_against_what_is_said_at_the_threshold(tmp_path):
    data = write_pictures(tmp_path / "data", ("dark", "light"), n=10)
    for number in range(10):  # files of other sizes, so that there are facts
        Image.new("RGB", (12 + number, 12), (90, 90, 90)).save(data / "dark" / f"grey{number}.png")
    result = train(data, features="pixels", size=(4, 4), cross_validate=1, threshold=0.9, epochs=3, random_state=0)
    judged = result.cross_validation
    assert judged.said.tolist() == (judged.probabilities[:, 1] > 0.9).astype(int).tolist()
    assert judged.said.tolist() != judged.probabilities.argmax(axis=1).tolist()
    assert result.file_facts.net.right == np.trace(judged.scores.confusion)


def test_a_share_is_held_back_before_folds_are_planned(tmp_path):
    rows = [f"{i},{'abc'[i % 2 if i < 40 else 2]}" for i in range(42)]  # of c, one of two is held out
    (tmp_path / "t.csv").write_text("x,label\n" + "\n".join(rows))
    result = train(tmp_path / "t.csv", holdout=0.2, epochs=1, random_state=0)
    assert result.cross_validation is None and result.scores["test"].used_for == "testing"
    assert train(tmp_path / "t.csv", epochs=1, random_state=0).cross_validation is not None


def test_pictures_are_looked_at_once_though_bursts_are_grouped(tmp_path, monkeypatch):
    looked, data = [], write_pictures(tmp_path / "data")
    monkeypatch.setattr(extraction, "read_metadata", lambda file: looked.append(file.name) or read_metadata(file))
    Image.open(data / "dark/00.png").save(data / "dark/01.png")  # the next in the order of names: a burst
    prepared = prepare(make_recipe(data=str(data), group_by="burst", features="pixels", size=(4, 4)))
    assert len(looked) == len(set(looked)) == 36 and len(set(prepared.splits.train.groups)) < 36


def test_duplicates_in_other_parts_count_as_one(tmp_path):
    data, other = write_pictures(tmp_path / "data"), write_pictures(tmp_path / "other")
    for number in range(6, 12):
        Image.open(other / "dark/05.png").save(other / f"dark/{number:02}.png")
    result = train(data, test=str(other), epochs=1, random_state=0, **QUICK)
    groups, n = result.splits.test.groups, len(result.splits.test)
    assert len(set(groups)) < n and result.scores["test"].effective_rows < n
    assert result.scores["test"].comparisons["majority"].groups == len(set(groups))


def evaluated(model, data):
    scores = model.with_name("scores.json")
    assert main(["evaluate", str(model), str(data), "--json", str(scores)]) == 0
    return json.loads(scores.read_text())["results"]


@pytest.mark.parametrize("target", ["cost", "class"])
def test_evaluation_counts_the_groups_that_training_had(tmp_path, target):
    rng = np.random.default_rng(0)
    x = rng.normal(size=120).round(3)
    y = [f"{v + 0.1}" if target == "cost" else "ab"[int(v > 0)] for v in x]
    table = "x,who,y\n" + "\n".join(f"{v},g{row // 12},{w}" for row, (v, w) in enumerate(zip(x, y, strict=True)))
    for name in ("t.csv", "new.csv"):
        (tmp_path / name).write_text(table)
    how = {"label": "y", "group_by": "who", "hidden_layers": (), "epochs": 1, "random_state": 0, "cross_validate": 0}
    train(tmp_path / "t.csv", **how).model.save(tmp_path / "m.pellucid")
    found = evaluated(tmp_path / "m.pellucid", tmp_path / "new.csv")
    assert found["effective_rows"] < 120 and all(c["groups"] == 10 for c in found["comparisons"].values())


def test_evaluation_groups_pictures_as_training_did(tmp_path):
    data, new = write_pictures(tmp_path / "data"), write_pictures(tmp_path / "new")
    train(data, group_by=r"\d", audit=False, epochs=1, random_state=0, **QUICK).model.save(tmp_path / "m.pellucid")
    found = evaluated(tmp_path / "m.pellucid", new)
    assert all(1 < c["groups"] < 36 for c in found["comparisons"].values())


def test_mirrored_copies_that_hurt_are_named(tmp_path):
    """Classes that are each other's mirror image: a bright half on the left, or on the right."""
    rng = np.random.default_rng(0)
    for number in range(24):
        for name in ("left", "right"):
            pixels = rng.integers(0, 90, (8, 8, 3), dtype=np.uint8)
            pixels[:, :4] += 150
            pixels = pixels if name == "left" else pixels[:, ::-1]
            (tmp_path / "arrows" / name).mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(tmp_path / "arrows" / name / f"{number}.png")
    how = {"features": "pixels", "size": (8, 8), "hidden_layers": (8,), "epochs": 30, "random_state": 0}
    hurt, plain = (train(tmp_path / "arrows", copies=copies, **how) for copies in (["mirrored"], []))
    assert plain.cross_validation.accuracy > 0.95 > hurt.cross_validation.accuracy + 0.2
    (finding,) = (finding for finding in hurt.findings if finding.name == "copies that hurt")
    assert finding.advice == "Train without copies: --copies none (copies=())."
    assert finding.numbers["without_copies"] > 0.95
    assert {finding.name for finding in hurt.findings}.isdisjoint({"no better than the majority"})
    assert all(finding.name != "copies that hurt" for finding in plain.findings)
    for path in [*(tmp_path / "arrows").rglob("1*.png")]:  # with a model's own answers set aside, as many as the rest
        path.rename((tmp_path / "arrows").with_name(path.name if path.parent.name == "left" else f"r{path.name}"))
    lines = [f"{path},{'right' if path.name[0] == 'r' else 'left'},0.9,0.9,0.9" for path in tmp_path.glob("*.png")]
    (tmp_path / "own.csv").write_text("\n".join(["file,class,probability,p(left),p(right)", *lines]))
    taught = train(tmp_path / "arrows", copies=["mirrored"], corrections=str(tmp_path / "own.csv"), **how)
    assert taught.model.provenance.corrections["train"]["self_labelled"] == len(lines) == 22
    assert "copies that hurt" in {finding.name for finding in taught.findings}


def test_copies_are_not_blamed_where_labels_are_chance(tmp_path):
    """A trial that is a little better by luck is no evidence."""
    rng = np.random.default_rng(1)
    X = rng.integers(0, 255, (40, 8, 8, 3), dtype=np.uint8)
    how = {"features": "pixels", "size": (8, 8), "copies": ["mirrored"], "hidden_layers": (8,), "epochs": 10}
    for seed in range(3):
        np.savez(tmp_path / "x.npz", X=X, y=rng.integers(0, 2, 40))
        found = train(tmp_path / "x.npz", random_state=seed, **how).findings
        assert "copies that hurt" not in {finding.name for finding in found}


def test_arrays_have_the_defaults_of_tables(tmp_path):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 3)).round(3), rng.integers(0, 2, 60)
    np.savez(tmp_path / "d.npz", X=X, y=y)
    lines = [",".join(map(str, [*row, f"c{label}"])) for row, label in zip(X.tolist(), y, strict=True)]
    (tmp_path / "d.csv").write_text("a,b,c,label\n" + "\n".join(lines))
    of_array, of_table = (train(tmp_path / name, epochs=3, random_state=0) for name in ("d.npz", "d.csv"))
    of_array_weights, of_table_weights = (found.model.network.parameters for found in (of_array, of_table))
    np.testing.assert_allclose(of_array_weights, of_table_weights, rtol=1e-9)
    assert of_array.cross_validation.accuracy == of_table.cross_validation.accuracy
