"""The audit finds what was planted, says it in sentences with numbers and examples, and else says nothing."""

import json
import shlex

import h5py
import numpy as np
import pytest
from PIL import Image

from pellucid.cli.main import run
from pellucid.cli.options import Merge
from pellucid.data import Dataset, Splits, grouped_splits, load, metadata_of, split_rows
from pellucid.data.audit import image_metadata
from pellucid.data.audit.audit import audit
from pellucid.data.audit.checks import several_labels
from pellucid.data.audit.duplicates import clusters_of, duplicate_groups, find_duplicates
from pellucid.data.audit.finding import LEVELS, Finding
from pellucid.errors import InputError
from photographs import COPIES, exif_of, jpeg, photograph, png, put

ENOUGH = range(10)  # pictures a class that nothing is said of


def clean(top, *classes, start=0):
    for number, name in enumerate(classes or ("a", "b")):
        for k in ENOUGH:
            put(top / name / f"{k}.jpg", jpeg(photograph(start + 100 * number + k, (160, 120))))
    return top


def found(source, **options):
    """Return the audit's findings by kind."""
    findings = audit(load(source, **options)).findings
    assert len({finding.kind for finding in findings}) == len(findings)
    return {finding.kind: finding for finding in findings}


def test_nothing_is_said_of_clean_pictures(tmp_path):
    clean(tmp_path / "train")
    clean(tmp_path / "test", start=1000)
    assert found(tmp_path) == {}


# Copies


@pytest.fixture
def leaky(tmp_path):
    """Return a folder in which test has an exact copy, a near copy of another class, and a copy of validation's."""
    for part, start in (("train", 0), ("validation", 1000), ("test", 2000)):
        clean(tmp_path / part, start=start)
    train = tmp_path / "train/a"
    put(tmp_path / "test/a/same bild 猫.jpg", (train / "3.jpg").read_bytes())
    put(tmp_path / "test/b/small.png", COPIES["half the size"](photograph(5, (160, 120))))
    put(tmp_path / "test/b/of validation.jpg", (tmp_path / "validation/b/7.jpg").read_bytes())
    put(train / "3 again.jpg", (train / "3.jpg").read_bytes())
    return tmp_path


def test_leaks(leaky):
    splits = load(leaky)
    report = audit(splits)
    findings = {finding.kind: finding for finding in report.findings}
    assert findings["leaks"].level == "problem"
    assert findings["leaks"].count == 2
    assert findings["leaks"].sentence == (
        "2 pictures of test are in train too, 1 of them nearly the same. The test score counts them as new; "
        "--drop-leaks leaves the training copies out."
    )
    assert findings["leaks"].examples == (
        "train/a/3 again.jpg and test/a/same bild 猫.jpg (exact)",
        "train/a/5.jpg and test/b/small.png (nearly the same)",
    )
    assert findings["copies-across-parts"].sentence.startswith("The same picture is in validation and test:")
    names = [splits.train.names[row] for row in report.leaks()]
    assert names == ["train/a/3 again.jpg", "train/a/3.jpg", "train/a/5.jpg"]
    kept = np.delete(np.arange(len(splits.train)), report.leaks())
    assert "leaks" not in {
        f.kind for f in audit(Splits(splits.train.take(kept), splits.validation, splits.test)).findings
    }


def test_the_exact_copy_is_named_before_a_near_one(tmp_path):
    for part, start in (("train", 0), ("test", 1000)):
        clean(tmp_path / part, start=start)
    put(tmp_path / "train/a/0 near.jpg", COPIES["recompressed"](photograph(3, (160, 120))))
    for name in ("x", "y"):
        put(tmp_path / f"test/a/{name}.jpg", (tmp_path / "train/a/3.jpg").read_bytes())
    findings = {finding.kind: finding for finding in audit(load(tmp_path)).findings if finding.kind != "copies"}
    assert findings["leaks"].examples == tuple(f"train/a/3.jpg and test/a/{name}.jpg (exact)" for name in ("x", "y"))
    within = [finding for finding in audit(load(tmp_path)).findings if finding.kind == "copies"]
    assert [finding.examples for finding in within] == [
        ("train/a/0 near.jpg and train/a/3.jpg (nearly the same)",),
        ("test/a/x.jpg and test/a/y.jpg (exact)",),
    ]


