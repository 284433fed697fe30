"""A small valid file of every kind that is read, and the answer that reading it gives: what fuzzing starts from."""

import gzip
import hashlib
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

import pellucid
from pellucid.data import load
from pellucid.data.images import PictureShape, as_pixels
from pellucid.features import Pixels
from pellucid.model.model import Model
from pellucid.model.provenance import Provenance
from pellucid.nn import Dense, Dropout, Network
from pellucid.training import Checkpoints, Settings, fit
from pellucid.training.checkpoints.fit_progress import FitProgress

PICTURES = np.random.default_rng(0).integers(0, 256, (12, 5, 4, 3), np.uint8)
LABELS = np.arange(12, dtype=np.uint8) % 2
SHAPE = PictureShape(6, 6, 3)


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    write: puts a valid one into a folder and returns it.  read: gives the answer, as bytes that tell two apart.
    sealed: whether a checksum covers all of it, so that another answer than the whole file's is a failure.
    """

    write: Callable[[Path], Path]
    read: Callable[[Path], bytes]
    sealed: bool = False


def _digest(*parts: Any) -> bytes:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.tobytes() if isinstance(part, np.ndarray) else repr(part).encode())
    return digest.digest()


def _model(folder: Path) -> Path:
    network = Network(
        [Dense(12, 5, "gelu"), Dropout(0.2), Dense(5, 3)], "softmax_cross_entropy", 0.1, np.float32
    ).initialize("he", 1)
    features = Pixels(PictureShape(2, 2, 3))
    return Model(
        features, (network,), ("a", "b", "ç"), {"ç": ["x", "y"]}, {"cost": [1.5, 0.25]}, Provenance(seed=7)
    ).save(folder / "model.pellucid", force=True)


def _answer_of_model(path: Path) -> bytes:
    model = pellucid.load(path)
    answer = model.predict_proba(PICTURES[:, :2, :2])
    return _digest(answer, model.class_names, model.merge, model.history, model.provenance, str(model.network))


def _fit(folder: Path, resume: bool) -> np.ndarray:
    job = Checkpoints(folder, "1 epoch", resume=resume, force=not resume)
    settings = Settings(hidden_layers=(3,), optimizer="adam", epochs=4, batch_size=5, random_state=1)
    X, y = PICTURES.reshape(12, -1) / 255, LABELS[:, None].astype(float)
    return fit(X, y, settings, "binary_cross_entropy", 1, checkpoint=job.at("a")).network.parameters


def _checkpoint(folder: Path) -> Path:
    """Return the last checkpoint of a fit that was killed before its end."""
    with mock.patch.object(FitProgress, "finish"):
        _fit(folder, resume=False)
    return folder / "a.fit.checkpoint"


def _answer_of_checkpoint(path: Path) -> bytes:
    whole = path.read_bytes()
    try:
        return _digest(_fit(path.parent, resume=True))
    finally:
        path.write_bytes(whole)


def _data(path: Path) -> bytes:
    """Return the answer of any data: all samples of all parts, decoded, with their labels."""
    parts: list[Any] = []
    for name, dataset in load(path).items():
        parts += [name, dataset.class_names, dataset.labels, dataset.columns]
        for block in dataset.blocks():
            parts += [block] if isinstance(block, np.ndarray) else [as_pixels(raw, SHAPE) for raw in block]
    return _digest(*parts)


def _csv(folder: Path) -> Path:
    rows = [f"{row[0] / 7:.3f},{row[1]},{-row[2]:.1e},{'yes' if label else 'no'}" for row, label in
            zip(PICTURES.reshape(12, -1).tolist(), LABELS, strict=True)]  # fmt: skip
    path = folder / "table.csv"
    path.write_text("\n".join(['length,"the, width",depth,label', *rows, ""]), "utf-8")
    return path


def _hdf5(packing: str | None) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        import h5py

        path = folder / "pictures.h5"
        with h5py.File(path, "w") as file:
            file.create_dataset("train_set_x", data=PICTURES, compression=packing, fletcher32=packing is not None)
            file["train_set_y"] = LABELS.astype(np.int64)
            file["list_classes"] = np.array([b"non-cat", b"cat"])
        return path

    return write


def _idx(ending: str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        pack = gzip.compress if ending else bytes
        for name, array in (("train-labels-idx1-ubyte", LABELS), ("train-images-idx3-ubyte", PICTURES[..., 0])):
            start = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
            path = folder / f"{name}{ending}"
            path.write_bytes(pack(start + array.tobytes()))
        return path

    return write


def _npz(folder: Path) -> Path:
    np.savez_compressed(folder / "arrays.npz", X=PICTURES.reshape(12, -1) / 255, y=LABELS)
    return folder / "arrays.npz"


def _zip(folder: Path) -> Path:
    path = folder / "pictures.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, pixels in (("a/1.png", PICTURES[0]), ("a/2.png", PICTURES[1]), ("b/1.png", PICTURES[2])):
            file.write(_picture("PNG", pixels)(folder), name)
    return path


def _picture(form: str, pixels: np.ndarray = PICTURES[0], **options: Any) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        from PIL import Image

        path = folder / f"picture.{form.lower()}"
        exif = Image.Exif()
        exif[0x0112] = 6
        options_here = {"exif": exif, **options} if form in ("JPEG", "PNG", "WEBP", "TIFF") else options
        Image.fromarray(np.kron(pixels, np.ones((3, 3, 1), np.uint8))).save(path, form, **options_here)
        return path

    return write


def _pixels(path: Path) -> bytes:
    return _digest(as_pixels(path, SHAPE))


KINDS = {
    "model": Kind(_model, _answer_of_model, sealed=True),
    "checkpoint": Kind(_checkpoint, _answer_of_checkpoint, sealed=True),
    "CSV": Kind(_csv, _data),
    "HDF5": Kind(_hdf5(None), _data),
    "HDF5, compressed": Kind(_hdf5("gzip"), _data),
    "IDX": Kind(_idx(""), _data),
    "IDX, gzip": Kind(_idx(".gz"), _data, sealed=True),
    "NPZ": Kind(_npz, _data, sealed=True),
    "zip of pictures": Kind(_zip, _data),
    "JPEG": Kind(_picture("JPEG"), _pixels),
    "PNG": Kind(_picture("PNG"), _pixels, sealed=True),
    "GIF": Kind(_picture("GIF"), _pixels),
    "BMP": Kind(_picture("BMP"), _pixels),
    "TIFF": Kind(_picture("TIFF"), _pixels),
    "TIFF, deflate": Kind(_picture("TIFF", compression="tiff_adobe_deflate"), _pixels),
    "WEBP": Kind(_picture("WEBP", lossless=True), _pixels),
    "PPM": Kind(_picture("PPM"), _pixels),
}
