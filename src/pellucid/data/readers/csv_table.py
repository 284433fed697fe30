"""CSV and TSV files, and workbooks: one row a sample, one column the label, the others of numbers or of categories.

Comma, semicolon or tab, decimal point or comma are found out. A cell that is wrong is named with its line and column,
because that is what one needs to mend it.
"""

import shlex
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.data.dataset import Dataset, Splits
from pellucid.data.labels import (
    FEW_NUMERIC_CLASSES,
    are_measurements,
    check_whole_numbers,
    class_names_of,
    class_texts,
    codes_of,
    counted,
    few_lines,
)
from pellucid.data.readers.number_column import Numbers, are_mistakes, may_be_numbers
from pellucid.data.readers.numerals import DASHES, POINT, as_text, is_missing
from pellucid.data.readers.sheet import Sheet, no_numbers, read_sheet
from pellucid.data.readers.table_columns import Columns, Declared, check_asked
from pellucid.errors import InputError, listed

LABEL_NAMES = ("label", "class", "target", "y", "species", "diagnosis")


def read(
    path: Path,
    label: str | None = None,
    groups: str | None = None,
    regression: bool | None = None,
    decimal: str | None = None,
    skip_bad: bool = False,
    **declared: Any,
) -> Splits:
    """Return the data set of a table with a header.

    Parameters
    ----------
    path : the file, in UTF-8.
    label : the column of the classes; by default the one named label, class, target, y, species or diagnosis. It may
        be declared categorical: then words such as NA are classes.
    groups : a column that says which rows belong together; it is no feature then. A row without one is alone.
        Where the columns are known (`only`) it may be missing.
    regression : whether the labels are numbers to predict; None decides by how they look.
    decimal : the decimal mark, "." or ",", where the cells of a column leave it open.
    skip_bad : whether rows without a label are left out.
    declared : what is known of the columns, as `Declared` has it.

    Raises
    ------
    InputError : no such column, a cell that is wrong, rows of different lengths.
    """
    sheet, known = read_sheet(path, decimal), Declared(**declared)
    label = find_column(sheet.header, label, LABEL_NAMES, str(path), sheet.texts)
    if not no_numbers(sheet.header) and label in sheet.cells(label):
        raise InputError(
            f"{path}: the first line looks like data, {', '.join(sheet.header[:5])}; put a line with the names of the "
            "columns above it."
        )
    if known.only and groups not in sheet.header:
        groups = None  # data to score on, whose columns are known from training, need not have it
    taken = {label} if groups is None else {label, find_column(sheet.header, groups, (), str(path))}
    named = label in known.categorical
    if named and not known.only:
        known = replace(known, categorical=[name for name in known.categorical if name != label])
    names = known.features(sheet.header, taken, str(path))
    sheet, notes = _labelled(sheet, label, named, skip_bad, trained=bool(known.only))
    labels, class_names, on_labels = _labels(sheet, label, False if named and regression is None else regression)
    columns = sheet.columns(names, known)
    in_groups, on_groups = (None, []) if groups is None else sheet.groups(groups)
    return Splits(
        Dataset(
            read=columns.X.__getitem__,
            labels=labels,
            class_names=class_names,
            kind="table",
            names=[f"{sheet.line} {line}" for line in sheet.lines],
            source=str(path),
            columns=columns.names,
            categorical=columns.categorical,
            groups=in_groups,
            target=label,
            notes=(*sheet.notes, *notes, *on_labels, *on_groups, *columns.notes),
        )
    )


def read_rows(
    path: Path, columns: Sequence[str], categorical: Collection[str] = (), decimal: str | None = None
) -> Columns:
    """Return the named columns of a table, in that order; others are passed over.

    categorical: those of them that hold categories, all others hold numbers.  decimal: as for `read`.

    Raises
    ------
    InputError : as `read`, or columns that are not there.
    """
    sheet = read_sheet(path, decimal)
    known = Declared.by_training(columns, categorical)
    read = sheet.columns(known.features(sheet.header, (), str(path)), known)
    return replace(read, notes=(*sheet.notes, *read.notes))


