"""The animation of learning: which epochs it tells, and that what moves in it is the boundary and the cost."""

import io
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from pellucid.errors import InputError
from pellucid.explanation.animation import Film, _spread, learning_gif
from pellucid.nn import Dense, Network

X, Y = np.array([[-1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]]), np.array([0, 1, 0])


def network(w):
    return Network([Dense(2, 1)], "binary_cross_entropy").initialize([[[w, 0.0]], [0.1]])


def filmed(epochs, **options):
    film = Film(epochs, **options)
    for epoch in range(1, epochs + 1):
        film(SimpleNamespace(epoch=epoch, network=lambda epoch=epoch: network(epoch - 4.5)))
    return film


def pictures(gif):
    with Image.open(io.BytesIO(gif)) as image:
        assert image.format == "GIF"
        assert image.info["loop"] == 0  # for ever
        shown = []
        for place in range(image.n_frames):
            image.seek(place)
            shown.append((image.info["duration"], np.asarray(image.convert("RGB")).astype(int)))
    return shown


def test_a_film_keeps_copies_at_epochs_further_and_further_apart():
    film = Film(1000, most=4)
    learning = network(1.0)
    for epoch in range(1, 1001):
        film(SimpleNamespace(epoch=epoch, network=lambda: learning))
        learning.dense[0].W[0, 0] += 1
    assert [epoch for epoch, _ in film.kept] == [1, 10, 100, 1000]
    assert [kept.dense[0].W[0, 0] for _, kept in film.kept] == [1, 10, 100, 1000]


@pytest.mark.slow
def test_the_boundary_turns_and_the_cost_goes_on():
    shown = pictures(learning_gif(filmed(8), np.linspace(0.8, 0.1, 8).tolist(), X, Y, classes=2))
    first, last = shown[0][1], shown[-1][1]
    assert first.shape == (360, 720, 3)
    blue = [picture[150, 80, 2] > picture[150, 80, 0] for picture in (first, last)]  # at the left, halfway up
    assert blue == [False, True]  # -3.5 x1 + 0.1 says class 1 there, 3.5 x1 + 0.1 class 0
    assert (first[:, 400:] != last[:, 400:]).any()
    total = sum(duration for duration, _ in shown)
    assert total == pytest.approx(8000, abs=150)
    assert shown[-1][0] == 1500


def test_pictures_gather_where_the_cost_falls():
    cost = [0.7] * 500 + [0.2] * 500
    cost[490:510] = np.linspace(0.7, 0.2, 20).tolist()
    film = Film(1000, most=2000)
    for epoch in range(1, 1001):
        film(SimpleNamespace(epoch=epoch, network=lambda: network(1.0)))
    told = [epoch for epoch, _ in _spread(film.kept, cost, 30)]
    assert (told[0], told[-1]) == (1, 1000)
    assert sum(485 <= epoch <= 512 for epoch in told) > 8  # by the epochs alone it would be none or one


def test_a_cost_that_never_moves_can_be_shown():
    assert len(pictures(learning_gif(filmed(3), [0.5] * 3, X, Y, classes=2, pictures=2))) >= 2


def test_an_empty_film_is_refused():
    with pytest.raises(InputError, match="the film is empty"):
        learning_gif(Film(10), [], X, Y, classes=2)
