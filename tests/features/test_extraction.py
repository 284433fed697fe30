"""Picture files become rows: by all cores as by one, from the cache as from the files, and never as a float matrix."""

import io
import os
import subprocess
import sys
import threading
import time
import warnings
import zipfile
from pathlib import Path

import numpy as np
import PIL
import pytest
from PIL import Image

from inputs import inputs
from pellucid.cli.main import run
from pellucid.cli.output import Bars
from pellucid.data import load
from pellucid.data.images import PictureShape, as_pixels, decode
from pellucid.errors import BadPictureError
from pellucid.experiment.run import train
from pellucid.explanation.sample_images import examples_and_mistakes
from pellucid.features import Pixels, extraction
from pellucid.features.extraction import assemble
from pellucid.model import model as model_module
from pellucid.model import novelty
from pellucid.model.model import load as load_model
from pellucid.nn import network
from pellucid.nn.scaled_integers import IntegerRows
from pellucid.system import cache, threads

FEATURES = Pixels(PictureShape(9, 11, 3))
KINDS = ("png", "jpg", "gif", "webp", "bmp", "tiff")


@pytest.fixture(autouse=True)
def kept(tmp_path, monkeypatch):
    monkeypatch.setenv("PELLUCID_CACHE", str(tmp_path / "cache"))
    return lambda: sorted((tmp_path / "cache").glob("*.rows"))


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    for number in range(36):
        place = tmp_path / "photos" / ("light" if number % 2 else "dark") / f"{number:02}.{KINDS[number % 6]}"
        place.parent.mkdir(parents=True, exist_ok=True)
        level, size = 150 * (number % 2), rng.integers(5, 60, 2)
        Image.fromarray((level + rng.integers(0, 100, (*size, 3))).astype(np.uint8)).save(place)
    return tmp_path / "photos"


def read(source, features=FEATURES, cached=True, dtype=np.float32, skipped=None):
    X, dataset = assemble(load(source).train, features, dtype, skipped, cache=cached)
    assert isinstance(X, IntegerRows) and X.integers.dtype == np.uint8 and X.shape == (len(dataset), features.n_out)
    return X


def one_by_one(source, features=FEATURES):
    return np.stack([as_pixels(raw, features.shape).ravel() for block in load(source).train.blocks() for raw in block])


def no_decoder(*_):
    raise AssertionError("a picture was decoded")


# All cores


@pytest.mark.parametrize("cached", [True, False])
def test_all_cores_give_what_one_gives(folder, cached):
    for features in (FEATURES, Pixels(PictureShape(30, 20, 1))):
        X = read(folder, features, cached)
        assert X.integers.tobytes() == one_by_one(folder, features).tobytes()
        files = [folder / name for name in load(folder).train.names]
        for dtype in (np.float32, np.float64):
            floats = inputs(features, files, dtype)
            assert floats.tobytes() == X.astype(dtype)[:].tobytes()
            assert floats.tobytes() == np.concatenate([inputs(features, file, dtype) for file in files]).tobytes()


def test_the_members_of_a_zip(folder, tmp_path):
    with zipfile.ZipFile(tmp_path / "photos.zip", "w", zipfile.ZIP_DEFLATED) as file:
        for path in sorted(folder.rglob("*.*")):
            file.write(path, path.relative_to(folder))
    for cached in (False, True):
        assert read(tmp_path / "photos.zip", cached=cached).integers.tobytes() == one_by_one(folder).tobytes()


