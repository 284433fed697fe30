"""Embedding: a picture as the numbers that the user's own backbone makes of it.

The backbone is an ONNX file: its bytes go into the model file, or its sha256 alone where it is kept outside.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PureWindowsPath
from typing import Any

import numpy as np

from pellucid.data.images import PictureShape, prepare_decoders, to_unit
from pellucid.errors import BadPictureError, InputError, MissingFileError, ModelFileError, unknown_name
from pellucid.features.images import StandardizedPictures
from pellucid.features.onnx_backbone import LARGEST_INPUT, Backbone, onnxruntime, read_onnx
from pellucid.system.threads import in_order

DEFAULT_SIZE = 224  # of pictures, where the graph leaves it open

# Pixels u in [0, 1] become (u - mean) / deviation, a number for all channels or one each.
NORMALIZATIONS: dict[str, tuple[Any, Any]] = {
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),  # as torchvision's models take them
    "signed": (0.5, 0.5),  # -1 to 1
    "unit": (0, 1),
    "bytes": (0, 1 / 255),  # 0 to 255
}


@dataclass(frozen=True, kw_only=True)
class Embedding(StandardizedPictures):
    """Pictures resized to what a backbone takes, normalised, and described by its output.

    width: how many numbers that has.  normalize: a name in `NORMALIZATIONS`.  external: the model file holds only the
    backbone's sha256.
    """

    backbone: Backbone
    width: int
    normalize: str
    external: bool = False
    kind = "embedding"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.normalize not in NORMALIZATIONS:
            raise unknown_name("normalization", self.normalize, NORMALIZATIONS)
        if self.normalize == "imagenet" and self.shape.channels != 3:
            raise InputError("the normalization imagenet is for three channels; choose unit, signed or bytes for grey.")
        if self._flat_size > LARGEST_INPUT:
            raise InputError(f"a backbone is given at most {LARGEST_INPUT:,} numbers, got {self.shape.as_tuple}.")

    @classmethod
    def of(
        cls,
        backbone: Backbone,
        size: tuple[int, int] | None = None,
        grey: bool = False,
        views: tuple[str, ...] = ("plain",),
        normalize: str | None = None,
        external: bool = False,
    ) -> "Embedding":
        """Return the features, not fitted yet, of a backbone that is tried on one picture.

        size: (height, width); by default what the graph takes, 224 where that is open.  grey: one channel.
        normalize: by default "imagenet" for colours, "unit" for grey, "bytes" where the graph takes bytes.

        Raises InputError for a size, colours or a normalization that the graph does not take.
        """
        port = backbone.port
        height, width = size or (port.height or DEFAULT_SIZE, port.width or DEFAULT_SIZE)
        channels = 1 if grey else port.channels or 3
        wanted, fixed = (height, width, channels), (port.height, port.width, port.channels)
        if any(own not in (None, asked) for asked, own in zip(wanted, fixed, strict=True)):
            told = " x ".join("any" if size is None else str(size) for size in fixed)
            raise InputError(
                f"{backbone.path} takes pictures of {told} (height, width, channels), not {height} x {width} x "
                f"{channels}; leave size and grey as the backbone has them."
            )
        takes_bytes = port.dtype == np.uint8
        if takes_bytes and normalize not in (None, "bytes"):
            raise InputError(f"{backbone.path} takes bytes, which are not normalised; leave normalize out.")
        usual = "bytes" if takes_bytes else "imagenet" if channels == 3 else "unit"
        shape = PictureShape(height, width, channels)
        features = cls(shape, views, backbone=backbone, width=0, normalize=normalize or usual, external=external)
        return replace(features, width=len(features._tried()))

    @property
    def n_out(self) -> int:
        """How many numbers describe a view of a picture."""
        return self.width

    def describe(self, pixels: np.ndarray) -> np.ndarray:
        """Return the backbone's answer (n_out,) to pixels; raise InputError where it has another length."""
        row = self._answer(pixels)
        if len(row) != self.n_out:
            raise InputError(f"the backbone {self.backbone.path} gives {len(row)} numbers, expected {self.n_out}.")
        return row

    def _answer(self, pixels: np.ndarray) -> np.ndarray:
        mean, deviation = (np.asarray(part, np.float64) for part in NORMALIZATIONS[self.normalize])
        x = (to_unit(pixels, np.float64) - mean) / deviation
        return self.backbone.answer(np.rint(x) if self.backbone.port.dtype == np.uint8 else x)

    def _tried(self) -> np.ndarray:
        pattern = (np.arange(self._flat_size) % 251).astype(np.uint8).reshape(self.shape.as_tuple)
        try:
            return self._answer(pattern)
        except BadPictureError:
            raise InputError(
                f"{self.backbone.path} makes NaN or infinity of a picture, normalised as {self.normalize}; "
                f"choose another of {', '.join(NORMALIZATIONS)}."
            ) from None

    def _each(self, pictures: Any) -> Iterator[np.ndarray | BadPictureError]:
        if len(pictures) == 1:
            return map(self.attempt, pictures)
        prepare_decoders()
        return in_order(self.attempt, pictures)  # arrays too: the backbone takes long, the decoding does not

    def made_with(self) -> str:
        """Return what makes the raw rows, with its version and the backbone's sha256."""
        runtime = onnxruntime(self.backbone.path)
        return f"{super().made_with()}, onnxruntime {runtime.__version__}, sha256 {self.backbone.sha256}"

    def metadata(self) -> dict[str, Any]:
        """Return what a model file stores, besides arrays."""
        backbone = {
            "path": self.backbone.path,
            "sha256": self.backbone.sha256,
            "size": len(self.backbone.data),
            "output": self.backbone.output,
        }
        own = {"n_out": self.n_out, "normalize": self.normalize, "external": self.external, "backbone": backbone}
        return super().metadata() | own

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the fitted arrays, and the backbone's bytes unless they are kept outside."""
        held = {} if self.external else {"onnx": np.frombuffer(self.backbone.data, np.uint8)}
        return super().arrays() | held

    def recipe(self) -> dict[str, Any]:
        """Return the recipe's values that lead to these features."""
        return super().recipe() | {"normalize": self.normalize, "size": (self.shape.height, self.shape.width)}

    @classmethod
    def restore(cls, metadata: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> "Embedding":
        """Return the features that `metadata` and `arrays` describe; the graph is looked at when it is first needed."""
        own = metadata["backbone"]
        output = None if own["output"] is None else str(own["output"])
        backbone = Backbone(str(own["path"]), arrays["onnx"].tobytes(), output)
        return cls(
            PictureShape(**metadata["shape"]),
            tuple(metadata["views"]),
            **cls.fit_of(arrays),
            backbone=backbone,
            width=int(metadata["n_out"]),
            normalize=metadata["normalize"],
            external=bool(metadata["external"]),
        )

    def __str__(self) -> str:
        colours = "RGB" if self.shape.channels == 3 else "grey"
        backbone, where = self.backbone, "kept outside" if self.external else "kept with the model"
        return (
            f"{self.n_out:,} numbers by {PureWindowsPath(backbone.path).name} (sha256 {backbone.sha256[:12]}..., "
            f"{len(backbone.data):,} bytes, {where}) of pictures {self.shape.width} x {self.shape.height}, "
            f"{colours}, {self.normalize}, standardised{self._told_views()}"
        )


def bytes_outside(described: Mapping[str, Any], model: Path, given: str | Path | None = None) -> np.ndarray:
    """Return the bytes of a backbone that a model file names and does not hold.

    described: its path, size and sha256, as the model file has them.  Looked for where `given` says; else beside the
    model file, then where it was in training.

    Raises MissingFileError where it is not there, ModelFileError where another file is in its place.
    """
    path, size, sha256 = str(described["path"]), described["size"], described["sha256"]
    places = [model.parent / PureWindowsPath(path).name]
    if not path.startswith(("\\\\", "//")):  # a stranger's file must not make this machine call another
        places.append(Path(path))
    places = places if given is None else [Path(given)]
    found = [place for place in places if place.is_file()]
    for place in found:
        if place.stat().st_size == size and hashlib.sha256(data := read_onnx(place)).hexdigest() == sha256:
            return np.frombuffer(data, np.uint8)
    what = f"the backbone of {model}, an ONNX file of {size:,} bytes with sha256 {sha256}"
    looked = " and ".join(map(str, dict.fromkeys(places)))
    if found:
        raise ModelFileError(f"{looked}: not {what}, but another file. Put the right one there.")
    raise MissingFileError(f"{what}, is not at {looked}; put it beside the model, or give its place as backbone=.")
