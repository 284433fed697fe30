"""Recipes as TOML files, checked field by field; what a job used is written in full, and gives the same weights again.

A file names things, it holds no objects. "none" stands for a value that is not set, which TOML has no word for.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from typing import Any

import msgspec

from pellucid.data.readers.frame import Frame
from pellucid.errors import InputError, MissingFileError, unknown_name
from pellucid.experiment.recipe import Recipe, make_recipe
from pellucid.system.files import atomic_write
from pellucid.training import EarlyStopping, Settings

NOT_IN_FILES = ("training", "callbacks", "warm_start", "verbose")
NONE = "none"
TYPES: dict[str, Any] = {
    **{f.name: f.type for f in (*fields(Recipe), *fields(Settings)) if f.name not in NOT_IN_FILES},
    "data": str,
    "validation": str | None,
    "test": str | None,
    "init": str,
    "optimizer": str,
    "loss": str,
    "learning_rate": float,
    "random_state": int,
    "row_space": bool | str,
    "dtype": str,
    "class_weight": str | dict[str, float] | None,
}


def read_recipe(path: str | Path) -> dict[str, Any]:
    """Return the flat values of a TOML file, for `make_recipe`: `epochs = 50`, `merge = {sick = ["rust"]}`, ...

    Raises MissingFileError, or InputError that names the field with its path: "merge.sick[0]".
    """
    try:
        values = tomllib.loads(Path(path).read_text("utf-8"))
    except FileNotFoundError:
        raise MissingFileError(f"there is no recipe {path}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise InputError(f"{path} is not a TOML file: {error}.") from None
    for name, value in values.items():
        if name not in TYPES:
            raise unknown_name(f"setting in {path}", name, TYPES)
        try:
            values[name] = None if value == NONE else _converted(name, value, str(path))
        except msgspec.ValidationError as error:
            what, _, place = str(error).partition(" - at `$")
            raise InputError(f"{path}: {name}{place.rstrip('`')}: {what}.") from None
    try:
        make_recipe(**{"data": "", **values})
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    return values


def _converted(name: str, value: Any, path: str) -> Any:
    if name == "early_stopping" and isinstance(value, dict):
        known = {f.name for f in fields(EarlyStopping)}
        for part in set(value) - known:
            raise unknown_name(f"setting of early_stopping in {path}", part, known)
        return msgspec.convert(value, EarlyStopping)
    return msgspec.convert(value, TYPES[name])


def write_recipe(path: str | Path, values: Mapping[str, Any], heading: str = "") -> None:
    """Write the flat values of a recipe to a TOML file; heading: lines of comment at its top.

    Raises InputError where a value is an object of the caller's own, which a file cannot name.
    """
    import tomli_w

    usual = {f.name: f.default for f in fields(Recipe)}
    told = {}
    for name, value in values.items():
        if name in NOT_IN_FILES or (name in usual and value in (None, usual[name], {})):
            continue
        told[name] = NONE if value is None else _plain(name, value)
    comment = "".join(f"# {line}\n" for line in heading.splitlines())
    atomic_write(path, (comment + tomli_w.dumps(told)).encode())


def _plain(name: str, value: Any) -> Any:
    """Return a value as TOML has it."""
    if is_dataclass(value) and isinstance(value, EarlyStopping):
        return asdict(value)
    if isinstance(value, list | tuple):
        return [_plain(name, item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(name, item) for key, item in value.items()}
    if isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Frame):
        raise InputError(f"{name} is a {value}; a recipe file can only name data. Save it as parquet, and name that.")
    raise InputError(
        f"{name} is {type(value).__name__}, an object of your own; a recipe file can only name what pellucid knows. "
        "Keep it in your program."
    )
