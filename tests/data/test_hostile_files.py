"""Files made to hurt: they claim more than they hold, become more than fits, or would have something else opened."""

import gzip
import io
import os
import struct
import zipfile
import zlib
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import EpsImagePlugin, Image

import pellucid
from data_reading import all_rows, told
from models import make
from pellucid.cli.main import run
from pellucid.cli.output import printable, table
from pellucid.data import load
from pellucid.data.images import PictureShape, as_pixels, decode, files
from pellucid.data.readers import arrays
from pellucid.errors import BadPictureError, InputError, ModelFileError
from pellucid.model.model_file import METADATA_KEY
from pellucid.model.provenance import Provenance
from pellucid.system import memory
from pellucid.system.files import atomic_write, read_tensors, tensor_bytes
from reliability.samples import KINDS

Y = np.arange(6, dtype=np.uint8) % 2
SHAPE = PictureShape(2, 2)
GREEDY = 2**40


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def little_memory(monkeypatch):
    monkeypatch.setattr(memory, "free", lambda: 100_000)


def too_late(*_, **__):
    raise AssertionError("it should have been refused before")


# models ----------------------------------------------------------------------------------------------------------


def reworded(change):
    """Return a model file whose JSON text was changed after its checksum was made."""
    tensors, texts = read_tensors(make().save("whole", force=True))
    atomic_write("m", tensor_bytes(tensors, {METADATA_KEY: change(texts[METADATA_KEY])}))
    return "m"


@pytest.mark.parametrize("opening, closing", ["[]", ('{"a":', "}")])
def test_no_depth_of_nesting_breaks_the_reader(opening, closing):
    for depth in (*range(900, 1010, 3), *range(985, 1000), 100_000):
        deep = f', "zz": {opening * depth}1{closing * depth}}}'
        with pytest.raises(ModelFileError):
            pellucid.load(reworded(lambda text, deep=deep: text[:-1] + deep))


def test_layers_are_not_made_before_their_tensors_are_seen():
    with pytest.raises(ModelFileError):
        pellucid.load(reworded(lambda text: text.replace('"n_in": 12', f'"n_in": {GREEDY}')))


def test_a_model_larger_than_memory_is_refused_before_it_is_read(little_memory):
    path = make().save("m")
    with path.open("r+b") as file:
        file.truncate(50_000)  # sparse: it takes no place on the disk
    with pytest.raises(ModelFileError, match=r"m would take 0\.2 MB of memory, and 0\.1 MB are free"):
        pellucid.load("m")


def test_json_that_grows_in_memory_is_refused_before_it_is_read(little_memory):
    with pytest.raises(ModelFileError, match="MB of memory"):
        pellucid.load(reworded(lambda text: text[:-1] + ', "zz": [' + "[]," * 2000 + "0]}"))


# HDF5 ------------------------------------------------------------------------------------------------------------


def in_h5(name="a.h5", **arrays):
    with h5py.File(name, "w") as file:
        for key, make_it in arrays.items():
            make_it(file, key) if callable(make_it) else file.create_dataset(key, data=make_it)
    return name


def virtual(file, key):
    layout = h5py.VirtualLayout((6, 4), "u1")
    layout[:] = h5py.VirtualSource("other.h5", "x", (6, 4))
    file.create_virtual_dataset(key, layout)


def external(file, key):
    Path("secret").write_bytes(b"not yours, not at all yours")
    file.create_dataset(key, (6, 4), "u1", external=[("secret", 0, 24)])


def never_written(shape, dtype="u1"):
    return lambda file, key: file.create_dataset(key, shape, dtype, chunks=tuple(min(n, 64) for n in shape))


@pytest.mark.parametrize("make_it", [virtual, external])
@pytest.mark.parametrize("key", ["x", "y"])
def test_values_in_other_files_are_not_read(make_it, key):
    in_h5("other.h5", x=np.zeros((6, 4), np.uint8))
    with pytest.raises(InputError, match=f"the values of {key} lie in other files, which are not read"):
        all_rows(load(in_h5(**{"x": np.zeros((6, 4)), "y": Y} | {key: make_it})).train)


