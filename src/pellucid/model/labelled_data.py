"""Labelled data as a trained model knows it: its classes joined and coded, its columns in its order."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.data import Dataset, load
from pellucid.data.readers.frame import Frame
from pellucid.errors import InputError
from pellucid.features import Features
from pellucid.model.model import Model
from pellucid.model.row_digests import MOSTLY


def data_for(model: Model, source: str | Path, part: str | None = None, **options: Any) -> tuple[Dataset, str, str]:
    """Return labelled data as a model knows it: its classes joined and coded, its columns in its order.

    part: "train", "validation" or "test"; by default the one best to score on.  options: label, keys, groups; by
    default those of training.  Also returned: the part, and what its rows were used for ("testing" if new).

    Raises InputError for a class or a column that the model does not know, and for labels that are not of its kind.
    """
    trained = model.provenance.recipe
    usual = {"label": trained.get("label"), "keys": trained.get("keys"), "groups": trained.get("group_by")}
    usual |= known_columns(model.features, trained.get("categorical")) | {"regression": not model.class_names}
    if model.target is not None and not usual["label"]:
        usual["label"] = model.target.name
    parts = dict(load(source, **options, least_classes=1, usual=usual).items())
    chosen = part or next(name for name in ("test", "validation", "train") if name in parts)
    if chosen not in parts:
        raise InputError(f"{source} has no part {chosen}; it has {', '.join(parts)}.")
    dataset = parts[chosen].coded_as(model.class_names, model.merge)
    if not model.features.of_images:
        dataset = dataset.with_columns(model.features.columns)
    return dataset, chosen, _used_for(model, source, chosen, divided=len(parts) > 1)


def known_columns(of: Dataset | Features, declared: Collection[str] | None = None) -> dict[str, Any]:
    """Return what `load` may take as known of the columns of other data: those of the training data, or of features.

    declared: what training was given as categorical; of them, one that is no feature is the label.
    """
    categorical = set(of.categorical)
    return {
        "only": of.columns,
        "categorical": (*of.categorical, *(name for name in declared or () if name not in of.columns)),
        "numeric": tuple(name for name in of.columns if name not in categorical),
    }


def _used_for(model: Model, source: str | Path, part: str, divided: bool) -> str:
    used, trained = model.provenance.used_for, model.provenance.recipe
    if same_place(source, model.provenance.data):
        return str(used.get(part if divided else "train", "testing"))
    own = next((name for name in ("validation", "test") if same_place(source, trained.get(name))), "")
    return str(used.get(own, "testing"))


def used_with(model: Model, known: np.ndarray, used_for: str) -> str:
    """Return what rows (n,) were used for, corrected by which of them the model has learned from.

    used_for: by the name of their source, which may be a copy of the training data, or others under the same name.
    """
    if known.sum() > MOSTLY * len(known):
        return "training"
    return "testing" if used_for == "training" and model.learned is not None else used_for


def same_place(source: str | Path | Frame, other: Any) -> bool:
    """Whether two names of data mean the same file, folder or set."""
    if isinstance(source, Frame) or isinstance(other, Frame):
        return source is other
    return other is not None and (str(source) == other or Path(source).resolve() == Path(other).resolve())