def test_conflicting_labels(leaky):
    conflict = found(leaky)["conflicting-labels"]
    assert conflict.level == "problem"
    assert conflict.examples == ("train/a/5.jpg (a) and test/b/small.png (b)",)
    assert conflict.sentence == "1 picture is in two classes, as copies; one label of each is wrong."


def test_copies_within_a_part(leaky):
    copies = found(leaky)["copies"]
    assert copies.level == "note"
    assert copies.examples == ("train/a/3 again.jpg and train/a/3.jpg (exact)",)
    assert copies.sentence == (
        "train has 1 copy among its 21 pictures. A split or cross-validation keeps copies together."
    )


@pytest.mark.parametrize("kind", ["recompressed", "half the size", "turned by EXIF"])
def test_copies_stay_together_in_a_split(tmp_path, kind):
    clean(tmp_path)
    for k in ENOUGH:
        put(tmp_path / f"a/copy {k}.jpg", COPIES[kind](photograph(k, (160, 120))))
    data = load(tmp_path).train
    groups = duplicate_groups(data)
    assert len(set(groups.tolist())) == 20
    for seed in range(3):
        kept, held = split_rows(data.labels, 0.3, np.random.default_rng(seed), groups)
        of_file = [name.removeprefix("a/copy ").removeprefix("a/") for name in data.names]
        assert not {of_file[row] for row in kept if "b/" not in of_file[row]} & {of_file[row] for row in held}


def test_copy_groups_keep_the_groups_that_are_given(tmp_path):
    for name, seed in (("a/1", 1), ("a/2", 2), ("b/3", 1), ("b/4", 4), ("b/5", 5)):
        put(tmp_path / f"{name}.jpg", jpeg(photograph(seed)))
    data = load(tmp_path).train
    assert len(set(duplicate_groups(data).tolist())) == 4
    with_groups = Dataset(**{**vars(data), "groups": np.array(["x", "y", "z", "y", "w"])})
    assert duplicate_groups(with_groups, metadata_of(data)).tolist() == [0, 1, 0, 1, 4]


def test_two_unreadable_files_are_no_copies(tmp_path):
    clean(tmp_path)
    for name in ("a/x.jpg", "b/x.jpg"):
        put(tmp_path / name, b"broken")
    assert set(found(tmp_path)) == {"unreadable"}


def test_copies_among_arrays(tmp_path):
    X = np.stack([np.asarray(photograph(k, (40, 40))) for k in range(30)])
    X[29] = X[3]
    y = np.arange(30) % 2
    np.savez(tmp_path / "x.npz", x_train=X[:20], y_train=y[:20], x_test=X[20:], y_test=y[20:])
    leak = found(tmp_path / "x.npz")["leaks"]
    assert leak.sentence.startswith("The same picture is in train and test: train row 3 and test row 9 (exact).")


def test_cats_test_pictures_are_among_the_training_pictures(real_data):
    report = audit(load(real_data / "cats"))
    assert report.leaks().tolist() == [146, 154]  # the second is one cluster of flowers in yellow and in orange
    assert [finding.kind for finding in report.findings] == ["leaks"]
    assert report.findings[0].examples == (
        "train row 146 and test row 17 (exact)",
        "train row 154 and test row 43 (altered)",
    )


@pytest.mark.slow
def test_beans_have_one_leaf_twice(real_data):
    findings = found(real_data / "beans")
    assert set(findings) == {"leaks"}
    assert findings["leaks"].examples == (
        "train/healthy/healthy_train.244.jpg and validation/healthy/healthy_val.31.jpg (altered)",
    )


