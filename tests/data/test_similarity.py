"""Copies are found however they were saved; what only looks alike is not called a copy."""

import numpy as np
import pytest

from pellucid.data import read_metadata
from pellucid.data.audit import similarity
from pellucid.data.audit.similarity import alike, coarse, duplicates, join, thumbnails
from photographs import COPIES, NO_COPIES, drawing, photograph, png


def seen(*files):
    return np.stack([read_metadata(file).thumbnail for file in files])


@pytest.mark.parametrize("kind", COPIES)
def test_copies_are_found(kind):
    for seed in range(3):
        image = photograph(seed)
        assert duplicates(seen(png(photograph(77)), png(image), COPIES[kind](image))).tolist() == [0, 1, 1]


@pytest.mark.parametrize("kind", NO_COPIES)
def test_what_is_no_copy_is_not_called_one(kind):
    first, second = NO_COPIES[kind]
    assert duplicates(seen(png(first), png(second))).tolist() == [0, 1]


def test_a_plain_logo_saved_again_is_a_copy():
    logo = drawing(lambda d: d.ellipse((40, 40, 160, 160), fill="black"))
    again = [COPIES[kind](logo) for kind in ("recompressed", "half the size")]
    assert duplicates(seen(png(logo), *again)).tolist() == [0, 0, 0]


def test_copies_of_copies_in_any_order_across_tiles(monkeypatch):
    monkeypatch.setattr(similarity, "TILE", (3, 4))
    monkeypatch.setattr(similarity, "CLOSELY", 2)
    kinds = list(COPIES.values())
    files = [kinds[k % len(kinds)](photograph(k % 7)) for k in range(40)]
    assert duplicates(seen(*files)).tolist() == [k % 7 for k in range(40)]


def test_every_pair_is_compared(monkeypatch):
    """Points on a circle, near ones alike: the labels must be those of its arcs."""
    points = np.random.default_rng(0).permutation(np.delete(np.linspace(0, 6, 200), [3, 50, 51, 120, 190]))
    monkeypatch.setattr(similarity, "coarse", lambda thumbnails: np.stack([np.cos(points), np.sin(points)], axis=1))
    monkeypatch.setattr(similarity, "COARSE", np.cos(6 / 199 * 1.1))
    monkeypatch.setattr(similarity, "alike", lambda a, b: np.ones(len(a), bool))
    arcs = np.searchsorted([3, 50, 120, 190], points * 199 / 6)
    for tile, closely in (((7, 20), 3), ((20, 7), 100), ((500, 500), 1), ((512, 4096), 256)):
        monkeypatch.setattr(similarity, "TILE", tile)
        monkeypatch.setattr(similarity, "CLOSELY", closely)
        labels = duplicates(np.zeros((len(points), similarity.THUMBNAIL), np.uint8))
        assert labels.tolist() == [int(np.flatnonzero(arcs == arc)[0]) for arc in arcs]


def test_where_too_many_are_alike_the_most_alike_are_looked_at(monkeypatch):
    monkeypatch.setattr(similarity, "MOST", 4)
    images = [NO_COPIES["a scene with something in it"][k % 2] for k in range(6)]
    files = [COPIES["recompressed"](image) if k > 1 else png(image) for k, image in enumerate(images)]
    labels = duplicates(seen(*files))
    assert set(labels[::2]) & set(labels[1::2]) == set()
    assert labels[2] == labels[4] or labels[3] == labels[5]  # the same bytes


def test_no_pictures():
    assert duplicates(np.empty((0, similarity.THUMBNAIL), np.uint8)).tolist() == []


def test_thumbnails_are_means_of_areas():
    block = np.random.default_rng(1).integers(0, 256, (2, 64, 96, 3), dtype=np.uint8)
    luma = block @ np.array([0.299, 0.587, 0.114])
    Y = thumbnails(block)[:, :1024].reshape(2, 32, 32)
    np.testing.assert_allclose(Y, luma.reshape(2, 32, 2, 32, 3).mean(axis=(2, 4)), atol=0.51)
    blue, red = thumbnails(block)[:, 1024:].reshape(2, 2, 8, 8).swapaxes(0, 1)
    for plane, channel in ((blue, 2), (red, 0)):
        means = (block[..., channel] - luma).reshape(2, 8, 8, 8, 12).mean(axis=(2, 4))
        np.testing.assert_allclose(plane, means / 2 + 128, atol=0.51)


@pytest.mark.parametrize("shape", [(3, 8, 8), (3, 8, 8, 1), (3, 100, 7), (3, 7, 100, 3)])
def test_thumbnails_of_any_shape_keep_the_mean(shape):
    block = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    small = thumbnails(block)
    assert small.shape == (3, similarity.THUMBNAIL)
    luma = block.reshape(3, *shape[1:3], -1).astype(float)
    luma = luma @ np.array([0.299, 0.587, 0.114]) if luma.shape[3] == 3 else luma[..., 0]
    np.testing.assert_allclose(small[:, :1024].mean(axis=1), luma.mean(axis=(1, 2)), atol=0.1)
    if len(shape) == 3 or shape[3] == 1:
        assert (small[:, 1024:] == 128).all()


def test_coarse_is_the_correlation_of_the_gradients_of_smooth_pictures(monkeypatch):
    monkeypatch.setattr(similarity, "DETAIL", 0)
    y, x = (np.mgrid[:32, :32] + 0.5) * np.pi / 32
    waves = {(u, v): np.cos(u * y) * np.cos(v * x) for u in range(4) for v in range(4) if u + v}
    rng = np.random.default_rng(0)
    Y = [sum(rng.normal() * wave for wave in waves.values()) for _ in range(2)]
    grey = np.stack([128 + 100 * plane / np.abs(plane).max() for plane in Y])
    full = np.full((2, similarity.THUMBNAIL), 128, np.uint8)
    full[:, :1024] = np.rint(grey).reshape(2, -1)
    a, b = (np.stack(np.gradient(plane)).ravel() for plane in grey)
    wanted = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
    vectors = coarse(full)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    assert vectors[0] @ vectors[1] == pytest.approx(wanted, abs=0.03)


def test_alike_is_told_pair_by_pair():
    first, second = photograph(1), photograph(2)
    textures = NO_COPIES["two textures, lit alike"]
    a = seen(png(first), png(first), png(second), png(textures[0]))
    b = seen(png(second), COPIES["recompressed"](first), COPIES["brighter"](second), png(textures[1]))
    assert alike(a, b).tolist() == [False, True, True, False]


def test_join_follows_chains():
    labels = np.arange(1000)
    order = np.random.default_rng(0).permutation(999)
    join(labels, order, order + 1, order % 10 != 9)
    assert labels.tolist() == [row - row % 10 for row in range(1000)]
