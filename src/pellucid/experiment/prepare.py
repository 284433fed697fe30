"""Preparation: what a recipe names becomes parts of data, coded alike, grouped and looked through.

Copies are kept together like any group, so that no score counts one as new.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pellucid.data import Splits, grouped_splits, joined, load
from pellucid.data.audit.audit import Audit, audit, facts_by_part
from pellucid.data.corrections import Corrected, corrected, read_corrections
from pellucid.data.load import takes
from pellucid.errors import InputError
from pellucid.experiment.recipe import Recipe
from pellucid.features.extraction import Progress
from pellucid.model.labelled_data import known_columns, same_place


@dataclass(frozen=True)
class Prepared:
    """The parts of the data, and what was done to them.

    audit: what was found in them, None where nobody looked.  dropped: how many training samples were, as leaks.
    corrections: how many labels of each part were put right, None where there was no list of them.
    """

    splits: Splits
    audit: Audit | None
    dropped: int = 0
    corrections: dict[str, Corrected] | None = None


def prepare(recipe: Recipe, progress: Progress | None = None) -> Prepared:
    """Return the data of a recipe, ready to be described."""
    splits, corrections = _loaded(recipe), None
    if recipe.corrections is not None:
        if not splits.train.class_names:
            raise InputError("corrections are of classes; leave corrections out where numbers are predicted.")
        parts, corrections = corrected(dict(splits.items()), read_corrections(recipe.corrections), recipe.merge)
        splits = Splits(**parts)
    if recipe.drop_leaks and not recipe.audit:
        raise InputError("to drop leaks, the data must be looked through; leave audit = false out.")
    facts = facts_by_part(splits, progress) if recipe.audit else None
    by = recipe.group_by
    if by and not takes(recipe.data, "groups"):
        splits = grouped_splits(splits, by, facts)
    if facts is None:
        return Prepared(splits, None, corrections=corrections)
    found = audit(splits, facts=facts)
    train = splits.train
    if train.kind == "pictures":
        copies = found.copy_groups()
        if len(np.unique(copies)) < len(copies):
            train = replace(train, groups=joined(copies, train.groups))
    leaks = found.leaks() if recipe.drop_leaks else np.empty(0, np.intp)
    if len(leaks):
        train = train.take(np.delete(np.arange(len(train)), leaks))
        if 0 in train.counts().values():
            raise InputError(f"{recipe.data}: of a whole class nothing is left after dropping leaks; audit tells more.")
    return Prepared(replace(splits, train=train), found, len(leaks), corrections)


def _loaded(recipe: Recipe) -> Splits:
    """Return the parts as they come, coded alike: by the classes and columns of the training part."""
    groups = recipe.group_by if takes(recipe.data, "groups") else None
    how: dict[str, Any] = {
        "label": recipe.label,
        "keys": recipe.keys,
        "groups": groups,
        "regression": recipe.regression,
    }
    of_columns = {name: getattr(recipe, name) for name in ("categorical", "numeric", "drop")}
    parts = dict(load(recipe.data, **how, **of_columns).items())
    known = known_columns(parts["train"]) | {"regression": not parts["train"].class_names}
    undivided: list[str] = []  # other data that is one part as a whole
    for part, source in (("validation", recipe.validation), ("test", recipe.test)):
        if source is not None:
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
