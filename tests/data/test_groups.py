"""Groups: what belongs together by folder, burst, day, or a pattern in the names."""

from dataclasses import replace

import numpy as np
import pytest

from pellucid.data import Dataset, MetadataTable, grouped, grouped_splits, joined, load, metadata_of
from pellucid.data.groups import bursts, more_alike_than_chance
from pellucid.errors import InputError
from photographs import exif_of, jpeg, photograph, put


def dataset(*names, depth=1):
    return Dataset(lambda rows: [], np.zeros(len(names), int), ("a",), "pictures", names, "photos", class_depth=depth)


def alike(groups):
    """Return the groups as numbers in the order in which they come."""
    seen = {}
    return [seen.setdefault(group, len(seen)) for group in groups]


def refused(data, by, *words):
    with pytest.raises(InputError) as caught:
        grouped(data, by)
    for word in ("photos", *words):
        assert word in str(caught.value)


# By folder


def test_parent_is_the_folder_below_the_class():
    data = dataset("sick/p1/1.jpg", "sick/p1/x/2.jpg", "sick/p2/3.jpg", "well/p1/4.jpg", "well/5.jpg", "well/6.jpg")
    assert grouped(data, "parent").tolist() == ["p1", "p1/x", "p2", "p1", "well/5.jpg", "well/6.jpg"]


def test_parent_needs_folders_below_the_classes():
    refused(dataset("sick/1.jpg", "well/2.jpg"), "parent", "no folders below those of the classes", "put the pictures")
    refused(dataset("row 0", "row 1", depth=0), "parent", "no folders below")


@pytest.mark.parametrize("top", ["", "wrapped/", "train/", "wrapped/train/"])
def test_the_reader_knows_where_the_classes_are(tmp_path, top):
    for name in ("a/plant 1/x.jpg", "a/plant 2/y.jpg", "b/Pflänzchen 3/z.jpg"):
        put(tmp_path / top / name, b"")
    if "train" in top:
        put(tmp_path / top.replace("train", "test") / "a/plant 1/z.jpg", b"")
    splits = grouped_splits(load(tmp_path), "parent")
    assert splits.train.groups.tolist() == ["plant 1", "plant 2", "Pflänzchen 3"]
    if "train" in top:
        assert splits.test.groups.tolist() == ["plant 1"]


def test_only_the_training_part_must_have_groups(tmp_path):
    for name in ("train/a/plant/x.jpg", "train/b/leaf/y.jpg", "test/a/z.jpg", "test/b/w.jpg"):
        put(tmp_path / name, b"")
    splits = grouped_splits(load(tmp_path), "parent")
    assert splits.test.groups.tolist() == ["test/a/z.jpg", "test/b/w.jpg"]
    with pytest.raises(InputError, match="no names in which 'x' matches"):
        grouped_splits(replace(splits, train=splits.test, test=splits.train), "x")


def test_merged_classes_keep_their_folders(tmp_path):
    for name in ("a/plant/x.jpg", "b/leaf/y.jpg", "c/z.jpg"):
        put(tmp_path / name, b"")
    merged = load(tmp_path).train.merged({"both": ["a", "b"]})
    assert grouped(merged, "parent").tolist() == ["plant", "leaf", "c/z.jpg"]


# By a pattern


def test_a_pattern_groups_by_its_first_group_or_all_of_it():
    data = dataset("a/leaf12_x.jpg", "b/leaf12_y.jpg", "a/leaf7.jpg", "a/other.jpg", "a/another.jpg")
    assert grouped(data, r"leaf(\d+)").tolist() == ["12", "12", "7", "a/other.jpg", "a/another.jpg"]
    assert grouped(data, r"leaf\d+").tolist() == ["leaf12", "leaf12", "leaf7", "a/other.jpg", "a/another.jpg"]
    assert grouped(data, r"leaf(\d+)(_x)?").tolist()[:2] == ["12", "12"]
    assert grouped(data, r"leaf\d+(_y)?").tolist()[1:3] == ["_y", "a/leaf7.jpg"]  # its first group matched nothing


def test_patterns_see_any_name():
    data = dataset("a/Блюдо-3 猫.jpg", "a/Блюдо-3 犬.jpg", "a/Блюдо-4.jpg")
    assert alike(grouped(data, r"Блюдо-(\d)")) == [0, 0, 1]


def test_a_pattern_that_matches_nothing_is_refused():
    refused(dataset("a/leaf.jpg"), "plant", "no names in which 'plant' matches", "a/leaf.jpg", "parent, burst, date")
    refused(dataset(), "plant", "no names")


@pytest.mark.parametrize("pattern", ["(", "leaf(", "*", "(?P<", "[", "a{99999999999}", "(" * 200])
def test_what_is_no_pattern_is_refused(pattern):
    with pytest.raises(InputError, match="nor a regular expression"):
        grouped(dataset("a/b.jpg"), pattern)


def test_numbers_are_grouped_by_a_column():
    with pytest.raises(InputError, match="name the column"):
        grouped(load("toy:moons").train, "parent")


# By time


