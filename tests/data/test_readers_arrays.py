"""Arrays in HDF5, npz and IDX files: found by name, read by rows, and held against what they claim."""

import gzip
import struct

import h5py
import numpy as np
import pytest

from data_reading import all_rows, told
from pellucid.data import load
from pellucid.data.images import PictureShape
from pellucid.errors import InputError, MissingFileError

X = np.arange(6 * 4 * 5 * 3, dtype=np.uint8).reshape(6, 4, 5, 3)
Y = np.array([0, 1, 0, 1, 1, 0])


# HDF5 and npz


def write_h5(path, **arrays):
    with h5py.File(path, "w") as file:
        for key, array in arrays.items():
            file[key] = array
    return path


def write_npz(path, **arrays):
    np.savez(path.with_suffix(".npz"), **arrays)
    return path.with_suffix(".npz")


WRITERS = pytest.mark.parametrize("write", [write_h5, write_npz])


@WRITERS
@pytest.mark.parametrize(
    "keys",
    [("x", "y"), ("X", "y"), ("images", "labels"), ("data", "labels"), ("data", "target"), ("features", "targets")],
)
@pytest.mark.parametrize("shape", [(6,), (6, 1), (1, 6)])
def test_usual_names_and_label_shapes(tmp_path, write, keys, shape):
    data = load(write(tmp_path / "a.h5", **{keys[0]: X, keys[1]: Y.reshape(shape), "other": X[:2]})).train
    np.testing.assert_array_equal(all_rows(data), X)
    assert data.labels.tolist() == Y.tolist()
    assert (data.kind, data.shape, data.class_names) == ("pictures", PictureShape(4, 5, 3), ("0", "1"))
    assert list(data.names) == [f"row {row}" for row in range(6)]


@WRITERS
@pytest.mark.parametrize("layout", ["{part}_set_{key}", "{part}_{key}", "{key}_{part}"])
def test_parts_by_name(tmp_path, write, layout):
    arrays = {layout.format(part=part, key=key): array[start:] for part, start in (("train", 0), ("test", 2))
              for key, array in (("x", X), ("y", Y))}  # fmt: skip
    splits = load(write(tmp_path / "a.h5", **arrays))
    assert {part: len(data) for part, data in splits.items()} == {"train": 6, "test": 4}
    np.testing.assert_array_equal(all_rows(splits.test), X[2:])


@WRITERS
def test_listed_classes_keep_their_order(tmp_path, write):
    data = load(write(tmp_path / "a.h5", x=X, y=Y, list_classes=np.array([b"non-cat", b"cat"]))).train
    assert data.class_names == ("non-cat", "cat")
    assert data.counts() == {"non-cat": 3, "cat": 3}


@WRITERS
@pytest.mark.parametrize(
    "labels, names",
    [([10, 9, 10, 2, 2, 2], ("2", "9", "10")), ([0.0, 1, 1, 1, 1, 1], ("0", "1")), ([b"b", b"a", b"a"] * 2, ("a", "b")),
     ([True, False, True] * 2, ("0", "1"))],
)  # fmt: skip
def test_class_names_from_labels(tmp_path, write, labels, names):
    data = load(write(tmp_path / "a.h5", x=X, y=np.array(labels))).train
    assert data.class_names == names
    as_names = [value.decode() if isinstance(value, bytes) else str(int(value)) for value in labels]
    assert [names[code] for code in data.labels] == as_names


