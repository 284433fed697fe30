"""The report: its numbers are the Result's, it asks for nothing from outside, and holds whatever names there are."""

import html
import itertools
import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import pellucid
from command_line import QUICK
from pellucid.cli.main import run
from pellucid.data import Splits
from pellucid.data.corrections import corrected, read_corrections
from pellucid.errors import OutputExistsError
from pellucid.evaluation.intervals import independent_rows, wilson_interval
from pellucid.evaluation.task import task_of
from pellucid.explanation.report import evaluation_report, report
from pellucid.explanation.report.image_sections import EmbeddedImages
from pellucid.explanation.report.predictions import scored_parts
from pellucid.explanation.report.summary import accuracy_headline, bars_of
from pellucid.features.extraction import described
from pellucid.model.labelled_data import data_for
from photographs import photograph, write_pictures
from reports import HOSTILE, Page, pictures_in

OUTSIDE = re.compile(r"""(?:src|href|action|data)\s*=\s*["']?\s*(?:https?:|//)|\burl\(|@import|https?://""")
NAMESPACE = "http://www.w3.org/2000/svg"


def sound(source):
    """Return the page, once it is sure that it is whole, safe and readable by machines that read aloud."""
    page = Page(source)
    assert not OUTSIDE.search(source.replace(NAMESPACE, ""))
    ids = [attributes["id"] for attributes in page.having("id")]
    assert len(ids) == len(set(ids))
    for name in ("aria-labelledby", "for"):
        assert {attributes[name] for attributes in page.having(name)} <= set(ids)
    assert all(a["href"].startswith("#") and a["href"][1:] in ids for a in page.having("href"))
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1 == levels.count(1)
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert all(attributes.get("alt") for tag, attributes in page.elements if tag == "img")
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert [tag for tag, _ in page.elements].count("script") == 2  # its pictures and its own code
    return page