@pytest.mark.parametrize("first", range(2))
def test_altered_copies_are_one_group_and_told(tmp_path, first):
    clean(tmp_path)
    scene = photograph(first, (160, 120))
    put(tmp_path / "b/mirrored.jpg", jpeg(scene.transpose(Image.Transpose.FLIP_LEFT_RIGHT)))
    put(tmp_path / "b/cropped.jpg", jpeg(scene.crop((8, 6, 152, 114)).convert("L")))
    findings = found(tmp_path)
    altered = findings["altered-copies"]
    assert (altered.level, altered.count) == ("watch", 2)
    assert altered.sentence == (
        "train has 2 altered copies among its 22 pictures: mirrored, turned, cropped or in other colours. A split or "
        "cross-validation keeps them together."
    )
    assert altered.examples == (f"a/{first}.jpg and b/cropped.jpg and b/mirrored.jpg",)
    assert "conflicting-labels" not in findings  # arrows to the left and to the right are two classes
    assert len(set(duplicate_groups(load(tmp_path).train).tolist())) == 20


def test_an_altered_copy_across_parts_is_a_leak(tmp_path):
    for part, start in (("train", 0), ("test", 1000)):
        clean(tmp_path / part, start=start)
    put(tmp_path / "test/a/turned.jpg", jpeg(photograph(3, (160, 120)).transpose(Image.Transpose.ROTATE_90)))
    leak = found(tmp_path)["leaks"]
    assert leak.level == "watch"  # plain drawings may only look altered
    assert leak.sentence.startswith(
        "What looks like one scene, altered, is in train and test: train/a/3.jpg and test/a/turned.jpg (altered)."
    )


# Tables


def table(path, *rows):
    path.write_text("x,z,label\n" + "\n".join(rows), "utf-8")
    return path


def test_equal_rows_of_a_table(tmp_path):
    rows = [f"{k},{k % 7},{'ab'[k % 2]}" for k in range(1, 40)]
    findings = found(table(tmp_path / "t.csv", *rows, rows[4], "-0,0,b", "0,0,a", "0,0,a"))
    assert findings["copies"].sentence == (
        "train has 3 rows twice among its 43 rows. Chance may explain the equal rows, so a split can part them; the "
        "score then counts them."
    )
    assert findings["copies"].level == "note"
    assert findings["copies"].examples == ("line 6 and line 41", "line 42 and line 43 and line 44")
    conflict = findings["conflicting-labels"]
    assert (conflict.level, conflict.count, conflict.examples) == ("watch", 3, ("line 42 (b) and line 43 (a)",))
    assert "more than 97.7% of the rows" in conflict.sentence  # 42 of 43
    assert set(findings) == {"copies", "conflicting-labels"}


def test_a_table_without_faults(tmp_path):
    assert found(table(tmp_path / "t.csv", *(f"{k / 8},{k % 7},{'ab'[k % 2]}" for k in range(40)))) == {}


def test_equal_rows_of_tables_in_parts(tmp_path):
    X, y = np.random.default_rng(0).normal(size=(40, 3)), np.arange(40) % 2
    X[31] = X[2]
    np.savez(tmp_path / "x.npz", x_train=X[:20], y_train=y[:20], x_val=X[20:], y_val=y[20:])
    leak = found(tmp_path / "x.npz")["leaks"]
    assert leak.level == "problem"
    assert leak.sentence == (
        "The same row is in train and validation: train row 2 and validation row 11. The validation score counts it as "
        "new; --drop-leaks leaves the training copy out."
    )


def test_equal_rows_by_chance_of_tables_in_parts(tmp_path):
    X, y = np.random.default_rng(0).integers(0, 2, (40, 4)), np.arange(40) % 2
    np.savez(tmp_path / "x.npz", x_train=X[:20], y_train=y[:20], x_val=X[20:], y_val=y[20:])
    leak, *_, copies, _ = audit(load(tmp_path / "x.npz")).findings
    assert (leak.kind, leak.level, copies.kind, copies.level) == ("leaks", "watch", "copies", "watch")
    assert leak.sentence.endswith("With few or coarse columns that happens by chance; else the validation score is too "
                                  "good.")  # fmt: skip


def test_constant_columns(tmp_path):
    constant = found(table(tmp_path / "t.csv", *(f"{k},5,{'ab'[k % 2]}" for k in range(40))))["constant"]
    assert (constant.count, constant.examples) == (1, ("z",))


def test_a_column_that_differs_once_in_many_rows_is_not_constant(tmp_path):
    for odd in (10, 290):
        rows = [f"{k},{int(k == odd)},{'ab'[k % 2]}" for k in range(300)]
        assert "constant" not in found(table(tmp_path / "t.csv", *rows))