def test_links_to_other_files_are_not_followed():
    in_h5("other.h5", x=np.zeros((6, 4), np.uint8))
    linked = lambda file, key: file.__setitem__(key, h5py.ExternalLink("other.h5", "x"))  # noqa: E731
    assert "there are: y." in told(in_h5(x=linked, y=Y))


def test_hdf5_that_claims_more_than_it_holds():
    assert "MB of memory" in told(in_h5(x=never_written((GREEDY, 4)), y=never_written((GREEDY,))))
    many = 10**6
    assert "y claims to be (1000000,), more than a file of" in told(
        in_h5(x=never_written((many, 4), "f8"), y=never_written((many,), "f8"))
    )
    with pytest.raises(InputError, match=r"x claims to be \(6, 1048576\), more than a file of"):
        all_rows(load(in_h5(x=never_written((6, 2**20), "f8"), y=Y)).train)


def test_no_name_is_made_for_a_claimed_column():
    claim = 10**8
    assert f"x claims to be (2, {claim}), more than a file of" in told(
        in_h5(x=never_written((2, claim)), y=np.array([0, 1]))
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(arrays, "MOST_COLUMNS", 3)
        assert "has 4 columns; 3 are the most." in told(in_npz(npy(header((6, 4)), bytes(24))))


@pytest.mark.parametrize("dtype", [h5py.string_dtype(), "S9000"], ids=str)
def test_labels_that_are_one_very_long_text(dtype):
    texts = lambda file, key: file.create_dataset(key, data=["z" * 9000] * 6, dtype=dtype)  # noqa: E731
    assert "takes 9,000 bytes; 1,000 characters are the most." in told(in_h5(x=np.zeros((6, 4)), y=texts))


def test_texts_of_any_length_are_labels():
    words = [f"w{number % 3}" for number in range(50)]
    texts = lambda file, key: file.create_dataset(key, data=words, dtype=h5py.string_dtype())  # noqa: E731
    data = load(in_h5(x=np.zeros((50, 4)), y=texts)).train
    assert [data.class_names[code] for code in data.labels] == words


def test_a_huge_chunk_is_refused_before_it_is_unpacked(monkeypatch):
    packed = lambda file, key: file.create_dataset(  # noqa: E731
        key, data=np.zeros((6, 4), np.uint8), chunks=(512, 1024), maxshape=(None, None), compression="gzip"
    )
    data = load(in_h5(x=packed, y=Y)).train
    monkeypatch.setattr(memory, "free", lambda: 100_000)
    with pytest.raises(InputError, match=r"a chunk of x would take 0\.5 MB"):
        all_rows(data)


def test_a_damaged_chunk_is_told():
    packed = lambda file, key: file.create_dataset(  # noqa: E731
        key, data=np.random.default_rng(0).integers(0, 255, (6, 400), np.uint8), compression="gzip", fletcher32=True
    )
    path = Path(in_h5(x=packed, y=Y))
    with h5py.File(path) as file:
        place = file["x"].id.get_chunk_info(0).byte_offset
    data = bytearray(path.read_bytes())
    data[place + 50] ^= 1
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"a\.h5: x cannot be read, the file is damaged"):
        all_rows(load(path).train)


def test_a_key_that_is_no_text_is_passed_over():
    nameless = lambda file, key: file.create_dataset(b"\xff\xfe", data=Y)  # noqa: E731
    assert "there are: y." in told(in_h5(x=nameless, y=Y))


@pytest.mark.parametrize("dtype", [h5py.vlen_dtype("i4"), h5py.ref_dtype, [("a", "i4"), ("b", "f4")]], ids=str)
def test_labels_that_are_no_labels(dtype):
    strange = lambda file, key: file.create_dataset(key, (6,), dtype)  # noqa: E731
    assert "expected texts or numbers" in told(in_h5(x=np.zeros((6, 4)), y=strange))


# NPZ -------------------------------------------------------------------------------------------------------------


def npy(header, data=b""):
    text = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


def header(shape, kind="|u1"):
    return f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}}}"


