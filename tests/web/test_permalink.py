"""The address: a moment as text and back, and what strangers may write there."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.errors import InputError
from pellucid.nn import ACTIVATIONS, OPTIMIZERS
from pellucid.nn.initializers import INITIALIZERS
from pellucid.web.playground.permalink import Edit, Moment, checked_points, decode, encode
from pellucid.web.playground.settings import BOUNDS, TOYS, WHOLE, PlaygroundSettings

numbers = {
    name: st.integers(int(least), int(most)) if name in WHOLE else st.floats(least, most)
    for name, (least, most) in BOUNDS.items()
}
playground_settings = st.builds(
    PlaygroundSettings,
    **{**numbers, "batch": st.just(0), "dropout": st.just(0.0)},
    data=st.sampled_from([*TOYS, "drawn"]),
    layers=st.lists(st.tuples(st.integers(1, 32), st.sampled_from(sorted(ACTIVATIONS))), max_size=6).map(tuple),
    init=st.sampled_from(sorted(INITIALIZERS)),
    optimizer=st.sampled_from(sorted(OPTIMIZERS)),
    columns=st.permutations(range(5)).map(lambda places: tuple(places[:2])),
)
coordinate = st.floats(-100, 100).map(lambda value: round(value, 3))
moments = st.builds(
    Moment,
    playground_settings,
    st.integers(0, 100_000),
    st.lists(st.tuples(coordinate, coordinate, st.integers(0, 9)), max_size=30).map(tuple),
    st.lists(
        st.builds(
            Edit,
            st.integers(0, 100_000),
            st.integers(1, 7),
            st.integers(0, 31),
            st.integers(-1, 31),
            st.floats(-1e6, 1e6),
        ),
        max_size=10,
    ).map(tuple),
)


@given(moments)
@settings(max_examples=100, deadline=None)
def test_there_and_back(moment):
    assert decode(encode(moment)) == moment
    assert decode("#" + encode(moment)) == moment


def test_the_usual_moment_is_empty():
    assert encode(Moment()) == ""
    assert decode("") == Moment()
    table = PlaygroundSettings(data="table")
    assert encode(Moment(PlaygroundSettings()), table) == "data=flower"
    assert decode("", table).settings == table
    assert decode("data=flower", table).settings == PlaygroundSettings()


def test_two_hundred_points_fit():
    points = tuple((-12.345 - n / 1000, 98.765, n % 10) for n in range(200))
    moment = Moment(PlaygroundSettings(data="drawn"), 1, checked_points([list(point) for point in points]))
    assert decode(encode(moment)) == moment
    assert len(encode(moment)) < 5000


def test_two_hundred_edits_fit():
    moment = Moment(edits=tuple(Edit(n, 1, 0, -1, 0.5) for n in range(200)))
    assert decode(encode(moment)) == moment


HOSTILE = {
    "seed=1&seed=2": "twice",
    "rate=nan": "rate must be a number from 1e-06 to 1000",
    "rate=inf": "rate must be",
    "rate=1e999": "rate must be",
    "rate": "name=value",
    "rate=<script>": "'<script>' where a number is needed",
    "layers=99:tanh": "width of a layer must be a whole number from 1 to 32",
    "layers=4:tanh,4:tanh,4:tanh,4:tanh,4:tanh,4:tanh,4:tanh": "at most 6",
    "layers=4:evil": "unknown activation 'evil'",
    "layers=": "where a number is needed",
    "samples=1000000000": "samples must be a whole number from 20 to 2000",
    "samples=20.5": "samples must be a whole number",
    "data=table": "unknown data 'table'",
    "data=/etc/passwd": "unknown data",
    "at=99999999999999999999999999": "iteration must be",
    "at=-1": "iteration must be",
    "points=1,2": r"a point must be \[x, y, class\]",
    "points=1,2,3,4": "a point must be",
    "points=1,2,10": "class of a point must be",
    "points=1e9,2,0": "coordinate must be",
    "points=" + ";".join(["1,2,0"] * 201): "at most 200 points",
    "edits=1,2,3": "iteration,layer,row,column,value",
    "edits=1,2,3,4,nan": "weight must be",
    "edits=1,8,0,0,1": "layer must be a whole number from 1 to 7",
    "edits=1,1,32,0,1": "row must be a whole number from 0 to 31",
    "edits=1,1,0,-2,1": "column must be a whole number from -1",
    "edits=" + ";".join(["1,1,0,0,1"] * 201): "at most 200 edits",
    "columns=0,0": "two different places",
    "columns=1": "two different places",
    "seed=" + "9" * 30_000: "at most 20,000 letters",
    "evil=1": "unknown setting 'evil'",
    "&".join(f"a{n}=1" for n in range(100)): "cannot be read",
    "optimizer=lbfgs&batch=10": "batch_size must be",
}


@pytest.mark.parametrize(("address", "told"), HOSTILE.items(), ids=[key[:30] for key in HOSTILE])
def test_hostile_addresses_are_refused(address, told):
    with pytest.raises(InputError, match=told):
        decode(address)


def test_a_truth_is_no_number():
    with pytest.raises(InputError, match="batch must be a whole number"):
        PlaygroundSettings().changed({"batch": True})


@pytest.mark.parametrize("address", [None, 3, ["seed=1"], b"seed=1"])
def test_an_address_is_a_text(address):
    with pytest.raises(InputError, match="a text of at most"):
        decode(address)