def photos(tmp_path, *pictures):
    """Write pictures (name, seed, time, camera) and return their data set."""
    for name, seed, taken, camera in pictures:
        put(tmp_path / "photos" / name, jpeg(photograph(seed), exif=exif_of(taken, ("", camera))))
    put(tmp_path / "photos/other/0.jpg", jpeg(photograph(999)))
    return load(tmp_path / "photos").train


def test_bursts_by_time_and_camera(tmp_path):
    day = "2024:05:03 12:00:"
    data = photos(
        tmp_path,
        ("a/1.jpg", 1, day + "10", "X"),
        ("a/2.jpg", 2, day + "13", "X"),
        ("a/3.jpg", 3, day + "16", "X"),
        ("a/4.jpg", 4, day + "20", "X"),
        ("a/5.jpg", 5, day + "11", "Y"),
        ("a/6.jpg", 6, None, "X"),
        ("b/7.jpg", 7, day + "21", "X"),
    )
    first, second = "a/1.jpg", "a/4.jpg"
    assert grouped(data, "burst").tolist() == [*[first] * 3, second, "a/5.jpg", "a/6.jpg", second, "other/0.jpg"]


def test_bursts_by_looks_in_the_order_of_numbers(tmp_path):
    shifted = photograph(1).crop((5, 0, 240, 175))
    data = photos(tmp_path, ("a/img10.jpg", 2, None, ""), ("a/img2.jpg", 1, None, ""), ("b/img4.jpg", 3, None, ""))
    put(tmp_path / "photos/a/img9.jpg", jpeg(shifted))  # before img10, behind img2
    put(tmp_path / "photos/a/img11.jpg", jpeg(photograph(1)))  # the same scene, but not a neighbour
    put(tmp_path / "photos/b/img3.jpg", jpeg(shifted))  # another folder
    data = load(tmp_path / "photos").train
    assert grouped(data, "burst").tolist() == [
        "a/img10.jpg", "a/img11.jpg", "a/img2.jpg", "a/img2.jpg", "b/img3.jpg", "b/img4.jpg", "other/0.jpg"
    ]  # fmt: skip


def test_without_bursts_a_clear_error(tmp_path):
    refused(photos(tmp_path, ("a/1.jpg", 1, None, ""), ("a/2.jpg", 2, None, "")), "burst", "no bursts")


def test_dates_are_days(tmp_path):
    data = photos(tmp_path, ("a/1.jpg", 1, "2024:05:03 00:00:01", ""), ("a/2.jpg", 2, "2024:05:03 23:59:59", "X"),
                  ("a/3.jpg", 3, "2024:05:04 00:00:00", ""), ("a/4.jpg", 4, None, ""))  # fmt: skip
    assert grouped(data, "date").tolist() == ["2024-05-03"] * 2 + ["2024-05-04", "a/4.jpg", "other/0.jpg"]


def test_without_dates_a_clear_error(tmp_path):
    refused(photos(tmp_path, ("a/1.jpg", 1, None, "")), "date", "no dates", "EXIF")


def test_pictures_that_cannot_be_read_are_groups_of_their_own(tmp_path):
    photos(tmp_path, ("a/1.jpg", 1, "2024:05:03 00:00:01", ""), ("a/3.jpg", 1, "2024:05:03 00:00:02", ""))
    put(tmp_path / "photos/a/2.jpg", b"broken")
    put(tmp_path / "photos/a/4.jpg", b"broken")
    data = load(tmp_path / "photos").train
    assert grouped(data, "burst").tolist() == ["a/1.jpg", "a/2.jpg", "a/1.jpg", "a/4.jpg", "other/0.jpg"]
    assert grouped(data, "date").tolist() == ["2024-05-03", "a/2.jpg", "2024-05-03", "a/4.jpg", "other/0.jpg"]


def test_where_all_look_alike_neighbours_are_no_bursts(tmp_path):
    for number in range(8):
        put(tmp_path / f"same/a/{number}.jpg", jpeg(photograph(1)))
        put(tmp_path / f"bursts/a/{number}.jpg", jpeg(photograph(number // 2)))
        for top in ("same", "bursts"):
            put(tmp_path / top / "b/1.jpg", jpeg(photograph(99)))
    same, real = (load(tmp_path / top).train for top in ("same", "bursts"))
    assert not more_alike_than_chance(same, metadata_of(same))
    assert more_alike_than_chance(real, metadata_of(real))
    assert bursts(real, metadata_of(real)).tolist() == [0, 0, 2, 2, 4, 4, 6, 6, 8]


def test_names_with_endless_numbers_are_sorted():
    data = dataset(*(f"a/{digits}.jpg" for digits in ("9" * 6000, "0" * 6000 + "1", "", "5")))
    nothing = {
        name: np.zeros((4, 1152), np.uint8) if name == "thumbnails" else [""] * 4
        for name in MetadataTable.__dataclass_fields__
    }
    facts = MetadataTable(**nothing | {"taken": np.full(4, "NaT", "datetime64[s]")})
    assert bursts(data, facts).tolist() == [0, 1, 2, 3]


# Several together


def test_joined_is_the_closure_of_all():
    assert joined([0, 0, 1, 2, 3], ["x", "y", "y", "z", "w"], None).tolist() == [0, 0, 0, 3, 4]
    assert joined(None, ["b", "a", "b"]).tolist() == [0, 1, 0]