def test_constant_pixels(tmp_path):
    X = np.stack([np.asarray(photograph(k, (10, 10)).convert("L")) for k in range(40)])
    X[:, :2] = 7
    np.savez(tmp_path / "x.npz", X=X, y=np.arange(40) % 2)
    assert found(tmp_path / "x.npz")["constant"].sentence.startswith("20 of the 100 values of a picture are the same")


def test_parts_must_be_of_one_kind():
    moons = load("toy:moons").train
    pictures = Dataset(lambda rows: [], np.zeros(0, int), ("0", "1"), "pictures", [], "p")
    with pytest.raises(InputError, match="one kind"):
        audit(Splits(moons, test=pictures))


# Files


def test_unreadable_files_are_named_with_the_reason(tmp_path):
    clean(tmp_path)
    whole = jpeg(photograph(500))
    put(tmp_path / "a/half.jpg", whole[: len(whole) // 2])
    put(tmp_path / "b/ничего 🌿.png", b"")
    unreadable = found(tmp_path)["unreadable"]
    assert unreadable.sentence == "2 of 22 pictures cannot be read; --skip-bad trains without them."
    assert unreadable.examples == (
        "a/half.jpg: it is truncated, the file ends before the picture does.",
        "b/ничего 🌿.png: the file is empty.",
    )


def test_files_of_other_kinds_are_told(tmp_path, monkeypatch):
    monkeypatch.setattr("pellucid.data.images.kinds.readable_formats", lambda: {"JPEG", "PNG"})
    clean(tmp_path)
    for name in ("a/phone.HEIC", "a/phone2.heif", "b/drawing.psd", "b/notes.txt"):
        put(tmp_path / name, b"...")
    passed = found(tmp_path)["passed-over"]
    assert passed.examples == ("a/phone.HEIC", "a/phone2.heif", "b/drawing.psd", "b/notes.txt")
    assert passed.sentence == (
        "4 files passed over: 1 .heic, 1 .heif, 1 .psd, 1 .txt; "
        'HEIC, HEIF, PSD cannot be read, save them as JPEG or PNG or pip install "pellucid[heic]".'
    )


def test_a_class_of_nothing_but_other_kinds(tmp_path, monkeypatch):
    monkeypatch.setattr("pellucid.data.images.kinds.readable_formats", lambda: {"JPEG", "PNG"})
    clean(tmp_path)
    put(tmp_path / "phone/1.heic", b"...")
    with pytest.raises(InputError, match=r"'phone' has no pictures that can be read, but 1 .heic; HEIC cannot"):
        load(tmp_path)


def test_heic_is_read_with_its_extra(tmp_path):
    heif = pytest.importorskip("pillow_heif")
    clean(tmp_path)
    heif.from_pillow(photograph(3, (160, 120))).save(tmp_path / "b/phone.heic", quality=80)
    findings = found(tmp_path)
    assert set(findings) == {"copies", "conflicting-labels"}
    assert findings["conflicting-labels"].examples == ("a/3.jpg (a) and b/phone.heic (b)",)


def test_sizes_and_modes(tmp_path):
    clean(tmp_path)
    put(tmp_path / "a/tiny.png", png(photograph(501, (20, 30))))
    put(tmp_path / "a/long.png", png(photograph(502, (400, 100)).convert("CMYK").convert("L")))
    put(tmp_path / "b/huge.jpg", jpeg(photograph(503, (900, 700))))
    put(tmp_path / "b/flat.png", png(Image.new("RGB", (160, 120), (10, 20, 30))))
    findings = found(tmp_path)
    assert findings["small"].examples == ("a/tiny.png: 20 x 30",)
    assert findings["long"].examples == ("a/long.png: 400 x 100",)
    assert findings["sizes"].examples == ("a/tiny.png: 20 x 30", "b/huge.jpg: 900 x 700")
    assert findings["modes"].examples == ("a/long.png: L",)
    assert findings["flat"].examples == ("b/flat.png",)
    assert set(findings) == {"small", "long", "sizes", "modes", "flat"}


def test_nothing_can_be_read(tmp_path):
    for name in ("a/1.jpg", "b/2.jpg"):
        put(tmp_path / name, b"broken")
    assert set(found(tmp_path)) == {"unreadable", "single-sample", "few-samples"}


@pytest.mark.parametrize(
    ("names", "noted"),
    [
        (("DSC_{}", "IMG{}"), True),
        (("{}", "IMG {}"), True),
        (("IMG_{}", "IMG_1{}"), False),
        (("plum_{}", "pear.{}"), False),  # the names of the classes
        (("pl{}", "x{}"), False),
        (("DSC_{}", "{}"), True),
    ],
)
def test_file_names_of_two_sources(tmp_path, names, noted):
    for start, (name, file) in enumerate(zip(("plum", "pear"), names, strict=True)):
        for k in ENOUGH:
            put(tmp_path / name / f"{file.format(k)}.jpg", jpeg(photograph(100 * start + k, (40, 40))))
    findings = found(tmp_path)
    assert set(findings) == ({"file-names"} if noted else set())
    if noted:
        assert findings["file-names"].level == "note"


# Classes and groups


def test_classes(tmp_path):
    clean(tmp_path / "train", "a", "b", "c")
    for k in range(40):
        put(tmp_path / f"train/b/more {k}.jpg", jpeg(photograph(1000 + k, (40, 30))))
    for k in range(3, 10):
        (tmp_path / f"train/c/{k}.jpg").unlink()
    put(tmp_path / "test/a/1.jpg", jpeg(photograph(2000, (40, 30))))
    findings = found(tmp_path)
    assert findings["missing-classes"].examples == ("b", "c")
    assert findings["few-samples"].examples == ("c: 3",)
    assert findings["imbalance"].level == "watch"
    assert "always saying b would be right 79% of the time" in findings["imbalance"].sentence  # 50 of 63


def test_a_class_with_one_sample(tmp_path):
    clean(tmp_path, "a", "b", "c")
    for k in range(1, 10):
        (tmp_path / f"c/{k}.jpg").unlink()
    single = found(tmp_path)["single-sample"]
    assert (single.level, single.count, single.examples) == ("watch", 1, ("c",))
    assert "in place of cross-validation" in single.sentence


@pytest.mark.parametrize(
    ("names", "option"),
    [
        (("yes", "Yes", "no"), "--merge yes=yes+Yes"),
        (("ice cream", "Ice_Cream", "ice-cream"), "--merge 'ice cream=ice cream+Ice_Cream+ice-cream'"),
        (("type 1", "Type1", "type 2"), "--merge 'type 1=type 1+Type1'"),
        (("K\u00e4fer", "Ka\u0308fer", "b"), "--merge 'K\u00e4fer=K\u00e4fer+Ka\u0308fer'"),
        (("a=b", "A=B"), "rename 'A=B'"),
        (("cat", "cat ", "dog"), "rename 'cat '"),
    ],
)
def test_spellings_of_a_class(names, option):
    labels = np.repeat(np.arange(len(names)), np.arange(30, 30 - len(names), -1))
    X = np.random.default_rng(0).normal(size=(len(labels), 2))
    data = Dataset(X.__getitem__, labels, names, "table", range(len(X)), "t.csv", ("x", "z"))
    (watch,) = audit(Splits(data)).findings
    assert (watch.level, watch.kind) == ("watch", "spellings")
    assert watch.sentence.endswith(f"; if so, {option}.")
    if option.startswith("--merge"):
        assert run_merge(data, shlex.split(option)[1]) < len(names)


def run_merge(data, option):
    new, olds = Merge().convert(option, None, None)
    if len(olds) == len(data.class_names):
        return 1
    return len(data.merged({new: olds}).class_names)


@pytest.mark.parametrize(
    "names", [("+", "-"), ("C", "C++", "C#"), ("A", "A-", "A+"), ("15", "1.5", "1-5", "-15", "1 5")]
)
def test_different_classes_are_no_spellings(names):
    labels = np.arange(30 * len(names)) % len(names)
    X = np.random.default_rng(0).normal(size=(len(labels), 2))
    assert audit(Splits(Dataset(X.__getitem__, labels, names, "table", range(len(X)), "t", ("x", "z")))).findings == ()


@pytest.mark.parametrize(
    ("names", "count"),
    [
        (("cat", "dog", "cat;dog"), 1),
        (("action|comedy", "comedy|drama", "action | drama"), 3),
        (("wine/red", "wine/white", "beer"), 0),
        (("A", "A+", "B"), 0),
        (("1,5", "2,5", "3"), 0),
        (("cat", "dog", "cat;bird"), 0),
    ],
)
def test_classes_that_list_labels(names, count):
    labels = np.arange(30 * len(names)) % len(names)
    X = np.random.default_rng(0).normal(size=(len(labels), 2))
    data = Dataset(X.__getitem__, labels, names, "table", range(len(X)), "t.csv", ("x", "z"))
    assert [finding.count for finding in several_labels({"train": data})] == [count] * bool(count)
    assert ("several-labels" in {finding.kind for finding in audit(Splits(data)).findings}) == bool(count)


def test_spellings_of_a_category(tmp_path):
    rows = [f"{k / 8},{('no', 'yes', 'Yes ', 'NO')[k % 4]},{'ab'[k // 4 % 2]}" for k in range(40)]
    watch = found(table(tmp_path / "t.csv", *rows))["category-spellings"]
    assert watch.sentence == ("1 column with several spellings of a category, each learned by itself: z: 'no', 'NO'.")
    assert watch.examples == ("z: 'no', 'NO'", "z: 'yes', 'Yes'")


def test_imbalance_grows(tmp_path):
    for times, level in ((2, None), (3, "note"), (10, "watch")):
        rows = [f"{k},{k % 7},a" for k in range(10)] + [f"{k},9,b" for k in range(10 * times)]
        imbalance = found(table(tmp_path / "t.csv", *rows)).get("imbalance")
        assert (imbalance and imbalance.level) == level


def test_bursts_are_suggested(tmp_path):
    clean(tmp_path)
    for k in range(3):
        put(
            tmp_path / f"a/burst {k}.jpg", jpeg(photograph(300 + k), exif=exif_of(f"2024:05:03 12:00:0{k}", ("X", "Y")))
        )
        put(
            tmp_path / f"b/burst {k}.jpg", jpeg(photograph(400 + k), exif=exif_of(f"2024:05:04 12:00:0{k}", ("X", "Y")))
        )
    suggested = found(tmp_path)["bursts"]
    assert suggested.sentence.startswith("6 pictures of train in 2 bursts")
    assert "--group-by none" in suggested.sentence
    assert suggested.examples == ("a/burst 0.jpg and 2 more", "b/burst 0.jpg and 2 more")
    assert "bursts" not in {f.kind for f in audit(grouped_splits(load(tmp_path), "burst")).findings}


def test_groups_in_two_parts(tmp_path):
    for part, start in (("train", 0), ("test", 1000)):
        clean(tmp_path / part, "a/leaf 1", "a/leaf 2", "b/leaf 3" if part == "train" else "b/leaf 4", start=start)
    across = {f.kind: f for f in audit(grouped_splits(load(tmp_path), "parent")).findings}["groups-across-parts"]
    assert (across.level, across.count, across.examples) == ("problem", 2, ("leaf 1", "leaf 2"))


# What comes out


def test_levels_come_in_order_and_all_is_bounded(tmp_path):
    clean(tmp_path)
    for k in range(50):
        put(tmp_path / f"a/bad {k:02}.jpg", b"broken")
        put(tmp_path / f"b/copy {k:02}.jpg", (tmp_path / "b/1.jpg").read_bytes())
        put(tmp_path / f"b/tiny {k:02}.png", png(photograph(600 + k, (16, 16))))
    report = audit(load(tmp_path))
    levels = [LEVELS.index(finding.level) for finding in report.findings]
    assert levels == sorted(levels) and len(levels) >= 3
    plain = json.loads(json.dumps(report.as_dict(), allow_nan=False))
    assert plain["counts"] == {"train": {"a": 60, "b": 110}}
    by_kind = {finding["kind"]: finding for finding in plain["findings"]}
    assert by_kind["unreadable"]["count"] == 50
    assert len(by_kind["unreadable"]["examples"]) == 20
    assert max(len(finding["examples"]) for finding in plain["findings"]) <= 20
    lines = list(report.lines(examples=5))
    assert lines[0] == "problem: 50 of 170 pictures cannot be read; --skip-bad trains without them."
    assert lines[5:7] == [f"         - {report.findings[0].examples[4]}", "         - ..."]
    assert len(lines) <= 7 * len(report.findings)


def test_progress_is_told(tmp_path):
    class Told:
        def __init__(self):
            self.calls = []

        def reading(self, *call):
            self.calls.append(call)

    clean(tmp_path)
    progress = Told()
    audit(load(tmp_path), progress)
    assert progress.calls == [(str(tmp_path), 16, 20), (str(tmp_path), 20, 20)]


def test_every_picture_is_opened_once(tmp_path, monkeypatch):
    clean(tmp_path)
    opened = []
    read = image_metadata.read_file
    monkeypatch.setattr(image_metadata, "read_file", lambda raw: opened.append(raw) or read(raw))
    audit(load(tmp_path))
    assert len(opened) == len(set(opened)) == 20


def test_clusters():
    assert clusters_of(np.zeros(0, int)) == []
    assert clusters_of(np.arange(4)) == []


def test_findings_are_plain():
    assert Finding("note", "x", 1, "One.", ("a",)).as_dict() == {
        "level": "note", "kind": "x", "count": 1, "sentence": "One.", "examples": ["a"]
    }  # fmt: skip


def test_copies_of_one_part(tmp_path):
    data = load(clean(tmp_path)).train
    copies = find_duplicates({"train": data}, {"train": metadata_of(data)})
    assert copies.leaks().tolist() == []
    assert copies.groups().tolist() == list(range(20))
    with pytest.raises(KeyError):
        copies.rows("test")


# Pages and frames


@pytest.mark.parametrize("kind, ending", [("TIFF", "tif"), ("GIF", "gif"), ("PNG", "png"), ("WEBP", "webp")])
def test_pages_after_the_first_are_told(tmp_path, kind, ending):
    clean(tmp_path)
    pages = [photograph(seed, (160, 120)) for seed in (700, 701)]
    pages[0].save(tmp_path / f"a/many.{ending}", kind, save_all=True, append_images=pages[1:])
    pages[1].save(tmp_path / f"a/one.{ending}", kind)
    assert found(tmp_path)["several-frames"].examples == (f"a/many.{ending}",)


# The command


def test_command(leaky, tmp_path, capsys):
    assert run(["audit", str(leaky), "--json", str(tmp_path / ".audit.json")]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert f"{leaky}: 2 problems, 1 watch, 1 note" in said.out.replace("\n", " ").replace("  ", " ")
    assert "problem: 2 pictures of test are in train too" in said.out
    assert "- train/a/5.jpg and test/b/small.png (nearly the same)" in said.out
    results = json.loads((tmp_path / ".audit.json").read_text())
    assert results["command"] == "audit"
    assert results["results"] == json.loads(json.dumps(audit(load(leaky)).as_dict()))


def test_command_on_what_is_clean(tmp_path, capsys):
    assert run(["audit", str(clean(tmp_path))]) == 0
    assert "no problems found" in capsys.readouterr().out


def test_command_with_groups(tmp_path, capsys):
    clean(tmp_path / "photos")
    assert run(["audit", str(tmp_path / "photos"), "--group-by", r"(\d+)\.jpg"]) == 0
    assert run(["audit", str(tmp_path / "photos"), "--group-by", "plant"]) == 1
    assert "no names in which 'plant' matches" in capsys.readouterr().err
    table(tmp_path / "t.csv", *(f"{k},{k % 7},{'ab'[k % 2]}" for k in range(40)))
    assert run(["audit", str(tmp_path / "t.csv"), "--group-by", "z"]) == 0
    assert run(["audit", str(tmp_path / "t.csv"), "--group-by", "w"]) == 1
    assert "no column 'w'" in capsys.readouterr().err


def test_command_with_keys(tmp_path, capsys):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["mine"] = np.stack([np.asarray(photograph(k, (20, 20))) for k in range(20)])
        file["theirs"] = np.arange(20) % 2
    assert run(["audit", str(tmp_path / "x.h5"), "--keys", "mine,theirs"]) == 0
    assert "no problems found" in capsys.readouterr().out