def test_the_members_of_a_zip_are_read_one_at_a_time(folder, tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as file:
        for path in sorted(folder.rglob("*.*")):
            file.write(path, path.relative_to(folder))
    opened, inside, most = zipfile.Path.open, [], []

    def noted(self, *args, **kwargs):
        inside.append(self)
        most.append(len(inside))
        time.sleep(0.002)
        inside.pop()
        return opened(self, *args, **kwargs)

    monkeypatch.setattr(threads, "cores", lambda: 4)
    monkeypatch.setattr(zipfile.Path, "open", noted)
    read(tmp_path / "photos.zip", cached=False)
    assert max(most) == 1


def test_all_formats_are_loaded_before_threads_begin(folder, monkeypatch):
    one_by_one(folder)  # which loads them
    begun = []
    monkeypatch.setattr(Image, "init", lambda: begun.append(threading.current_thread() is threading.main_thread()))
    decode._formats.cache_clear()
    read(folder, cached=False)
    decode._formats.cache_clear()
    inputs(FEATURES, sorted(folder.rglob("*.*")))
    assert begun == [True, True]


def test_rare_formats_are_known_to_every_thread(folder):
    code = f"""from pellucid.features import Pixels
from pellucid.data.images import PictureShape
from pathlib import Path
files = sorted(Path({str(folder)!r}).rglob("*.webp")) * 20
assert len(Pixels(PictureShape(2, 2)).extract(files)) == len(files)"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def damage(folder):
    (folder / "dark/10.bmp").write_bytes(b"text")
    (folder / "light/05.tiff").write_bytes(b"")
    (folder / "light/07.jpg").write_bytes((folder / "light/07.jpg").read_bytes()[:300])
    return ["dark/10.bmp", "light/05.tiff", "light/07.jpg"]


@pytest.mark.parametrize("cached", [True, False])
def test_pictures_that_cannot_be_read_are_named_in_their_order(folder, kept, cached):
    whole = one_by_one(folder)
    names = damage(folder)
    with pytest.raises(BadPictureError) as error:
        read(folder, cached=cached)
    first, *lines = str(error.value).splitlines()
    assert first.startswith("3 pictures cannot be read; leave out such with --skip-bad")
    assert [line.split(":")[0].strip() for line in lines] == names
    skipped = []
    places = [load(folder).train.names.index(name) for name in names]
    assert read(folder, cached=cached, skipped=skipped).integers.tobytes() == np.delete(whole, places, 0).tobytes()
    assert [name for name, _ in skipped] == names and "the file is empty" in skipped[1][1]
    assert len(kept()) == cached
    with pytest.raises(BadPictureError, match=r"dark/10\.bmp cannot be used as a picture"):
        inputs(FEATURES, [folder / "dark/00.png", *(folder / name for name in names)])


@pytest.mark.parametrize("cached", [True, False])
def test_a_picture_that_is_gone(folder, cached):
    dataset = load(folder).train
    (folder / "dark/04.bmp").unlink()
    gone = r"(?s)1 picture cannot be read.*dark/04\.bmp: there is no picture .*04\.bmp"
    with pytest.raises(BadPictureError, match=gone):
        assemble(dataset, FEATURES, cache=cached)
    skipped = []
    _, left = assemble(dataset, FEATURES, skipped=skipped, cache=cached)
    assert [name for name, _ in skipped] == ["dark/04.bmp"] and len(left) == len(dataset) - 1
    assert read(folder, cached=cached).integers.tobytes() == one_by_one(folder).tobytes()


@pytest.mark.parametrize("limit", [900, 1700], ids=["error", "warning"])
def test_a_bomb_among_many_and_no_warning_leaks(folder, monkeypatch, limit):
    for place in folder.rglob("*.*"):
        Image.new("RGB", (20, 20)).save(place)
    Image.new("RGB", (60, 50)).save(folder / "dark/06.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)  # Pillow warns beyond it and raises beyond its double
    before, skipped = list(warnings.filters), []
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        read(folder, cached=False, skipped=skipped)
    assert seen == [] and warnings.filters == before
    ((name, reason),) = skipped
    assert name == "dark/06.png" and reason.endswith(
        f"it has too many pixels (more than {limit:,}); make it smaller first."
    )


def test_pillows_warnings_in_threads_are_not_heard(folder, monkeypatch):
    convert = Image.Image.convert

    def warning(self, *args, **kwargs):
        warnings.warn_explicit("from Pillow", UserWarning, "PIL/Image.py", 1, module="PIL.Image")
        return convert(self, *args, **kwargs)

    monkeypatch.setattr(Image.Image, "convert", warning)
    before = list(warnings.filters)
    assert read(folder, cached=False).integers.tobytes() == one_by_one(folder).tobytes()  # else they are errors here
    assert warnings.filters == before


# The cache


def test_the_second_time_nothing_is_decoded(folder, kept, monkeypatch):
    first = read(folder).integers
    assert len(kept()) == 1 and not first.flags.writeable
    monkeypatch.setattr(decode, "_decoded", no_decoder)
    assert read(folder).integers.tobytes() == first.tobytes() == read(folder, dtype=np.float64).integers.tobytes()
    with pytest.raises(AssertionError, match="a picture was decoded"):
        read(folder, cached=False)


def changed_content(folder, monkeypatch):
    Image.new("RGB", (40, 40), "red").save(folder / "dark" / "00.png")


def changed_order(folder, monkeypatch):
    (folder / "dark" / "00.png").rename(folder / "dark" / "99.png")


def one_more(folder, monkeypatch):
    Image.new("RGB", (40, 40), "red").save(folder / "dark" / "50.png")


def another_pillow(folder, monkeypatch):
    monkeypatch.setattr(PIL, "__version__", "99.0")


def another_pellucid(folder, monkeypatch):
    monkeypatch.setattr(extraction, "__version__", "99.0")


def another_format(folder, monkeypatch):
    monkeypatch.setattr(extraction, "FORMAT", 99)


CHANGES = {
    changed_content: 1,
    changed_order: 0,
    one_more: 1,
    another_pillow: 36,
    another_pellucid: 36,
    another_format: 36,
}


@pytest.mark.parametrize(("change", "decoded"), CHANGES.items())
def test_only_what_has_changed_is_decoded_again(folder, kept, monkeypatch, change, decoded):
    read(folder)
    change(folder, monkeypatch)
    real, decodings = decode._decoded, []
    monkeypatch.setattr(decode, "_decoded", lambda *args: decodings.append(args) or real(*args))
    X = read(folder)
    assert len(decodings) == decoded
    assert X.integers.tobytes() == one_by_one(folder).tobytes()
    assert len(kept()) == (1 if change in (changed_order, one_more) else 2)  # a larger store takes a smaller's place


def test_a_killed_pass_loses_nothing_that_was_written(folder, kept, monkeypatch):
    code = f"""import os
from pathlib import Path
from pellucid.data import load
from pellucid.features import Pixels
from pellucid.data.images import PictureShape
from pellucid.features.extraction import assemble
from pellucid.system.cache import CachedRows
append = CachedRows.append
def dying(self, digest, row):
    if self._n == 20:
        for file in self._new[1:]: file.flush()
        os._exit(9)
    append(self, digest, row)
CachedRows.append = dying
assemble(load({str(folder)!r}).train, Pixels(PictureShape(9, 11, 3)), cache=True)"""
    assert subprocess.run([sys.executable, "-c", code], env={**os.environ}).returncode == 9
    real, decodings = decode._decoded, []
    monkeypatch.setattr(decode, "_decoded", lambda *args: decodings.append(args) or real(*args))
    X = read(folder)
    assert len(decodings) == 16
    assert X.integers.tobytes() == one_by_one(folder).tobytes()
    assert len(kept()) == 1


def test_another_size_or_colour_is_read_anew_though_it_has_as_many_pixels(folder, kept):
    for number, shape in enumerate([(6, 8, 3), (8, 6, 3), (12, 12, 1), (3, 16, 3)], start=1):
        features = Pixels(PictureShape(*shape))
        assert read(folder, features).integers.tobytes() == one_by_one(folder, features).tobytes()
        assert len(kept()) == number


def test_a_new_name_of_the_folder_changes_nothing(folder, monkeypatch, tmp_path):
    read(folder)
    folder.rename(tmp_path / "moved")
    monkeypatch.setattr(decode, "_decoded", no_decoder)
    read(tmp_path / "moved")


def test_a_file_that_changes_between_looking_and_decoding(folder, monkeypatch):
    before = (folder / "dark/00.png").read_bytes()
    read(folder)
    Image.new("RGB", (40, 40), "blue").save(folder / "dark" / "00.png")  # as many files, but others: two passes
    scan = extraction.scan

    def changing(dataset, looks, progress):
        if looks:
            Image.new("RGB", (40, 40), "red").save(folder / "dark" / "00.png")
        return scan(dataset, looks, progress)

    monkeypatch.setattr(extraction, "scan", changing)
    assert read(folder).integers.tobytes() == one_by_one(folder).tobytes()
    monkeypatch.undo()
    monkeypatch.setenv("PELLUCID_CACHE", str(folder.parent / "cache"))
    assert read(folder).integers.tobytes() == one_by_one(folder).tobytes()
    for contents in (before, (folder / "dark/02.gif").read_bytes()):
        (folder / "dark/00.png").write_bytes(contents)
        assert read(folder).integers.tobytes() == one_by_one(folder).tobytes()


def test_a_damaged_file_is_made_anew(folder, kept):
    expected = read(folder).integers.tobytes()
    for damage in (
        lambda data: data[:-100],
        lambda data: bytes(len(data)),
        lambda data: data[:5000] + b"x" + data[5001:],
    ):
        (path,) = kept()
        path.write_bytes(damage(path.read_bytes()))
        assert read(folder).integers.tobytes() == expected
        for other in {*kept()} - {path}:
            path.unlink(missing_ok=True)
            assert read(folder).integers.tobytes() == expected and kept() == [other]


@pytest.mark.slow
def test_a_job_reads_each_picture_once_and_finds_it_again(folder, kept, monkeypatch):
    train(folder, size=(9, 11), epochs=1, random_state=0, features="pixels")
    monkeypatch.setattr(decode, "_decoded", no_decoder)
    train(folder, size=(9, 11), epochs=1, random_state=1, features="pixels")
    assert len(kept()) == 1


def test_bad_pictures_of_a_part_are_those_of_the_part(folder):
    names = damage(folder)
    whole = load(folder).train
    rows = np.array([0, whole.names.index(names[2]), 30, whole.names.index(names[0]), 25])
    for cached in (False, True):
        with pytest.raises(BadPictureError) as error:
            assemble(whole.take(rows), FEATURES, cache=cached)
        assert [line.split(":")[0].strip() for line in str(error.value).splitlines()[1:]] == [names[2], names[0]]
        skipped = []
        X, left = assemble(whole.take(rows), FEATURES, skipped=skipped, cache=cached)
        assert [name for name, _ in skipped] == [names[2], names[0]]
        assert list(left.names) == [whole.names[row] for row in (0, 30, 25)]
        assert X.integers.tobytes() == np.stack([as_pixels(folder / n, FEATURES.shape) for n in left.names]).tobytes()


def test_a_cache_that_fails_costs_nothing_but_itself(folder, monkeypatch, tmp_path):
    expected = one_by_one(folder).tobytes()
    write = cache.CachedRows._write

    def full(self, digest, row):
        if self._n == 20:
            raise cache.CacheError("No space left on device")
        write(self, digest, row)

    monkeypatch.setattr(cache.CachedRows, "_write", full)
    assert read(folder).integers.tobytes() == expected
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PELLUCID_CACHE", str(tmp_path / "file"))
    assert read(folder).integers.tobytes() == expected


def test_recipe_with_cache_and_without_give_one_model(folder, kept, monkeypatch):
    how = {"size": (9, 11), "hidden_layers": (4,), "epochs": 3, "random_state": 2, "cross_validate": 0}
    without = train(folder, cache=False, **how)
    assert kept() == []
    first = train(folder, **how)
    assert len(kept()) == 1
    monkeypatch.setattr(decode, "_decoded", no_decoder)
    for cached in (first, train(folder, **how)):
        assert cached.model.network.parameters.tobytes() == without.model.network.parameters.tobytes()
        assert cached.model.provenance == without.model.provenance
        assert cached.scores == without.scores
    with pytest.raises(AssertionError, match="a picture was decoded"):
        train(folder, cache=False, **how)


@pytest.mark.slow
def test_no_cache_on_the_command_line(folder, kept, monkeypatch, tmp_path, no_drawing):
    monkeypatch.chdir(tmp_path)
    small = ["--size", "8", "--epochs", "1", "--seed", "1", "--cross-validate", "0"]
    assert run(["train", "photos", "--out", "m", "--no-cache", *small, "--pictures", "p1"]) == 0
    assert run(["evaluate", "m", "photos", "--no-cache"]) == 0
    Path("r.toml").write_text("cache = false")
    assert run(["train", "photos", "--out", "m1", "--recipe", "r.toml", *small, "--no-report"]) == 0
    assert run(["predict", "m", "photos"]) == 0
    assert run(["check", "m", "photos"]) == 0
    assert kept() == []
    assert run(["evaluate", "m", "photos"]) == 0 and len(kept()) == 1
    (path,) = kept()
    os.utime(path, (0, 0))
    assert run(["train", "photos", "--out", "m2", "--recipe", "r.toml", "--cache", *small, "--no-report"]) == 0
    assert kept() == [path] and path.stat().st_mtime > 0  # found, though the rows were divided
    assert "cache" not in load_model("m2").provenance.recipe
    assert load_model("m2").network.parameters.tobytes() == load_model("m").network.parameters.tobytes()


# Integers


def arrays(tmp_path, x):
    np.savez(tmp_path / "a.npz", x=x, y=np.arange(len(x)) % 2)
    return load(tmp_path / "a.npz").train


TOP = {np.uint8: 255, np.uint16: 65535, np.int64: 255, bool: 1}


SHAPES = [(300, 6, 5), (300, 6, 5, 3), (300, 6, 5, 4)]
WANTED = [PictureShape(6, 5, 3), PictureShape(6, 5, 1), PictureShape(4, 7, 3)]
PAIRS = [(kind, shape, WANTED[(n + m) % 3]) for n, kind in enumerate(TOP) for m, shape in enumerate(SHAPES)]


@pytest.mark.parametrize(("kind", "shape", "wanted"), PAIRS, ids=lambda part: getattr(part, "__name__", str(part)))
def test_arrays_of_integers_stay_integers_and_give_the_same_floats(tmp_path, kind, shape, wanted):
    dataset = arrays(tmp_path, np.random.default_rng(1).integers(0, TOP[kind] + 1, shape).astype(kind))
    features = Pixels(wanted)
    for dtype in (np.float32, np.float64):
        X, _ = assemble(dataset, features, dtype)
        assert X.integers.dtype == (np.uint16 if kind is np.uint16 else np.uint8) and X.dtype == dtype
        expected = np.concatenate([inputs(features, block, dtype) for block in dataset.blocks()])
        assert X[:].tobytes() == expected.tobytes() == np.asarray(X).tobytes()


def test_arrays_of_floats_and_tables_stay_floats(tmp_path):
    dataset = arrays(tmp_path, np.random.default_rng(1).random((300, 6, 5)).astype(np.float32))
    features = Pixels(PictureShape(6, 5, 1))
    X, _ = assemble(dataset, features, np.float64)
    assert X.dtype == np.float64 and X.tobytes() == inputs(features, dataset.read(np.arange(300))).tobytes()


@pytest.mark.slow
def test_the_float_matrix_is_never_made(folder, monkeypatch):
    monkeypatch.setattr(network, "BLOCK_BYTES", 4 * 297 * 4)  # four rows
    getitem = IntegerRows.__getitem__

    def few(self, rows):
        block = getitem(self, rows)
        assert len(block) <= 4, "the whole float matrix was made"
        return block

    monkeypatch.setattr(IntegerRows, "__getitem__", few)  # what __array__ calls, too
    monkeypatch.setattr(novelty, "REFERENCES", 4)
    monkeypatch.setattr(model_module, "BLOCK_INPUTS", 4 * 297)
    monkeypatch.setattr("pellucid.experiment.learner.diagnose", lambda *args, **how: ())  # which looks at 1,000 rows
    how = {"size": (9, 11), "hidden_layers": (4,), "epochs": 2, "batch_size": 4, "random_state": 0, "row_space": False}
    model = train(folder, early_stopping=True, **how).model
    X, dataset = assemble(load(folder).train, model.features, np.float32, cache=True)
    with pytest.raises(AssertionError, match="the whole float matrix was made"):
        np.asarray(X)
    Bars(None).training(X, dataset.labels, 3)
    assert model.outputs(X.integers).tobytes() == model.predict_proba(folder).tobytes()
    P = np.tile([0.3, 0.7], (len(X), 1))
    figure = examples_and_mistakes(dataset, dataset, model.features.shape, P, 5)["misclassified.png"]
    shown = figure.axes[0].images[0].get_array()
    dark = np.flatnonzero(dataset.labels == 0)[0]
    np.testing.assert_allclose(shown, X.integers[dark].reshape(9, 11, 3) / 255, atol=1e-6)


def test_bytes_are_files_too(folder):
    files = [folder / name for name in load(folder).train.names]
    contents = [file.read_bytes() for file in files]
    assert inputs(FEATURES, contents).tobytes() == inputs(FEATURES, files).tobytes()
    mixed = [contents[0], Image.open(io.BytesIO(contents[0])), str(files[0])]
    assert len({row.tobytes() for row in inputs(FEATURES, mixed)}) == 1
