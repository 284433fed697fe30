"""Datasets: labelled samples, read in blocks, which every reader returns and everything else uses.

A `Dataset` never holds more than its reader must: `read(rows)` brings one block of raw samples, either an array
or a list of pictures. `Splits` are the parts a source comes in: train, validation, test.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from pellucid.data.images import PictureShape
from pellucid.data.readers.numerals import plain
from pellucid.errors import InputError, unknown_name

Block = np.ndarray | list[Any]

SPLIT_WORDS = {  # how people name the parts of their data, in lower case
    "train": "train",
    "training": "train",
    "validation": "validation",
    "val": "validation",
    "valid": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
}


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled samples: pictures (arrays, paths, bytes) or rows of numbers.

    Parameters
    ----------
    read : rows (integers, in any order) -> their raw samples, an array or a list.
    labels : (n,) integer codes into `class_names`, or the numbers to predict where there are no class names.
    kind : "pictures", "numbers" (an array of them) or "table" (named columns of numbers and categories).
    names : one text per sample: the file's path within the source, or "row 17", counted from 0.
    source : where the samples are from, for messages.
    columns : the names of the columns.
    categorical : those that hold categories.
    target : what the labels are called, where they are numbers to predict.
    groups : (n,) or None; samples of one group belong to one side of a split.
    self_labelled : (n,) or None; whether a label is a model's own answer, which teaches but judges nothing.
    shape : the pictures' own size where all have the same, else None, as for picture files.
    class_depth : how many folders of a file's name lead to its class, that one included; 0 where none does.
    passed_over : files that are no pictures that can be read, or of no class, with the reason, such as ".mp4".
    notes : sentences on how the data was read, where something was left open.
    """

    read: Callable[[np.ndarray], Block]
    labels: np.ndarray
    class_names: tuple[str, ...]
    kind: Literal["pictures", "numbers", "table"]
    names: Sequence[str]
    source: str
    columns: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    target: str = "value"
    groups: np.ndarray | None = None
    self_labelled: np.ndarray | None = None
    shape: PictureShape | None = None
    class_depth: int = 0
    passed_over: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()

    @property
    def of_files(self) -> bool:
        """Whether the samples are picture files, to be decoded: only they have no shape of their own."""
        return self.kind == "pictures" and self.shape is None

    @property
    def strata(self) -> np.ndarray | None:
        """The labels (n,), where they are classes that both sides of a split should have."""
        return self.labels if self.class_names else None

    def __len__(self) -> int:
        return len(self.labels)

    def blocks(self, rows: Any = None, block_rows: int = 256) -> Iterator[Block]:
        """Yield the raw samples of `rows` (default: all) in their order, at most `block_rows` at a time."""
        rows = self._rows(slice(None) if rows is None else rows)
        for start in range(0, len(rows), block_rows):
            yield self.read(rows[start : start + block_rows])

    def take(self, rows: Any) -> "Dataset":
        """Return the data set of some rows, given as integers, a mask or a slice; nothing is read."""
        rows = self._rows(rows)
        return replace(
            self,
            read=lambda block: self.read(rows[block]),
            labels=self.labels[rows],
            names=[self.names[row] for row in rows],
            groups=None if self.groups is None else self.groups[rows],
            self_labelled=None if self.self_labelled is None else self.self_labelled[rows],
        )

    def merged(self, mapping: Mapping[str, Sequence[str]]) -> "Dataset":
        """Return the data set with classes joined, all classes then in alphabetical order.

        Parameters
        ----------
        mapping : new class -> the classes it joins, such as {"sick": ["bean_rust", "angular_leaf_spot"]}.

        Raises
        ------
        InputError : an unknown class, one that is joined twice, or a new name that another class has already.
        """
        if not mapping:
            return self
        if not self.class_names:
            raise InputError(f"the labels of {self.source} are numbers to predict; there are no classes to join.")
        joined: dict[str, str] = {}
        for new, olds in mapping.items():
            for old in olds:
                if old not in self.class_names:
                    raise unknown_name("class", old, self.class_names)
                if old in joined:
                    raise InputError(
                        f"class {old!r} is joined into {joined[old]!r} and again into {new!r}; once is enough."
                    )
                joined[old] = new
        left = [name for name in self.class_names if name not in joined]
        if taken := sorted(set(left) & set(mapping)):
            raise InputError(f"{taken[0]!r} is a class already; add it to those joined, or choose another name.")
        renamed = [joined.get(name, name) for name in self.class_names]
        names = tuple(sorted(set(renamed)))
        if len(names) < 2:
            raise InputError(f"joining leaves one class, {names[0]!r}; at least two are needed.")
        codes = np.array([names.index(name) for name in renamed])
        return replace(self, labels=codes[self.labels], class_names=names)

    def coded_as(self, class_names: Sequence[str], merge: Mapping[str, Sequence[str]]) -> "Dataset":
        """Return the data set with codes into `class_names`, its classes joined first where `merge` names them.

        Raises
        ------
        InputError : a class that is not among `class_names`; or numbers to predict in place of classes, or vice versa.
        """
        if bool(class_names) != bool(self.class_names):
            kinds = ("classes", "numbers to predict")
            has, wanted = kinds if self.class_names else kinds[::-1]
            raise InputError(f"the labels of {self.source} are {has}; {wanted} were learned.")
        if not class_names:
            return self
        joined = {old: new for new, olds in merge.items() for old in olds if old in self.class_names}
        spelled = {plain(name): name for name in class_names}  # TRUE, where a model has it, is True
        names = [joined.get(name, name) for name in self.class_names]
        names = [name if name in class_names else spelled.get(name, name) for name in names]
        if unknown := sorted({name for name in names if name not in class_names}):
            raise InputError(
                f"{self.source} has {'the class' if len(unknown) == 1 else 'the classes'} {', '.join(unknown)}, "
                f"which training did not have; those it had are {', '.join(class_names)}."
            )
        codes = np.array([class_names.index(name) for name in names])
        return replace(self, labels=codes[self.labels], class_names=tuple(class_names))

    def with_columns(self, columns: Sequence[str]) -> "Dataset":
        """Return rows with just these columns in this order, found by name; unnamed ones stay as they are.

        Raises
        ------
        InputError : a column that is not there.
        """
        if not columns or not self.columns or tuple(columns) == self.columns:
            return self
        place_of = {name: place for place, name in enumerate(self.columns)}
        if missing := [name for name in columns if name not in place_of]:
            raise InputError(f"{self.source} has no column {missing[0]!r}; its columns are {', '.join(self.columns)}.")
        places = [place_of[name] for name in columns]
        return replace(self, read=lambda rows: np.asarray(self.read(rows))[:, places], columns=tuple(columns))

    @property
    def learned(self) -> str:
        """What there is to learn, in words, with what would take it otherwise where the labels are numbers."""
        column = f" of column {self.target!r}" if self.kind == "table" else ""
        if not self.class_names:
            return f"numbers{column}" + ("; --classify takes them as classes" if column else "")
        numbers = column and all(name.lstrip("-").replace(".", "", 1).isdecimal() for name in self.class_names)
        otherwise = "; --regression predicts them as numbers" if numbers and len(self.class_names) > 2 else ""
        return f"classes{column} ({len(self.class_names)} classes{otherwise})"

    def counts(self) -> dict[str, int]:
        """Return how many samples each class has, in the order of the class names; {} where there are no classes."""
        if not self.class_names:
            return {}
        numbers = np.bincount(self.labels, minlength=len(self.class_names))
        return dict(zip(self.class_names, numbers.tolist(), strict=True))

    def _rows(self, rows: Any) -> np.ndarray:
        return np.arange(len(self))[rows]


@dataclass(frozen=True)
class Splits:
    """The parts of a source; one that is not divided stands in `train`."""

    train: Dataset
    validation: Dataset | None = None
    test: Dataset | None = None

    def items(self) -> Iterator[tuple[str, Dataset]]:
        """Yield the name and the data set of each part that is there."""
        for name in ("train", "validation", "test"):
            if (part := getattr(self, name)) is not None:
                yield name, part


def training_part(parts: Mapping[str, Any], source: str) -> str:
    """Return the part whose classes count: "train", or the only one; raise InputError where neither is there."""
    if "train" in parts or len(parts) == 1:
        return "train" if "train" in parts else next(iter(parts))
    raise InputError(f"{source} has the parts {', '.join(sorted(parts)) or '(none)'}, but no train.")


def as_splits(parts: Mapping[str, Dataset], source: str) -> Splits:
    """Return parts by their names as Splits; a part that is alone stands in `train`."""
    if training_part(parts, source) != "train":
        return Splits(*parts.values())
    return Splits(**parts)
