"""Assembly: labelled samples become rows that a network takes, block by block; nobody holds all raw samples.

For training, for scoring and for checking gradients alike.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import DTypeLike

from pellucid.data import Dataset, load
from pellucid.errors import BadPictureError, InputError
from pellucid.features import Features, Numbers, PictureFeatures, Pixels
from pellucid.features.extraction import Told, picture_rows
from pellucid.model.model import Model
from pellucid.nn.scaled_integers import Rows


class Progress(Protocol):
    """Who wants to show how far a job is: the command line's bars, a page."""

    def reading(self, source: str, done: int, total: int) -> None:
        """Take note that `done` of `total` samples of a source are read."""

    def fits(self, what: str, done: int, total: int) -> None:
        """Take note that `done` of `total` fits are done, of cross-validation or whatever `what` says."""

    def training(self, X: Rows, y: np.ndarray, epochs: int) -> Callable[[Any], None]:
        """Return a callback for the training loop; X and codes y are the training rows."""


def assemble(
    dataset: Dataset,
    features: Features,
    dtype: DTypeLike = np.float64,
    skipped: list[tuple[str, str]] | None = None,
    progress: Progress | None = None,
    cache: bool = False,
) -> tuple[Rows, Dataset]:
    """Return the rows X (n * views, n_out) that a network takes of a data set, and the data set of just those samples.

    Pictures of integer pixels stay integers, which X makes floats of `dtype` from where it is indexed. All else is as
    for `described`.
    """
    R, dataset = described(dataset, features, dtype, skipped, progress, cache)
    return features.finished(R, dtype), dataset


def described(
    dataset: Dataset,
    features: Features,
    dtype: DTypeLike = np.float64,
    skipped: list[tuple[str, str]] | None = None,
    progress: Progress | None = None,
    cache: bool = False,
) -> tuple[np.ndarray, Dataset]:
    """Return the raw rows (n, n_row) of a data set, read block by block, and the data set of just those samples.

    dtype: of rows of floats, where the features leave it open.
    skipped: where given, pictures that cannot be read are left out and added to it as (name, reason); else
    BadPictureError names and counts them when all are read.
    cache: keep the rows of picture files in the user's cache folder, and take them from there.
    """

    def told(done: int, total: int) -> None:
        if progress is not None:
            progress.reading(dataset.source, done, total)

    if not (isinstance(features, PictureFeatures) and dataset.of_files):
        return _rows_of_arrays(dataset, features, dtype, told), dataset
    R, bad = picture_rows(dataset, features, told, cache)
    if not bad:
        return R, dataset
    named = [(dataset.names[row], reason) for row, reason in bad]
    if skipped is None:
        raise unreadable(named)
    skipped += named
    good = np.delete(np.arange(len(dataset)), [row for row, _ in bad])
    if len(np.unique(dataset.labels[good])) < len(np.unique(dataset.labels)):
        raise InputError(f"{dataset.source}: of a whole class nothing is left after leaving out what cannot be read.")
    return R, dataset.take(good)


def _rows_of_arrays(dataset: Dataset, features: Features, dtype: DTypeLike, told: Told) -> np.ndarray:
    """Return raw rows; of pixels: uint8 or uint16 where they are integers, else floats."""
    R = np.empty((0, features.n_row), dtype)
    done = 0
    for raw in map(np.asarray, dataset.blocks()):
        own = None
        if isinstance(features, Pixels):
            own = dtype if raw.dtype.kind == "f" else np.uint16 if raw.dtype == np.uint16 else np.uint8
        block = features.rows(raw, own)
        if done == 0:
            R = np.empty((len(dataset), features.n_row), block.dtype)
        R[done : done + len(block)] = block
        done += len(block)
        told(done, len(dataset))
    return R


def unreadable(named: list[tuple[str, str]]) -> BadPictureError:
    """Return the error that counts pictures that cannot be read and names the first of them."""
    shown = "".join(f"\n  {name}: {reason}" for name, reason in named[:10])
    more = f"\n  and {len(named) - 10} more" if len(named) > 10 else ""
    pictures = "1 picture" if len(named) == 1 else f"{len(named)} pictures"
    return BadPictureError(f"{pictures} cannot be read; leave out such with --skip-bad (skip_bad=True):{shown}{more}")


def data_for(model: Model, source: str | Path, part: str | None = None, **options: Any) -> tuple[Dataset, str, str]:
    """Return labelled data as a model knows it: its classes joined and coded, its columns in its order.

    part: "train", "validation" or "test"; by default the one best to score on.  options: label, keys, groups; by
    default those of training.  Also returned: the part, and what its rows were used for ("testing" if new).

    Raises InputError for a class or a column that the model does not know, and for labels that are not of its kind.
    """
    trained = model.provenance.get("recipe", {})
    usual = {"label": trained.get("label"), "keys": trained.get("keys"), "groups": trained.get("group_by")}
    usual |= known_columns(model.features) | {"regression": not model.class_names}
    if model.target is not None and not usual["label"]:
        usual["label"] = model.target.name
    parts = dict(load(source, **options, least_classes=1, usual=usual).items())
    chosen = part or next(name for name in ("test", "validation", "train") if name in parts)
    if chosen not in parts:
        raise InputError(f"{source} has no part {chosen}; it has {', '.join(parts)}.")
    dataset = parts[chosen].coded_as(model.class_names, model.merge)
    if not isinstance(model.features, PictureFeatures):
        dataset = dataset.with_columns(model.features.columns)
    return dataset, chosen, _used_for(model, source, chosen, divided=len(parts) > 1)


def known_columns(of: Dataset | Features) -> dict[str, Any]:
    """Return what `load` may take as known of the columns of other data: those of the training data, or of features."""
    if isinstance(of, PictureFeatures):
        return {}
    categorical = () if isinstance(of, Numbers) else of.categorical
    return {
        "only": of.columns,
        "categorical": categorical,
        "numeric": tuple(name for name in of.columns if name not in categorical),
    }


def _used_for(model: Model, source: str | Path, part: str, divided: bool) -> str:
    used, trained = model.provenance.get("used_for", {}), model.provenance.get("recipe", {})
    if same_place(source, model.provenance.get("data")):
        return str(used.get(part if divided else "train", "testing"))
    own = next((name for name in ("validation", "test") if same_place(source, trained.get(name))), None)
    return str(used.get(own, "testing"))


def same_place(source: str | Path, other: Any) -> bool:
    """Whether two names of data mean the same file, folder or set."""
    return other is not None and (str(source) == other or Path(source).resolve() == Path(other).resolve())