@pytest.fixture(scope="module")
def flower():
    how = {"hidden_layers": (6,), "activation": "tanh", "optimizer": "lbfgs", "epochs": 60, "learning_curve": True}
    return pellucid.train("toy:flower", cross_validate=2, random_state=0, **how)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Return a folder of photographs in two classes; three in each stand in the wrong one."""
    folder = tmp_path_factory.mktemp("photos") / "data"
    for name, shade in (("dark", 0.3), ("light", 1.0)):
        (folder / name).mkdir(parents=True)
        for number in range(12):
            wrong = number < 3
            picture = photograph(number + 50 * (name == "light"), (150, 130))
            level = shade if not wrong else 1.3 - shade
            Image.eval(picture, lambda v, level=level: int(v * level)).save(folder / name / f"{number:02}.jpg")
    return folder


@pytest.fixture(scope="module")
def of_photos(photos):
    how = {"features": "pixels", "size": (12, 12), "optimizer": "lbfgs", "hidden_layers": (4,), "l2": 0.01}
    return pellucid.train(photos, cross_validate=1, random_state=1, epochs=40, **how)


def test_the_headline_and_the_bars_are_those_of_cross_validation(flower):
    page = sound(report(flower).html)
    folds = flower.cross_validation
    low, high = folds.interval
    headline = f"Expect about {100 * folds.accuracy:.0f} of 100 new rows like these to be right"
    assert f"{headline}, {100 * low:.0f} to {100 * high:.0f}." in page.text
    for share in (folds.accuracy, *folds.baselines.values()):
        assert f"{100 * share:.1f}%" in page.text
    assert f"Measured: {folds.sentence()}." in page.text
    ours, *others = bars_of(flower.headline, folds)
    assert (ours.value, ours.interval, ours.ours) == (folds.accuracy, folds.interval, True)
    assert [bar.name for bar in others] == ["always the most frequent class", "without hidden layer"]
    assert [bar.value for bar in others] == [folds.baselines["majority"], folds.baselines["no_hidden_layer"]]
    assert all(bar.interval[0] < bar.value < bar.interval[1] for bar in others)


def test_baselines_have_no_whiskers_where_independent_rows_are_not_known(flower):
    assert [bar.interval for bar in bars_of(flower.headline, flower.cross_validation, None, 0)[1:]] == [None, None]
    wide, narrow = (bars_of(flower.headline, flower.cross_validation, None, n)[1].interval for n in (40, 400))
    assert wide[1] - wide[0] > 2 * (narrow[1] - narrow[0])


def test_a_headline_of_nearly_all_counts_in_thousands():
    assert accuracy_headline(0.996, (0.994, 0.998), "rows").startswith("Expect about 996 of 1,000 new rows")
    assert (
        accuracy_headline(1.0, (0.8, 1.0), "rows")
        == "Expect about 100 of 100 new rows like these to be right, 80 to 100."
    )


def test_the_matrix_holds_the_confusion_and_every_mistake_its_answer(flower):
    page, folds = sound(report(flower).html), flower.cross_validation
    shown = {a["data-open"]: a["aria-label"] for a in page.having("data-open")}
    names = flower.model.class_names
    for (i, j), count in np.ndenumerate(np.array(folds.scores.confusion)):
        assert shown[f"{i}-{j}"] == f"labelled {names[i]}, predicted {names[j]}: {count}"
    rows = [a["data-cell"] for a in page.having("data-cell")]
    assert rows.count("0-1") == folds.scores.confusion[0][1] != folds.scores.confusion[1][0] == rows.count("1-0")
    wrong = sum(cell[0] != cell[2] for cell in rows)
    assert wrong == np.sum(folds.said != flower.splits.train.labels) and len(rows) == wrong + 2 * 12
    assert [a["data-cell"] for a in page.having("data-cell") if "hidden" not in a] == rows[:12]


def test_the_surest_mistake_comes_first(of_photos):
    (part,) = scored_parts(of_photos)
    folds, labels = of_photos.cross_validation, of_photos.splits.train.labels
    wrong = np.flatnonzero(folds.said != labels)
    assert len(wrong) > 2
    first = wrong[folds.probabilities[wrong].max(axis=1).argmax()]
    assert part.mistakes[0] == first and set(part.mistakes) == set(wrong)
    assert np.all(np.diff(part.confidence[part.mistakes]) <= 0) and np.all(np.diff(part.confidence[part.right]) >= 0)
    assert part.confusion.tolist() == folds.scores.confusion
    name, names = of_photos.splits.train.names[first], of_photos.model.class_names
    page = sound(report(of_photos).html)
    told = f"labelled {names[labels[first]]}, predicted {names[folds.said[first]]} {part.confidence[first]:.2f}"
    assert next(a["alt"] for tag, a in page.elements if tag == "img") == f"{name}: {told}"


def test_what_else_it_tells_is_what_the_result_has(flower):
    text = sound(report(flower, command="pellucid train 'my data'", again="pellucid train --recipe m.toml").html).text
    assert flower.learning_curve.sentence("rows") in text
    assert "pellucid train 'my data'" in text and "pellucid train --recipe m.toml" in text
    for finding in flower.findings:
        assert finding.sentence in text and finding.advice in text
    assert f"{len(flower.history.cost):,} epochs" in text
    for name in ("hidden_layers", "random_state", "numpy", "python"):
        assert name in text
    assert "training" in text and "The command was:" not in sound(report(flower).html).text


def test_baselines_of_groups_count_as_many_independent_rows_as_the_net(flower):
    folds, n = flower.cross_validation, len(flower.splits.train)
    grouped = replace(flower, splits=Splits(replace(flower.splits.train, groups=np.arange(n) // 4)))
    fewer = independent_rows(1 - folds.wrong, np.arange(n) // 4)
    low, high = wilson_interval(folds.baselines["majority"] * fewer, fewer)
    assert fewer < 0.9 * n
    assert f"{100 * low:.1f}% to {100 * high:.1f}%" in sound(report(grouped).html).text


def test_baselines_of_a_part_of_groups_do_so_too():
    how = {"hidden_layers": (3,), "epochs": 8, "cross_validate": 0, "holdout": 0.3, "random_state": 0}
    result = pellucid.train("toy:moons", **how)
    (part,) = scored_parts(result)
    groups = np.argsort(np.argsort(part.predicted == part.dataset.labels)) // 4  # mistakes keep together
    grouped = replace(result, splits=replace(result.splits, test=replace(result.splits.test, groups=groups)))
    fewer = independent_rows(part.predicted == part.dataset.labels, groups)
    low, high = wilson_interval(result.scores["test"].baselines["majority"] * fewer, fewer)
    assert fewer < 0.9 * len(groups)
    assert f"{100 * low:.1f}% to {100 * high:.1f}%" in sound(report(grouped).html).text


def test_without_a_part_for_testing_the_bars_are_of_validation(tmp_path):
    rng = np.random.default_rng(0)
    parts = {f"X_{part}": rng.normal(size=(40, 2)) for part in ("train", "val")}
    np.savez(tmp_path / "d.npz", **parts, y_train=np.arange(40) % 2, y_val=np.arange(40) % 2)
    how = {"holdout": 0, "cross_validate": 0, "hidden_layers": (2,), "epochs": 3, "early_stopping": True}
    text = sound(report(pellucid.train(tmp_path / "d.npz", **how, random_state=0)).html).text
    assert "These bars show the validation part, which was used for choosing: expect less on new samples." in text


def test_the_boundary_is_that_of_the_run_itself(flower):
    source = report(flower).html
    assert len(pictures_in(source)) > 4  # a table's report holds panels alone, and the boundary moves
    text = sound(source).text
    assert "after epoch 1 " in text and f"after epoch {len(flower.history.cost)} " in text
    other = flower.model.network.copy()
    other.parameters[0] += 1e-9
    changed = replace(flower, model=replace(flower.model, networks=(other,)))
    assert "cannot be repeated exactly" in sound(report(changed).html).text


@pytest.mark.parametrize("how", [{"early_stopping": True}, {"restarts": 2}, {"holdout": 0.3, "cross_validate": 0}])
def test_any_way_to_judge_and_to_stop_gives_a_whole_report(how):
    usual = {"hidden_layers": (3,), "epochs": 8, "cross_validate": 1, "random_state": 0}
    result = pellucid.train("toy:moons", **{**usual, **how})
    text = sound(report(result).html).text
    assert ("after epoch 1 " in text) == ("restarts" not in how)
    assert "Expect about" in text


def test_without_honest_rows_it_says_so():
    result = pellucid.train("toy:moons", hidden_layers=(3,), epochs=5, cross_validate=0, holdout=0, random_state=0)
    text = sound(report(result).html).text
    assert "What to expect on new rows is unknown: all rows here were learned from." in text
    assert "Expect about" not in text and "expect less on new samples" in text


def test_numbers_are_told_as_numbers(tmp_path):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2))
    lines = [f"{a},{b},{'red' if a > b else ''},{3 * a - b + 0.1}" for a, b in X]
    (tmp_path / "t.csv").write_text("\n".join(["a,b,colour,price", *lines]))
    result = pellucid.train(tmp_path / "t.csv", label="price", cross_validate=1, hidden_layers=(4,), random_state=0)
    page = sound(report(result).html)
    assert f"Expect new predictions of price to be off by about {result.cross_validation.rmse:.3g}" in page.text
    worst = np.abs(result.cross_validation.predicted - result.splits.train.labels).argmax()
    assert page.text.split("error a b colour ")[1].startswith(result.splits.train.names[worst])


def many_pictures(path, n, side):
    rng = np.random.default_rng(0)
    X = rng.integers(0, 256, (n, side, side, 3), dtype=np.uint8)
    np.savez(path, X=X, y=np.arange(n) % 2)
    return path


def test_five_hundred_pictures_make_less_than_ten_megabytes(tmp_path):
    data = many_pictures(tmp_path / "noise.npz", 500, 140)  # noise is the worst that a JPEG can have
    how = {"features": "pixels", "size": (6, 6), "hidden_layers": (2,), "epochs": 1, "cross_validate": 1}
    source = report(pellucid.train(data, random_state=0, audit=False, **how)).html
    assert len(source.encode()) < 10_000_000
    held = pictures_in(source)
    assert len(held) == len(set(held)) and 200 < len(held) < 600
    assert all(source.count(picture) == 1 for picture in held[:5])
    sound(source)


def test_full_embedded_images_say_so(monkeypatch, of_photos):
    from pellucid.explanation.report import image_sections

    monkeypatch.setattr(image_sections, "LARGEST", 20_000)
    source = report(of_photos).html
    assert sum(map(len, pictures_in(source))) <= 20_000 and "not shown" in sound(source).text


def test_names_may_be_anything(tmp_path):
    folder = write_pictures(tmp_path / "d", (HOSTILE, "a \"quoted\" 'class'", "plain"), n=6)
    for picture in (folder / "plain").iterdir():
        picture.rename(picture.with_name(f"{picture.stem} {HOSTILE}&amp;.png"))
    how = {
        "features": "pixels",
        "size": (8, 8),
        "hidden_layers": (2,),
        "epochs": 1,
        "cross_validate": 1,
        "random_state": 0,
    }
    page = sound(report(pellucid.train(folder, **how), command=HOSTILE).html)
    assert HOSTILE in page.text and "&amp;.png" in page.text
    assert HOSTILE in [a["value"] for tag, a in page.elements if tag == "option"]
    rows = ["x,y,label", *(f"{n},{n % 5},</script><script>alert({n % 2})</script>" for n in range(40))]
    (tmp_path / "t.csv").write_text("\n".join(rows))
    result = pellucid.train(tmp_path / "t.csv", label="label", hidden_layers=(2,), epochs=1, cross_validate=1)
    assert "</script><script>alert(1)</script>" in sound(report(result).html).text


def test_a_name_from_right_to_left_turns_nothing_about(tmp_path):
    """Beside it, 12 would be read as 21: such a name is closed in wherever it stands in a line of text."""
    turning, closed = "\u202eevil", "\u2068\u202eevil\u2069"
    folder = write_pictures(tmp_path / "d", (turning, "plain"), n=6)
    how = {
        "features": "pixels",
        "size": (8, 8),
        "hidden_layers": (2,),
        "epochs": 1,
        "cross_validate": 1,
        "random_state": 0,
    }
    page = sound(report(pellucid.train(folder, **how)).html)
    labels = [a["aria-label"] for a in page.having("data-open")]
    assert any(closed in label for label in labels)
    assert all(label.count(turning) == label.count(closed) for label in labels)
    assert f"{closed}: 6, plain: 6" in page.text or f"plain: 6, {closed}: 6" in page.text
    files = [a["data-file"] for a in page.having("data-file")]
    assert any(name.startswith(f"{turning}/") for name in files)  # but the name itself is that of the file


def test_a_name_that_is_no_text_cannot_be_put_right(tmp_path):
    folder = write_pictures(tmp_path / "d", n=6)
    (folder / "dark" / "00.png").rename(folder / "dark" / "odd \udcff.png")
    how = {
        "features": "pixels",
        "size": (8, 8),
        "hidden_layers": (2,),
        "epochs": 1,
        "cross_validate": 1,
        "random_state": 0,
    }
    page = sound(report(pellucid.train(folder, **how)).html)
    assert "odd ?.png" in page.text
    assert not [a for a in page.having("data-file") if "odd" in a["data-file"]]


def test_pictures_that_are_gone_are_not_shown(tmp_path):
    folder = write_pictures(tmp_path / "d", n=6)
    how = {
        "features": "pixels",
        "size": (8, 8),
        "hidden_layers": (2,),
        "epochs": 1,
        "cross_validate": 1,
        "random_state": 0,
    }
    result = pellucid.train(folder, **how)
    for picture in folder.rglob("*.png"):
        picture.unlink()
    assert "not shown" in sound(report(result).html).text


def test_what_was_corrected_or_left_out_is_shown(tmp_path):
    """Also where nobody audits: who reads the report must know that the data are not those of the folder."""
    folder = write_pictures(tmp_path / "d", n=8)
    first, *_, last = sorted(folder.rglob("*.png"))
    other = next(path.name for path in folder.iterdir() if path.name != first.parent.name)
    last.write_bytes(b"no picture")
    (tmp_path / "c.csv").write_text(f"file,class\n{first.relative_to(folder).as_posix()},{other}\n")
    how = {
        "features": "pixels",
        "size": (8, 8),
        "hidden_layers": (2,),
        "epochs": 1,
        "cross_validate": 0,
        "random_state": 0,
    }
    result = pellucid.train(folder, **how, audit=False, skip_bad=True, corrections=tmp_path / "c.csv")
    text = sound(report(result).html).text
    (part,) = result.corrections
    assert f"Corrections, {part}: {result.corrections[part].sentence()}." in text
    assert f"Left out, because they are unreadable: {result.skipped[0][0]}." in text
    assert "duplicate test" not in text


def test_duplicates_are_shown_side_by_side_those_across_parts_first(tmp_path):
    for part in ("train", "test"):
        for name in ("a", "b"):
            (tmp_path / part / name).mkdir(parents=True)
            for number in range(6):
                seed = number + 10 * (name == "b") + 30 * (part == "test")
                photograph(seed, (60, 60)).save(tmp_path / part / name / f"{number}.png")
    photograph(1, (60, 60)).save(tmp_path / "train" / "a" / "copy.png")
    photograph(2, (60, 60)).save(tmp_path / "test" / "b" / "leak.png")
    how = {"features": "pixels", "size": (6, 6), "hidden_layers": (2,), "epochs": 1, "random_state": 0}
    text = sound(report(pellucid.train(tmp_path, cross_validate=0, **how)).html).text
    beside = text.split("Duplicates side by side")[1]
    assert re.search(r"exact copies train, a \S*a/2.png test, b \S*b/leak.png", beside)
    assert beside.index("leak.png") < beside.index("copy.png")


def test_names_of_the_list_are_found_again_in_every_part(tmp_path):
    rng = np.random.default_rng(0)
    arrays = {}
    for part, n in (("train", 40), ("test", 20)):
        arrays |= {f"{part}_x": rng.normal(size=(n, 2)), f"{part}_y": np.arange(n) % 2}
    np.savez(tmp_path / "d.npz", X_train=arrays["train_x"], y_train=arrays["train_y"],
             X_test=arrays["test_x"], y_test=arrays["test_y"])  # fmt: skip
    result = pellucid.train(tmp_path / "d.npz", hidden_layers=(2,), epochs=1, cross_validate=1, random_state=0)
    text = sound(report(result).html).text
    assert "In 5-fold cross-validation" in text and "In the test part" in text
    scored = scored_parts(result)
    assert [one.name(3) for one in scored] == ["train/row 3", "test/row 3"]
    lines = [f"{one.name(3)},{1 - one.dataset.labels[3]}" for one in scored]
    (tmp_path / "c.csv").write_text("\n".join(["file,class", *lines]))
    _, counts = corrected(dict(result.splits.items()), read_corrections(tmp_path / "c.csv"), {})
    assert {part: count.changed for part, count in counts.items()} == {"train": 1, "test": 1}


def test_samples_held_back_from_training_have_the_names_of_training(tmp_path):
    rng = np.random.default_rng(0)
    parts = {f"X_{part}": rng.normal(size=(n, 2)) for part, n in (("train", 40), ("val", 30))}
    np.savez(tmp_path / "d.npz", **parts, y_train=np.arange(40) % 2, y_val=np.arange(30) % 2)
    how = {"holdout": 0.25, "cross_validate": 0, "hidden_layers": (2,), "epochs": 1, "random_state": 0}
    result = pellucid.train(tmp_path / "d.npz", **how)
    test, validation = scored_parts(result)
    assert test.name(0) == f"train/{result.splits.test.names[0]}" and validation.name(0) == "validation/row 0"


def test_a_picture_is_held_once_however_often_it_is_shown(of_photos):
    train, images = of_photos.splits.train, EmbeddedImages()
    assert images.add(train, [3, 5, 3]) == [0, 1, 0] and images.add(train, [7, 5]) == [2, 1]
    assert len(pictures_in(images.html())) == 3


def test_it_is_saved_whole_shown_in_notebooks_and_tells_how_far_it_is(of_photos, tmp_path):
    told = []

    class Listening:
        def fits(self, what, done, total):
            told.append((what, done, total))

    page = report(of_photos, progress=Listening())
    assert told == [("where it looked", done, 12) for done in range(1, 13)]
    path = page.save(tmp_path / "r.html")
    assert path.read_text("utf-8") == page.html == report(of_photos).html  # the same every time
    with pytest.raises(OutputExistsError):
        page.save(path)
    frame = Page(page._repr_html_()).elements
    assert frame[0][1]["sandbox"] == "allow-scripts allow-downloads"  # no origin: it reaches nothing of the notebook
    assert [tag for tag, _ in frame] == ["iframe"] and frame[0][1]["srcdoc"] == page.html
    assert html.unescape(page._repr_html_()).count("<!doctype html>") == 1


def test_a_model_on_other_data_has_a_report_too(of_photos, photos):
    model = of_photos.model
    dataset, part, used_for = data_for(model, photos)
    R, dataset = described(dataset, model.features)
    scores = task_of(model).scores(model.predictions(R), dataset.labels, used_for, model)
    page = sound(evaluation_report(model, dataset, model.predictions(R), scores, part=part).html)
    assert used_for == "training" and "all photos here were learned from" in page.text
    tested = replace(scores, used_for="testing", interval=(0.5, 0.75))
    page = sound(evaluation_report(model, dataset, model.predictions(R), tested, part=part).html)
    assert f"Expect about {100 * scores.accuracy:.0f} of 100 new photos like these to be right, 50 to 75." in page.text
    counts = {a["data-open"]: int(a["aria-label"].split(": ")[1]) for a in page.having("data-open")}
    assert counts == {f"{i}-{j}": n for (i, j), n in np.ndenumerate(np.array(scores.confusion)) if n}


def test_mistakes_on_other_photos_can_be_put_right_and_learned_from(of_photos, photos, tmp_path):
    other, model = write_pictures(tmp_path / "other", ("dark", "light"), n=6), of_photos.model
    dataset, part, used_for = data_for(model, other)
    R, dataset = described(dataset, model.features)
    scores = task_of(model).scores(model.predictions(R), dataset.labels, used_for, model)
    page = sound(evaluation_report(model, dataset, model.predictions(R), scores, part=part).html)
    (tmp_path / "c.csv").write_text(f"file,class\n{page.having('data-file')[0]['data-file']},dark\n")
    how = {
        "features": "pixels",
        "size": (8, 8),
        "hidden_layers": (2,),
        "epochs": 1,
        "cross_validate": 0,
        "audit": False,
    }
    again = pellucid.train(photos, corrections=str(tmp_path / "c.csv"), **how)
    assert again.corrections["train"].added == 1


def test_the_commands_write_it(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_pictures(tmp_path / "photos")
    how = [*QUICK, "--epochs", "2", "--seed", "1"]
    assert run(["train", "photos", *how, "--no-report"]) == 0
    assert not (tmp_path / "model.pellucid.html").exists() and "report:" not in capsys.readouterr().out
    assert run(["train", "photos", *how, "--out", "m"]) == 0
    assert "report: m.html" in capsys.readouterr().out
    text = sound((tmp_path / "m.html").read_text("utf-8")).text
    assert "pellucid train photos --features pixels" in text
    assert "pellucid train --recipe m.toml --out m --force" in text
    assert run(["evaluate", "m", "photos", "--report", "e.html"]) == 0
    assert "In photos, part train" in sound((tmp_path / "e.html").read_text("utf-8")).text
    assert run(["evaluate", "m", "photos", "--report", "e.html"]) == 1
    assert "e.html exists" in capsys.readouterr().err
    assert run(["evaluate", "m", "photos", "--report", "e.html", "--force"]) == 0
    (tmp_path / "n.html").write_text("mine")
    assert run(["train", "photos", *how, "--out", "n"]) == 1
    assert "n.html exists" in capsys.readouterr().err and not (tmp_path / "n").exists()
    assert run(["train", "photos", *how, "--out", "n", "--force"]) == 0
