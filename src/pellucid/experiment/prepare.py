"""Preparation: the sources of a recipe become parts of data, coded alike, audited and grouped.

Duplicates are kept together like any group, so that no score counts one as new.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pellucid.data import MetadataTable, Splits, grouped_splits, joined, load, metadata_of
from pellucid.data.audit.audit import Audit, audit
from pellucid.data.corrections import Corrected, corrected, read_corrections
from pellucid.data.groups import ALONE, WAYS_OF_METADATA, evident_bursts
from pellucid.data.load import takes
from pellucid.data.readers.frame import Frame
from pellucid.errors import InputError
from pellucid.experiment.operating_point import check_operating_point
from pellucid.experiment.recipe import Recipe
from pellucid.features import Features
from pellucid.features.extraction import ImageScan, scan_images
from pellucid.model.labelled_data import known_columns, same_place
from pellucid.system.progress import SILENT, Progress


@dataclass(frozen=True)
class Prepared:
    """The parts of the data, and what was done to them.

    features: not fitted yet.  scans: the raw rows of the parts that are picture files.
    audit: what was found in the data, None where nobody looked.  dropped: how many training samples were, as leaks.
    corrections: how many labels of each part were put right, None where there was no list of them.
    """

    splits: Splits
    features: Features
    scans: dict[str, ImageScan]
    audit: Audit | None
    dropped: int = 0
    corrections: dict[str, Corrected] | None = None


def prepare(recipe: Recipe, progress: Progress = SILENT) -> Prepared:
    """Return the data of a recipe, ready to be divided; each picture file is read once."""
    splits, corrections = loaded(recipe), None
    if recipe.corrections is not None:
        if not splits.train.class_names:
            raise InputError("corrections are of classes; leave corrections out where numbers are predicted.")
        parts, corrections = corrected(dict(splits.items()), read_corrections(recipe.corrections), recipe.merge)
        splits = Splits(**parts)
    check_operating_point(recipe.reject, recipe.threshold, splits.train, splits.validation)
    if recipe.learning_curve and not splits.train.class_names:
        raise InputError("the learning curve needs classes; leave learning_curve out when numbers are predicted.")
    if recipe.drop_leaks and not recipe.audit:
        raise InputError("drop_leaks needs the audit; leave audit = false out.")
    features = recipe.features_for(splits.train)
    by = None if _has_groups(recipe) else recipe.group_by
    scans, metadata = _scanned(splits, features, recipe, recipe.audit or by in WAYS_OF_METADATA, progress)
    if by:
        splits = grouped_splits(splits, by, metadata)
    if not recipe.audit:
        return Prepared(splits if by != ALONE else _parted(splits), features, scans, None, corrections=corrections)
    found = audit(splits, metadata=metadata)
    splits = _together(splits if by != ALONE else _parted(splits), found, metadata, recipe.group_by)
    train = splits.train
    leaks = found.leaks() if recipe.drop_leaks else np.empty(0, np.intp)
    if len(leaks):
        train = train.take(np.delete(np.arange(len(train)), leaks))
        if 0 in train.counts().values():
            raise InputError(f"{recipe.data}: dropping leaks leaves nothing of a class; pellucid audit lists them.")
        if "train" in scans:
            scans["train"] = scans["train"].without(leaks)
    return Prepared(replace(splits, train=train), features, scans, found, len(leaks), corrections)


def _together(splits: Splits, found: Audit, metadata: dict[str, MetadataTable], by: str | None) -> Splits:
    """Return the parts with copies in one group, and bursts too where nobody gave groups (`by`).

    Equal rows of a table are copies only where chance does not explain them.
    """
    parts = dict(splits.items())
    for part, dataset in parts.items():
        groupings = [found.duplicate_groups(part)]
        if part == "train" and by is None and part in metadata:
            bursts = _bursts(splits, metadata[part])  # else neighbours of what was learned would be scored
            groupings += [] if bursts is None else [bursts]
        if groupings := [labels for labels in groupings if len(np.unique(labels)) < len(labels)]:
            parts[part] = replace(dataset, groups=joined(*groupings, dataset.groups))
    return Splits(**parts)


def _bursts(splits: Splits, metadata: MetadataTable) -> np.ndarray | None:
    """Return the bursts of the training part that must stay together, as far as it can be divided then."""
    train, labels = splits.train, evident_bursts(splits.train, metadata)
    if labels is None or splits.validation is not None or splits.test is not None:
        return labels
    for code, name in enumerate(train.class_names):
        rows = train.labels == code
        if rows.sum() > 1 and len(np.unique(labels[rows])) == 1:
            raise InputError(
                f"{train.source}: all {rows.sum():,} pictures of class {name} are of one burst, taken within seconds "
                "or showing nearly the same. Collect more, give test data, or let each count alone (--group-by none)."
            )
    return labels


def _parted(splits: Splits) -> Splits:
    return Splits(**{part: replace(dataset, groups=None) for part, dataset in splits.items()})


def _scanned(
    splits: Splits, features: Features, recipe: Recipe, with_metadata: bool, progress: Progress
) -> tuple[dict[str, ImageScan], dict[str, MetadataTable]]:
    """Return what is found in the picture files of each part, and the metadata of all pictures where wanted."""
    scans: dict[str, ImageScan] = {}
    metadata: dict[str, MetadataTable] = {}
    for part, dataset in splits.items():
        if features.of_images and dataset.of_files:
            scans[part] = scan_images(dataset, features, progress, recipe.cache, with_metadata)
            if (table := scans[part].metadata) is not None:
                metadata[part] = table
        elif with_metadata and dataset.kind == "pictures":
            metadata[part] = metadata_of(dataset, progress)
    return scans, metadata


def _has_groups(recipe: Recipe) -> bool:
    """Whether groups are a column of the data, and not found by its pictures."""
    return recipe.pictures_from is None and takes(recipe.data, "groups")


def loaded(recipe: Recipe) -> Splits:
    """Return the parts as they come, coded alike: by the classes and columns of the training part."""
    groups = recipe.group_by if _has_groups(recipe) else None
    how: dict[str, Any] = {
        "label": recipe.label,
        "keys": recipe.keys,
        "groups": groups,
        "regression": recipe.regression,
        "decimal": recipe.decimal,
        "pictures_from": recipe.pictures_from,
        "label_from": recipe.label_from,
    }
    bad = {"skip_bad": recipe.skip_bad}  # of tables; pictures are left out when they are read
    of_columns = {name: getattr(recipe, name) for name in ("categorical", "numeric", "drop")}
    parts = dict(load(recipe.data, **how, **of_columns, usual=bad).items())
    known = known_columns(parts["train"], recipe.categorical) | {"regression": not parts["train"].class_names} | bad
    undivided: list[str | Frame] = []  # other data that is one part as a whole
    for part, source in (("validation", recipe.validation), ("test", recipe.test)):
        if source is not None:
            if not takes(source, "groups"):  # a folder of other pictures
                how["pictures_from"] = None
            own = load(source, **how, least_classes=1, usual=known)
            if same_place(source, recipe.data) and getattr(own, part) is None:
                raise InputError(f"the {part} data is the training data itself; give other data, or leave {part} out.")
            if getattr(own, part) is None:
                if any(same_place(source, other) for other in undivided):
                    raise InputError("the test data is the validation data itself; give other data, or leave one out.")
                undivided.append(source)
            parts[part] = getattr(own, part) or own.train
    train = parts.pop("train").merged(recipe.merge)
    others = {
        part: dataset.coded_as(train.class_names, recipe.merge).with_columns(train.columns)
        for part, dataset in parts.items()
    }
    return Splits(train, **others)