@WRITERS
@pytest.mark.parametrize(
    "arrays, options, message",
    [
        ({"a": X, "b": Y}, {}, "{0} holds no samples and labels under a usual name (x and y, ...); there are: a, b. "
         'Name the two with keys=("SAMPLES", "LABELS").'),
        ({"x": X, "y": Y}, {"keys": ("p", "y")}, "{0} holds no p and y; there are: x, y. "
         'Name the two with keys=("SAMPLES", "LABELS").'),
        ({"x": X, "y": Y[:5]}, {}, "{0} has 6 samples and 5 labels; one label for each is needed."),
        ({"x": X, "y": np.eye(6)}, {}, "the labels of {0} have the shape (6, 6); expected (n,), (n, 1) or (1, n)."),
        ({"x": X, "y": 0 * Y}, {}, "{0} has only one class, 0; learning to tell classes apart needs at least two."),
        ({"x": X, "y": Y + 1, "class_names": [b"a", b"b"]}, {}, "the labels of {0} must be whole numbers from 0 to 1, "
         "one for each of the class names a, b; got 1, 2."),
        ({"x": X, "y": [0, 1, np.nan] * 2, "class_names": [b"a", b"b"]}, {}, "the labels of {0} must be whole numbers "
         "from 0 to 1, one for each of the class names a, b; got 0.0, 1.0, nan."),
        ({"x": X, "y": [0, 1, np.nan] * 2}, {}, "the labels of {0} contain NaN or infinity; every sample "
         "needs a label."),
        ({"x": X.transpose(0, 3, 1, 2), "y": Y}, {}, "the pictures of {0} have the shape (3, 4, 5); expected (height, "
         "width, channels) with 1, 3 or 4 channels, channels last. Save np.moveaxis(X, 1, 3)."),
        ({"x": Y, "y": Y}, {}, "the samples of {0} are an array of shape (6,) and type int64; expected pictures (n, "
         "height, width) or (n, height, width, channels), or rows of numbers (n, columns)."),
        ({"x": X, "y": Y}, {"label": "y"}, None),
    ],
)  # fmt: skip
def test_arrays_that_cannot_be_used(tmp_path, write, arrays, options, message):
    path = write(tmp_path / "a.h5", **arrays)
    if message is None:
        kind = {".h5": "HDF5", ".npz": "NumPy"}[path.suffix]
        message = "{0} is a " + kind + " file; label= has no meaning there, leave it out."
    assert told(path, **options) == message.format(path)


@WRITERS
def test_numbers_to_predict(tmp_path, write):
    y = np.arange(60) / 7
    data = load(write(tmp_path / "a.h5", x=np.zeros((60, 2)), y=y)).train
    assert data.class_names == () and data.labels.tolist() == y.tolist()
    path = write(tmp_path / "b.h5", x=np.zeros((60, 2)), y=np.arange(60))
    assert len(load(path).train.class_names) == 60  # integers in an array are codes
    assert load(path, regression=True).train.labels.tolist() == list(range(60))


@WRITERS
def test_numbers_must_be_finite(tmp_path, write):
    numbers = np.ones((6, 3))
    numbers[4, 1] = np.nan
    data = load(write(tmp_path / "a.h5", x=numbers, y=Y)).train
    assert (data.kind, data.columns, data.shape) == ("numbers", ("x1", "x2", "x3"), None)
    with pytest.raises(InputError, match="row 4, column 'x2' is nan; every value must be a finite number"):
        list(data.take([0, 4, 2]).blocks())


@pytest.mark.parametrize("rows", [[5, 0, 5, 3], [2, 1, 0], [3], [1, 2, 3], []], ids=str)
def test_hdf5_rows_come_in_any_order(tmp_path, rows):
    data = load(write_h5(tmp_path / "a.h5", x=X, y=Y)).train
    np.testing.assert_array_equal(data.read(np.array(rows, dtype=int)), X[rows])


def test_hdf5_is_read_block_by_block(tmp_path):
    path = write_h5(tmp_path / "a.h5", x=X, y=Y)
    data = load(path).train
    with h5py.File(path, "r+") as file:  # the file is not held open, and not in memory
        file["x"][3] = 7
    assert (all_rows(data)[3] == 7).all()


def test_keys_in_a_group_and_folder_of_parts(tmp_path):
    for name in ("train_a.h5", "test_b.hdf5"):
        write_h5(tmp_path / name, **{"in/p": X, "in/q": Y})
    splits = load(tmp_path, keys=("in/p", "in/q"))
    assert [(part, len(data)) for part, data in splits.items()] == [("train", 6), ("test", 6)]
    write_h5(tmp_path / "else.h5", x=X, y=Y)
    assert "holds else.h5, whose part is not clear" in told(tmp_path, keys=("in/p", "in/q"))


@pytest.mark.parametrize("name, kind", [("a.h5", "an HDF5 file"), ("a.npz", "a .npz file of plain arrays")])
def test_files_of_another_format(tmp_path, name, kind):
    path = tmp_path / name
    path.write_bytes(b"nothing of the kind")
    assert told(path).startswith(f"{path} is not {kind}, or it is damaged: ")


def test_npz_never_unpickles(tmp_path):
    path = write_npz(tmp_path / "a.npz", x=np.array([{}, {}], dtype=object), y=[0, 1])
    assert told(path).startswith(f"{path} is not a .npz file of plain arrays")


# IDX


