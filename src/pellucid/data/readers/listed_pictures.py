"""Pictures whose labels stand in a table beside them: one column names the files, another their classes."""

import csv
import shlex
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from pellucid.data.dataset import Dataset, Splits
from pellucid.data.labels import class_names_of, codes_of
from pellucid.data.readers.folder_layout import census
from pellucid.data.readers.folder_tree import Picture, read_tree
from pellucid.errors import InputError, MissingFileError

FILE_COLUMNS = (  # in lower case, with _ for blanks; the first of them that is there
    *("image", "file", "filename", "file_name", "image_name", "image_path", "path", "filepath", "file_path", "picture"),
    *("photo", "img", "image_id", "id", "name"),
)
LABEL_COLUMNS = ("label", "class", "category", "target", "species", "diagnosis", "level")
DELIMITERS = ",;\t"
MOST_NAMED = 3


def read(path: Path, pictures_from: str | Path, label: str | None = None) -> Splits:
    """Return the pictures of a folder or zip with the classes that a table gives them.

    Parameters
    ----------
    path : a CSV or TSV file with a header. Files are named with or without folders and ending.
    pictures_from : the folder or zip of the pictures.
    label : the column of the classes; by default one of a usual name, or the only one beside that of the files.

    Pictures that the table does not name, and rows whose picture is not there, are told in notes.

    Raises
    ------
    InputError : no such columns, an empty label, a name that fits several pictures, two labels of one picture, or no
        picture that is named.
    """
    place = Path(pictures_from).expanduser()
    if not place.exists():
        raise MissingFileError(f"there is no file or folder {place}.")
    header, rows = _table(path)
    files = _file_column(header, path, label)
    labels = _label_column(header, path, files, label)
    top = read_tree(place)
    index = _index(list(top.pictures()))
    found: dict[str, tuple[Picture, str, int]] = {}
    missing: list[str] = []
    for line, row in rows:
        name, of_class = row[files].strip(), row[labels].strip()
        picture = _find(name, index, f"{path}, line {line}", place)
        if picture is None:
            missing.append(name)
            continue
        if not of_class:
            raise InputError(f"{path}, line {line}: the label of {name} is empty; every picture needs one.")
        _, before, first = found.setdefault(picture.place, (picture, of_class, line))
        if before != of_class:
            raise InputError(
                f"{path} gives {name} two labels: {before!r} in line {first}, {of_class!r} in line {line}."
            )
    if not found:
        raise InputError(
            f"none of the {len(rows):,} files that {path} names in column {header[files]!r} is in {place}; "
            f"the first is {missing[0]}."
        )
    notes = [f"files are named by column {header[files]!r}, classes by {header[labels]!r}"]
    if missing:
        notes.append(
            f"{len(missing):,} rows of {path} name no picture in {place}, such as {', '.join(missing[:MOST_NAMED])}"
        )
    others = top.passed_over()
    others |= {picture.place: f"not in {path.name}" for picture in top.pictures() if picture.place not in found}
    if others:
        notes.append(census(len(found), "used", others))
    pictures = [picture for picture, _, _ in found.values()]
    texts = [of_class for _, of_class, _ in found.values()]
    names = class_names_of(texts, str(path), regression=False)
    return Splits(
        Dataset(
            read=lambda wanted: [pictures[row].raw for row in wanted],
            labels=codes_of(texts, names, str(path)),
            class_names=names,
            kind="pictures",
            names=list(found),
            source=str(path),
            passed_over=others,
            notes=tuple(notes),
        )
    )


def _table(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Return the header, and the rows with their lines."""
    try:
        text = path.read_text("utf-8-sig")
        first = text.partition("\n")[0]
        delimiter = max(DELIMITERS, key=first.count)
        reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter)
        lines = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} cannot be read as a table in UTF-8: {error}.") from error
    if len(lines) < 2:
        raise InputError(f"{path} has no rows; expected a header and one row for each picture.")
    header = [name.strip() for name in lines[0][1]]
    for line, row in lines[1:]:
        if len(row) != len(header):
            raise InputError(f"{path}, line {line}: {len(row)} cells, expected {len(header)} as in the header.")
    return header, lines[1:]


def _file_column(header: Sequence[str], path: Path, label: str | None) -> int:
    plain = [name.lower().replace(" ", "_") for name in header]
    for name in FILE_COLUMNS:
        if name in plain and header[plain.index(name)] != label:
            return plain.index(name)
    raise InputError(
        f"{path} has the columns {', '.join(header)}; none is named like one of files. "
        f"Name that column {FILE_COLUMNS[0]!r} or {FILE_COLUMNS[1]!r}."
    )


def _label_column(header: Sequence[str], path: Path, files: int, label: str | None) -> int:
    if label is not None:
        if label not in header:
            raise InputError(f"{path} has no column {label!r}; its columns are {', '.join(header)}.")
        return header.index(label)
    others = [column for column in range(len(header)) if column != files]
    usual = [column for column in others if header[column].lower() in LABEL_COLUMNS]
    if len(others) == 1 or len(usual) == 1:
        return (usual or others)[0]
    options = " or ".join(f"--label {shlex.quote(header[column])}" for column in (usual or others)[:MOST_NAMED])
    raise InputError(f"{path} has the columns {', '.join(header)}; which one holds the classes? Give {options}.")


def _index(pictures: Sequence[Picture]) -> dict[str, list[Picture]]:
    """Return the pictures by all that may name them: their place, what it ends in, each with and without the ending."""
    index: dict[str, list[Picture]] = {}
    for picture in pictures:
        parts = PurePosixPath(picture.place).parts
        for start in range(len(parts)):
            name = "/".join(parts[start:])
            for key in {name, name.removesuffix(PurePosixPath(name).suffix)}:
                index.setdefault(key, []).append(picture)
    return index


def _find(name: str, index: dict[str, list[Picture]], where: str, place: Path) -> Picture | None:
    """Return the picture of a name; folders that are above the pictures do not count."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
    for start in range(len(parts)):
        fits = index.get("/".join(parts[start:]), [])
        if len(fits) > 1:
            exact = [picture for picture in fits if picture.place == "/".join(parts[start:])]
            if len(exact) != 1:
                raise InputError(
                    f"{where}: {name} may be {fits[0].place} or {fits[1].place} in {place}; "
                    "name the folder or ending too."
                )
            fits = exact
        if fits:
            return fits[0]
    return None
