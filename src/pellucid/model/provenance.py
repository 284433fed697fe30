"""Provenance: where a model comes from: its data, its recipe, its seed, and what was found on the way."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypedDict, TypeVar

import msgspec

from pellucid.errors import ModelFileError

T = TypeVar("T")
TABLES = ("recipe", "settings", "versions", "used_for")  # empty where nobody recorded them


class RecipeValues(TypedDict, total=False):
    """The values of a recipe that are read from a model file again; a file may hold anything under these names."""

    label: str | None
    label_from: str | None
    pictures_from: str | None
    keys: list[str] | None
    group_by: str | None
    categorical: list[str] | None
    validation: str | None
    test: str | None


def checked(value: Any, kind: type[T], what: str) -> T:
    """Return a value of a model file as `kind`; raise ModelFileError where a part of it has another type."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise ModelFileError(f"its {what} is not as training writes it: {error}.") from None


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """What a model file tells of a training; everything is plain, as JSON takes it, and None where nobody recorded it.

    data: the source.  counts: samples by part and class.  seed: of the first start.  recipe, settings: as used.
    versions: of the libraries.  division: how parts were held out, in words.  used_for: the purpose of each part.
    set_by_hand: how many weights were changed by hand in the playground.
    skipped, dropped: how many pictures were unreadable, how many training samples were left out as leaks.
    corrections, findings, audit, decision: what was corrected, diagnosed, found in the data and chosen.
    """

    data: str | None = None
    counts: Mapping[str, Any] | None = None
    seed: int | None = None
    recipe: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, Any] = field(default_factory=dict)
    division: str | None = None
    used_for: Mapping[str, str] = field(default_factory=dict)
    set_by_hand: int | None = None
    skipped: int | None = None
    corrections: Mapping[str, Any] | None = None
    dropped: int | None = None
    findings: list[Any] | None = None
    audit: Any = None
    decision: Mapping[str, Any] | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return what was recorded, by name."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: value for name, value in values.items() if value is not None and (value or name not in TABLES)}

    @classmethod
    def restore(cls, values: Mapping[str, Any]) -> "Provenance":
        """Return the provenance of a model file; names that this release does not know are left out."""
        known = {f.name for f in fields(cls)}
        if not isinstance(values, dict):
            raise ModelFileError("its provenance is not a table of names and values.")
        provenance = checked({name: value for name, value in values.items() if name in known}, cls, "provenance")
        checked(provenance.recipe, RecipeValues, "recipe")
        return provenance