def idx(array, code=8):
    return bytes([0, 0, code, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


GREY = X[..., 0]


@pytest.fixture(params=["", ".gz"])
def pair(request, tmp_path):
    pack = gzip.compress if request.param else bytes
    images, labels = (tmp_path / f"train-{name}-ubyte{request.param}" for name in ("images-idx3", "labels-idx1"))
    images.write_bytes(pack(idx(GREY)))
    labels.write_bytes(pack(idx(Y.astype(np.uint8))))
    return images, labels


def test_idx_pair_folder_and_images_alone(pair, tmp_path):
    for source in (pair, pair[0], tmp_path):
        data = load(source).train
        np.testing.assert_array_equal(all_rows(data), GREY)
        assert data.labels.tolist() == Y.tolist()
        assert data.shape == PictureShape(4, 5, 1)
    for file in pair:
        file.rename(file.with_name(file.name.replace("train", "t10k")))
    pair[0].write_bytes(idx(GREY[:3]))
    pair[1].write_bytes(idx(Y[:3].astype(np.uint8)))
    assert {part: len(data) for part, data in load(tmp_path).items()} == {"train": 3, "test": 6}


@pytest.mark.parametrize("code, kind", [(8, "u1"), (9, "i1"), (11, ">i2"), (12, ">i4"), (13, ">f4"), (14, ">f8")])
def test_idx_types(pair, code, kind):
    pair[0].write_bytes(idx(GREY.astype(kind), code))
    np.testing.assert_array_equal(all_rows(load(pair).train), GREY.astype(kind))


@pytest.mark.parametrize(
    "data, message",
    [
        (b"PK\3\4", "{0} is not an IDX file: it begins with 50 4b 03 04."),
        (b"\0\0", "{0} is not an IDX file: it begins with 00 00."),
        (idx(GREY)[:9], "{0} is truncated or damaged: the header ends early."),
        (idx(GREY)[:-1], "{0} is truncated: its header says (6, 4, 5), 120 bytes of values."),
        (idx(GREY) + b"x", "{0} holds more than it should: its header says (6, 4, 5), 120 bytes of values."),
        (idx(GREY)[:4] + b"\xff" * 12, "{0} is truncated: its header says (4294967295, 4294967295, 4294967295), more "
         "than a file of 16 bytes holds."),
        (gzip.compress(idx(GREY))[:-20], "{0} is truncated or damaged: Compressed file ended before the end-of-stream "
         "marker was reached."),
    ],
)  # fmt: skip
def test_idx_that_cannot_be_used(pair, data, message):
    pair[0].write_bytes(data)
    assert told(pair) == message.format(pair[0])


def test_idx_claim_of_a_gzip_is_bounded_before_reading(pair):
    data = gzip.compress(idx(GREY)[:4] + b"\x7f\xff\xff\xff" * 3)
    pair[0].write_bytes(data)
    assert told(pair).endswith(f"more than a file of {len(data)} bytes holds.")


def test_idx_without_labels(pair):
    pair[1].unlink()
    name = pair[1].name
    assert told(pair[0], MissingFileError) == (
        f"there are no labels for {pair[0]}: looked for {name} beside it; or give both files."
    )


@pytest.mark.parametrize("scale, told_", [(1, True), (16, False)])
def test_sixteen_bits_that_hold_eight(tmp_path, scale, told_):
    X = np.arange(6 * 5 * 5, dtype=np.uint16).reshape(6, 5, 5) * scale
    np.savez(tmp_path / "a.npz", X=X, y=Y)
    if told_:
        assert "are uint16, and their values lie in 0 to 149 of 65535, so all would be black" in told(
            tmp_path / "a.npz"
        )
    else:
        assert load(tmp_path / "a.npz").train.kind == "pictures"


@WRITERS
@pytest.mark.parametrize("keys", [None, ("x", "y")])
def test_single_values_beside_do_not_matter(tmp_path, write, keys):
    path = write(tmp_path / "a.h5", x=X, y=Y, seed=np.int64(3))
    assert len(load(path, keys=keys).train) == 6
    assert "y is a single value" in told(write(tmp_path / "b.h5", x=X, y=np.int64(3)))


@WRITERS
def test_names_in_any_case_and_the_others_told(tmp_path, write):
    splits = load(write(tmp_path / "a.h5", x_train=X, y_train=Y, X_test=X, Y_test=Y, X_holdout=X, mean=np.float64(2)))
    assert [part for part, _ in splits.items()] == ["train", "test"]
    assert splits.train.notes == ("X_test, Y_test, x_train, y_train are used; X_holdout are passed over",)


@WRITERS
def test_rows_in_the_last_axis(tmp_path, write):
    assert "save X.T, one row for each sample" in told(write(tmp_path / "a.h5", X=np.zeros((9, 6)), y=Y))
    assert "Save np.moveaxis(X, 1, 3)." in told(write(tmp_path / "b.h5", X=np.zeros((6, 3, 8, 8)), y=Y))
