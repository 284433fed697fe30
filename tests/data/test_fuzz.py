"""Files that cannot hurt: damaged or made to deceive, they end in a clear error or in the answer they had before.

`python -m reliability fuzz` is the same hunt at full length, each kind under a limit of memory.
"""

import json
import subprocess
import sys
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import pellucid
from pellucid.errors import ModelFileError, PellucidError
from pellucid.model.model_file import FORMAT_VERSION, METADATA_KEY
from pellucid.system.checksummed_file import read_checksummed, write_checksummed
from reliability.fuzz import ERROR, FAULT, OTHER, SAME, damaged, outcome
from reliability.samples import KINDS, PICTURES

CASES = 40  # of each kind
SEED = 1
QUICK = settings(
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture(scope="module", params=KINDS)
def kind(request, tmp_path_factory):
    """Return a kind, its file, the file's bytes and their answer."""
    made = KINDS[request.param]
    path = made.write(tmp_path_factory.mktemp("fuzz"))
    return made, path, path.read_bytes(), made.read(path)


def check(kind, data):
    made, path, whole, answer = kind
    path.write_bytes(data)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        word, told = outcome(made, path, answer)
    path.write_bytes(whole)
    assert word != FAULT, told
    return word


def test_damage_of_all_sorts(kind):
    words = [check(kind, damaged(kind[2], np.random.default_rng([SEED, case]))) for case in range(CASES)]
    assert ERROR in words and set(words) <= {ERROR, SAME, OTHER}


@QUICK
@given(data=st.data())
def test_any_bytes_anywhere(kind, data):
    whole = kind[2]
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 16)))
    check(kind, whole[:start] + data.draw(st.binary(max_size=16)) + whole[end:])


@QUICK
@given(data=st.binary(max_size=200))
def test_bytes_of_nothing(kind, data):
    check(kind, data)


def test_every_bit_of_a_model_counts(tmp_path):
    kind = KINDS["model"]
    path = kind.write(tmp_path)
    whole, answer = path.read_bytes(), kind.read(path)
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << place % 8]) + whole[place + 1 :])
        assert outcome(kind, path, answer)[0] in (ERROR, SAME), f"byte {place}"


def test_the_hunt_would_find_a_fault(tmp_path, monkeypatch):
    path = KINDS["CSV"].write(tmp_path)
    assert outcome(KINDS["CSV"], path, b"another answer") == (OTHER, "")
    assert outcome(KINDS["model"], KINDS["model"].write(tmp_path), b"another answer")[0] == FAULT
    monkeypatch.setattr(pellucid.data.readers.csv_table, "read_sheet", lambda *_: 1 / 0)
    assert outcome(KINDS["CSV"], path, b"")[0] == FAULT


def test_the_measurement_prints_its_table():
    command = [sys.executable, "-m", "reliability", "fuzz", "--cases", "5", "--only", "model"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "| model | 5 | 5 | 0 | - | 0 |"


# models made to deceive: the checksum is right, the content is not ------------------------------------------------

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("float64") | st.just(2**40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def places(value, here=()):
    """Return the way to every part of a JSON value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [here, *(place for key, part in inside for place in places(part, (*here, key)))]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = KINDS["model"].write(tmp_path_factory.mktemp("model"))
    return path, *read_checksummed(path, METADATA_KEY, FORMAT_VERSION)


@pytest.mark.slow
@settings(QUICK, max_examples=150)
@given(data=st.data())
def test_content_made_to_deceive(model, data):
    path, tensors, content = model
    changed = json.loads(json.dumps(content))
    way = data.draw(st.sampled_from(places(changed)[1:]))
    part = changed
    for key in way[:-1]:
        part = part[key]
    if data.draw(st.booleans()):
        part[way[-1]] = data.draw(ANYTHING)
    else:
        del part[way[-1]]
    write_checksummed(path, METADATA_KEY, FORMAT_VERSION, tensors, changed)
    try:
        loaded = pellucid.load(path)
    except ModelFileError:
        return
    P = loaded.predict_proba(PICTURES[:, :2, :2])
    assert np.isfinite(P).all() and P.shape == (len(PICTURES), len(loaded.class_names))
    str(loaded.network), str(loaded.features), loaded.save(path, force=True)


@QUICK
@given(data=st.data())
def test_tensors_made_to_deceive(model, data):
    path, tensors, content = model
    name = data.draw(st.sampled_from(sorted(tensors)))
    dtype = data.draw(st.sampled_from(["f2", "f4", "f8", "i4", "u1", "?", "c8"]))
    shape = data.draw(st.just(tensors[name].shape) | st.lists(st.integers(0, 12), max_size=3))
    content = content | {"networks": [content["networks"][0] | {"dtype": str(np.dtype(dtype))}]}
    others = {key: tensor.astype(dtype) for key, tensor in tensors.items()} if data.draw(st.booleans()) else tensors
    with np.errstate(invalid="ignore"):
        write_checksummed(path, METADATA_KEY, FORMAT_VERSION, {**others, name: np.zeros(shape, dtype)}, content)
    try:
        pellucid.load(path).predict_proba(PICTURES[:, :2, :2])
    except PellucidError:
        return
    assert dtype in ("f4", "f8")