def in_npz(X, packing=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    np.save(buffer, Y)
    with zipfile.ZipFile("a.npz", "w", packing) as file:
        file.writestr("X.npy", X)
        file.writestr("y.npy", buffer.getvalue())
    return "a.npz"


@pytest.mark.parametrize(
    "X",
    [npy(header((GREEDY, 4))), npy(header((-6, -4)), bytes(24)), npy(header((6, 3)), bytes(24)), npy("(" * 9000),
     npy("-" * 9000 + "1"), npy(" " * 60_000), npy(header((6, 4), "|O"), bytes(192)), b"hello", b""],
    ids=["claim", "negative", "too long", "deep", "minus", "long header", "objects", "no array", "empty"],
)  # fmt: skip
def test_npz_made_to_deceive(X):
    assert told(in_npz(X)).startswith("a.npz is not a .npz file of plain arrays, or it is damaged: ")


def test_npz_packed_otherwise_or_larger_than_memory(little_memory, monkeypatch):
    monkeypatch.setattr(np, "load", too_late)
    assert "packed in a way that NumPy does not use" in told(in_npz(npy(header((6, 4)), bytes(24)), zipfile.ZIP_LZMA))
    assert "a.npz would take 6.0 MB of memory" in told(in_npz(npy(header((6, 10**6)), bytes(6 * 10**6))))


# IDX -------------------------------------------------------------------------------------------------------------


def test_idx_larger_than_memory_is_refused_before_it_is_unpacked(little_memory, monkeypatch):
    monkeypatch.setattr(np, "frombuffer", too_late)
    Path("train-labels-idx1-ubyte").write_bytes(b"\0\0\x08\1" + struct.pack(">I", 6) + Y.tobytes())
    bomb = gzip.compress(b"\0\0\x08\3" + struct.pack(">III", 6, 1000, 1000) + bytes(6 * 10**6))
    Path("train-images-idx3-ubyte.gz").write_bytes(bomb)
    assert "train-images-idx3-ubyte.gz would take 6.0 MB of memory" in told(".")


# tables ----------------------------------------------------------------------------------------------------------


def test_one_long_label_does_not_take_its_length_for_every_row():
    Path("t.csv").write_text("a,label\n" + "1," + "z" * 100_000 + "\n" + "1,y\n" * 50_000)  # 20 GB as an array of texts
    assert told("t.csv") == (
        "a label of t.csv has 100,000 characters, 1,000 are the most; it begins with " + repr("z" * 40) + "."
    )


@pytest.mark.slow
def test_tables_made_to_hurt(monkeypatch):
    names = [f"c{i}" for i in range(50_000)]
    Path("wide.csv").write_text("\n".join(",".join(line) for line in (
        [*names, "label"], *(["1"] * len(names) + [label] for label in "xy"))))  # fmt: skip
    assert len(load("wide.csv").train.columns) == 50_000  # in a moment: looking for double names was quadratic
    cases = {
        "1" * 200_000 + ",x": "cannot be read: field larger than field limit",
        "9" * 1000 + ",x": "is '" + "9" * 60 + "'..., expected a finite number",
        "1\0,x": "line 2 holds a NUL character; remove it",
        '"1,x': "a quote opens and is not closed where it should be",
    }
    for line, message in cases.items():
        Path("t.csv").write_text(f"a,label\n{line}\n2,y\n")
        assert message in told("t.csv")
    monkeypatch.setattr(memory, "free", lambda: 1000)
    assert "wide.csv would take" in told("wide.csv")


def test_pipes_are_not_waited_for():
    os.mkfifo("t.csv")
    assert told("t.csv") == "t.csv is neither a file nor a folder; data cannot come from it."


# zips of pictures ------------------------------------------------------------------------------------------------


def in_zip(members):
    with zipfile.ZipFile("z.zip", "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return "z.zip"


def test_a_member_that_becomes_too_much_is_refused(monkeypatch):
    monkeypatch.setattr(files, "LARGEST_FILE", 10_000)
    monkeypatch.setattr(files, "PIECE", 1000)
    (block,) = load(in_zip({"a/1.png": bytes(20_000), "b/1.png": b"x"})).train.blocks()
    with pytest.raises(BadPictureError, match=r"a/1\.png has more than 10,000 bytes, which no picture needs"):
        as_pixels(block[0], SHAPE)


def test_a_name_of_many_folders_and_a_name_of_none():
    assert "holds a name of 60,005 characters" in told(in_zip({"a/" * 30_000 + "x.png": b"x", "b/y.png": b"y"}))
    path = Path(in_zip({"a/1.png": b"x", "b/1.png": b"x", "Q/1.png": b""}))
    path.write_bytes(path.read_bytes().replace(b"Q/1.png", b"\0/1.png"))  # zipfile ends a name there
    assert "holds a name of 0 characters" in told(path)


# pictures --------------------------------------------------------------------------------------------------------


def encoded(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def test_no_program_is_started_for_a_picture(monkeypatch):
    """Pillow gives EPS to Ghostscript, whatever the file is called."""

    def started(*_, **__):
        raise AssertionError("Ghostscript would have run")

    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", started)
    data = encoded(Image.new("L", (8, 8)), "EPS")
    Path("photo.jpg").write_bytes(data)
    for raw in (data, "photo.jpg"):
        with pytest.raises(BadPictureError, match="it is not a picture in a known format"):
            as_pixels(raw, SHAPE)
    with Image.open(io.BytesIO(data)) as image, pytest.raises(AssertionError):
        image.load()  # so this test would see it


def test_a_picture_of_many_pixels_is_refused_before_it_is_decoded(monkeypatch):
    chunk = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n\0\0\0\x0d" + chunk + struct.pack(">I", zlib.crc32(chunk))
    with pytest.raises(BadPictureError, match="it has too many pixels"):
        as_pixels(start + b"\0\0\0\0IDAT5\xaf\x06\x1e", SHAPE)
    monkeypatch.setattr(memory, "free", lambda: 100_000)
    with pytest.raises(BadPictureError, match=r"it would take 0\.6 MB of memory, and 0\.1 MB are free"):
        as_pixels(encoded(Image.new("L", (200, 200)), "PNG"), SHAPE)


def test_large_pictures_are_decoded_one_at_a_time(monkeypatch):
    class Lock:
        held = 0

        def __enter__(self):
            Lock.held += 1

        def __exit__(self, *_):
            pass

    monkeypatch.setattr(decode, "_LARGE_LOCK", Lock())
    monkeypatch.setattr(decode, "LARGE", 100)
    as_pixels(encoded(Image.new("L", (10, 10)), "PNG"), SHAPE)
    assert Lock.held == 0
    as_pixels(encoded(Image.new("L", (10, 11)), "PNG"), SHAPE)
    assert Lock.held == 1


@pytest.mark.parametrize("cut", [0, 14])
def test_every_bit_of_a_png_counts(cut, tmp_path):
    """Pillow stops before the checksums of the pixels; a flipped bit would be another picture in silence."""
    data = KINDS["PNG"].write(tmp_path).read_bytes()
    data = data[: len(data) - cut]
    whole = as_pixels(KINDS["PNG"].write(tmp_path), PictureShape(9, 7))
    for place in range(len(data)):
        for bit in range(8):
            damaged = data[:place] + bytes([data[place] ^ 1 << bit]) + data[place + 1 :]
            try:
                np.testing.assert_array_equal(as_pixels(damaged, PictureShape(9, 7)), whole)
            except BadPictureError:
                continue


# the terminal ----------------------------------------------------------------------------------------------------


def test_nothing_in_a_file_steers_the_terminal(capsys):
    evil = "\x1b]0;owned\x07\x1b[2J\x9b31m"
    model = make()
    pellucid.Model(model.features, model.networks, (f"a{evil}", "b", "c"), {}, {}, Provenance(data=evil)).save("m")
    Image.new("L", (4, 4)).save(f"{evil[1:6]}.png")
    assert run(["inspect", "m"]) == 0
    assert run(["predict", "m", f"{evil[1:6]}.png"]) == 0
    assert run(["train", f"nowhere{evil}"]) == 1
    out, err = capsys.readouterr()
    assert "a\\x1b]0;owned\\x07\\x1b[2J\\x9b31m" in out and "nowhere\\x1b]0;owned" in err
    assert not set(out + err) & {"\x1b", "\x07", "\x9b"}
    table([evil], [[evil]], evil)
    assert "\x1b" not in capsys.readouterr().out
    assert printable("né\tß\n") == "né\tß\n"


def test_json_keeps_the_text_as_it_is():
    model = make()
    pellucid.Model(model.features, model.networks, ("a\x1b", "b", "c")).save("m")
    assert run(["inspect", "m", "--json", "r.json"]) == 0
    assert '"a\\u001b"' in Path("r.json").read_text()