def _labels(sheet: Sheet, label: str, regression: bool | None) -> tuple[np.ndarray, tuple[str, ...], list[str]]:
    """Return codes and class names, or numbers to predict and no names; and notes."""
    cells, source = sheet.cells(label), str(sheet.path)
    of_numbers = regression or (may_be_numbers(cells) and len(set(cells)) > FEW_NUMERIC_CLASSES)
    column = Numbers.read(cells, sheet.marks.of(label) if of_numbers else POINT, known=bool(regression))
    wrong, distinct = column.wrong, set(column.values[np.isfinite(column.values)].tolist())
    measured = are_mistakes(len(wrong), column.right) and are_measurements(distinct, column.right)
    measured = measured and not (column.codes and column.whole)
    if regression is None and not measured:
        check_asked(cells, column, label, sheet.where, of_labels=True)
        if not wrong:
            check_whole_numbers(column.values, f"column {label!r} of {source}")
    if not measured if regression is None else not regression:
        texts, notes = class_texts([as_text(cell) for cell in cells], sheet.marks.of_texts(label), label)
        class_names = class_names_of(texts, source, regression=False, words=True)
        return codes_of(texts, class_names, source), class_names, notes
    if wrong:
        otherwise = "" if regression else ", or take the labels as classes with --classify (regression=False)"
        raise InputError(
            f"{sheet.where(wrong[0], label)} is {cells[wrong[0]]!r}, but the labels are numbers to predict. "
            f"Correct it, or remove the line{otherwise}."
        )
    column.check_units(cells, label, sheet.where)
    return column.values, (), column.notes(label)


def _labelled(sheet: Sheet, label: str, named: bool, skip_bad: bool, trained: bool) -> tuple[Sheet, list[str]]:
    """Return the sheet without the rows that have no label, and a note; or raise InputError where they may not be.

    named: whether words such as NA are classes here.  trained: whether the classes are those of a model.
    """
    cells = sheet.cells(label)
    signs = "+" in cells  # beside which - is a class, not a missing one
    rows = [row for row, cell in enumerate(cells)
            if cell == "" or (not named and (is_missing(cell) or (cell in DASHES and not signs)))]  # fmt: skip
    if not rows:
        return sheet, []
    lines = few_lines([sheet.lines[row] for row in rows], sheet.line)
    if len(rows) == len(cells):
        raise InputError(f"{sheet.path}: column {label!r} has no label in any row; every sample needs one.")
    if skip_bad:
        return sheet.without(rows), [f"no label: {counted(len(rows))} left out, as --skip-bad does ({lines})"]
    word = next((cells[row] for row in rows if cells[row] != ""), "")
    found = (
        f"{word!r}, which stands for a missing label" if cells[rows[0]] != "" else "empty; every sample needs a label"
    )
    more = "" if len(rows) == 1 else f" ({counted(len(rows))}: {lines})"
    keep = (
        f" If {word!r} is a class, keep it with --categorical {listed([label])} (categorical={[label]})."
        if word and not trained
        else ""
    )
    raise InputError(
        f"{sheet.where(rows[0], label)} is {found}{more}. Leave such rows out with --skip-bad (skip_bad=True).{keep}"
    )


def find_column(
    columns: Sequence[str], wanted: str | None, usual: Collection[str], source: str, texts: Sequence[str] = ()
) -> str:
    """Return the wanted column, or the one that has a usual name, or raise InputError listing the columns.

    texts: those without a number; a single one is proposed.
    """
    if isinstance(wanted, list | tuple):
        raise InputError(f"label must be one column, got {', '.join(map(repr, wanted))}; train a model for each.")
    if "x" in {name.lower() for name in columns} and len(columns) > 2:
        usual = [name for name in usual if name != "y"]  # beside x, y is a coordinate, unless there are just these two
    found = [name for name in columns if name == wanted or (wanted is None and name.lower() in usual)]
    if len(found) == 1:
        return found[0]
    here = f"its columns are {', '.join(columns)}."
    first_line = (
        ""
        if no_numbers(columns)
        else " Some of them are numbers: if the first line is data, put a line with the names of the columns above it."
    )
    if wanted is not None:
        raise InputError(f"{source} has no column {wanted!r}; {here}{first_line}")
    proposed = f" Only {texts[0]} holds texts: try --label {shlex.quote(texts[0])}." if len(texts) == 1 else ""
    if first_line:
        proposed = ""
        here += first_line
    raise InputError(
        f"{source} does not say which column is the label; {here} "
        f'Name the column of the classes with --label NAME (label="NAME").{proposed}'
    )
