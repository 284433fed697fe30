"""Downloads of the published data sets: every file is checked against its sha256.

A file stands under its name only when it is whole and right; one that is there and different is never replaced
unless told. Zips of pictures are unpacked beside themselves.
"""

import hashlib
import secrets
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from pellucid.data.images.kinds import PICTURE_ENDINGS
from pellucid.data.published.catalog import PUBLISHED, Published, PublishedFile, data_folder, sha256
from pellucid.errors import InputError, MissingFileError, OutputExistsError, unknown_name

CHUNK = 2**18  # bytes
PATIENCE = 30  # seconds without an answer
LARGEST_UNPACKED = 2**30  # bytes of one zip
PLAIN = {  # the requests library's errors in plain words
    "ChunkedEncodingError": "the connection broke off before its end",
    "ConnectionError": "no connection, or it broke off; see that this computer is online",
    "ConnectTimeout": "no connection; see that this computer is online",
    "ReadTimeout": f"no answer within {PATIENCE} seconds",
    "TooManyRedirects": "it leads in a circle",
}

Told = Callable[[str, int, int], None]
Progress = Callable[[int], None]


@dataclass(frozen=True)
class Fetched:
    """Where a data set lies, and what was done: {file or folder: "verified", "fetched" or "unpacked"}."""

    folder: Path
    done: dict[str, str]


def fetch(
    name: str,
    to: Path | None = None,
    source: str | Path | None = None,
    force: bool = False,
    told: Told = lambda *_: None,
) -> Fetched:
    """Put a published data set into its folder, whatever is right there already left as it is.

    Parameters
    ----------
    name : one of PUBLISHED: cats, beans, fashion-mnist.
    to : the folder that gets the set's own folder; by default `data_folder()`.
    source : a folder that has the files, or another address to take them from.
    force : replace files that are there and are not the published ones.
    told : is called with a file's name, how many bytes are done, and of how many.

    Raises
    ------
    OutputExistsError : a file is there with another sha256, or a folder with other pictures; all is left as it is.
    MissingFileError : the set has no public place, or `source` lacks a file.
    InputError : no connection, the server has no such file, or what it has is not the published file.
    """
    if name not in PUBLISHED:
        raise unknown_name("published data set", name, PUBLISHED)
    published = PUBLISHED[name]
    folder = (to or data_folder()) / published.folder
    done: dict[str, str] = {}
    for file in published.files:
        unpacked = published.unpacked.get(file.name)
        if unpacked and not (folder / file.name).exists() and (folder / unpacked.folder).exists():
            if folder_digest(folder / unpacked.folder) == unpacked.digest:
                done[unpacked.folder] = "verified"
                continue
            if not force:
                raise _other_pictures(folder / unpacked.folder)
        done[file.name] = _file(published, file, folder, source, force, told)
        if unpacked:
            done[unpacked.folder] = _unpack(folder / file.name, unpacked.folder, force)
    return Fetched(folder, done)


def folder_digest(folder: Path) -> str:
    """Return one sha256 for all pictures in a folder: of the lines "class/file sha256", in the order of their names."""
    digest = hashlib.sha256()
    for name, path in sorted(_pictures(folder).items()):
        digest.update(f"{name} {sha256(path)}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _pictures(folder: Path) -> dict[str, Path]:
    return {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if _is_picture(path.name)}


def _is_picture(name: str) -> bool:
    return not name.startswith(".") and name.lower().endswith(PICTURE_ENDINGS)


# one file ----------------------------------------------------------------------------------------------------------


def _file(
    published: Published, file: PublishedFile, folder: Path, source: str | Path | None, force: bool, told: Told
) -> str:
    """Return "verified", or "fetched" after putting the file there."""
    path = folder / file.name
    if path.exists():
        if path.is_file() and (found := sha256(path)) == file.sha256:
            return "verified"
        if not force or not path.is_file():
            had = f"got {found}" if path.is_file() else "it is not a file"
            raise OutputExistsError(
                f"{path} is not the published file: expected sha256 {file.sha256}, {had}. It was left as it is; move "
                "it away, or give --force to replace it."
            )
    if source is None and not published.places:
        raise MissingFileError(
            f"{path} is not there, and {published.what} have no public place: they come from {published.source}.\n"
            f"{published.listing()}\nName the folder or the address where you have them: --from DIR_OR_URL."
        )
    places = published.places if source is None else (str(source),)
    failures = []
    for place in places:
        try:
            _take(
                f"{place.rstrip('/')}/{file.name}",
                file,
                path,
                lambda bytes_done: told(file.name, bytes_done, file.size),
            )
            return "fetched"
        except InputError as error:
            failures.append(str(error))
    raise InputError(
        "\n".join(failures)
        + "\nFiles fetched before stay. Try again, or name a folder or another address that has it: "
        "--from DIR_OR_URL."
    )


def _take(place: str, file: PublishedFile, path: Path, progress: Progress) -> None:
    """Put the file there from an address or from another folder, whole and right, or not at all."""
    import pooch

    pooch.get_logger().setLevel("WARNING")  # else it prints
    url = place.startswith(("http://", "https://"))
    if not url and not Path(place).expanduser().is_file():
        raise MissingFileError(f"there is no file {place}.")
    how = pooch.HTTPDownloader(
        _Meter(place, file.size, progress), CHUNK, timeout=PATIENCE, headers={"Accept-Encoding": "identity"}
    )
    try:
        pooch.retrieve(place, f"sha256:{file.sha256}", file.name, path.parent, downloader=how if url else _copy(file))
    except InputError:
        raise
    except OSError as error:  # the requests library's own are among them
        raise InputError(f"{place} cannot be fetched: {_reason(error)}.") from error
    except ValueError as error:  # pooch's word for another sha256, and for an address that is none
        raise InputError(f"{place} is not the published file: {error}") from error


def _copy(file: PublishedFile) -> Callable[..., None]:
    def copy(place: str, output_file: str, _: Any) -> None:
        path = Path(place).expanduser()
        if (size := path.stat().st_size) != file.size:
            raise InputError(f"{path} is not the published file: expected {file.size:,} bytes, got {size:,}.")
        shutil.copyfile(path, output_file)

    return copy


class _Meter:
    """What pooch tells of a download, which ends where more comes than the published file has."""

    def __init__(self, place: str, size: int, progress: Progress) -> None:
        self._place, self._size, self._progress = place, size, progress
        self._done = 0

    @property
    def total(self) -> int:
        """The size that the server announces; 0 where it does not."""
        return self._size

    @total.setter
    def total(self, announced: int) -> None:
        if announced not in (0, self._size):
            raise InputError(
                f"{self._place} is not the published file: expected {self._size:,} bytes, the server has {announced:,}."
            )

    def update(self, more: int) -> None:
        """Count a chunk; the last one counts as a whole."""
        self._done += more
        if self._done >= self._size + 2 * CHUNK:
            raise InputError(f"{self._place} is not the published file: more than {self._size:,} bytes came.")
        self._progress(min(self._done, self._size))

    def reset(self) -> None:
        """Begin to count anew."""
        self._done = 0

    def close(self) -> None:
        """There is nothing to close."""


def _reason(error: OSError) -> str:
    if (plain := PLAIN.get(type(error).__name__)) is not None:
        return plain
    if (response := getattr(error, "response", None)) is not None:
        return f"the server answers {response.status_code} {response.reason}"
    return (error.strerror or str(error)).rstrip(".")


# a zip of pictures -------------------------------------------------------------------------------------------------


def _unpack(archive: Path, name: str, force: bool) -> str:
    """Return "verified" where the folder of that name holds the zip's pictures, or "unpacked" once they are there."""
    folder = archive.with_name(name)
    with zipfile.ZipFile(archive) as file:
        members = dict(_members(file, archive, name))
        if folder.exists():
            if _holds(folder, members):
                return "verified"
            if not force:
                raise _other_pictures(folder)
        token = secrets.token_hex(4)
        new, old = (folder.with_name(f".{folder.name}.{token}.{word}") for word in ("new", "old"))
        try:
            for name, member in members.items():
                (new / name).parent.mkdir(parents=True, exist_ok=True)
                with file.open(member) as packed, (new / name).open("xb") as picture:
                    shutil.copyfileobj(packed, picture)
            if folder.exists():
                folder.rename(old)
            new.rename(folder)
        except OSError as error:
            raise InputError(f"{archive} cannot be unpacked: {error.strerror or error}.") from error
        finally:
            for leftover in (new, old):
                shutil.rmtree(leftover, ignore_errors=True)
    return "unpacked"


def _members(file: zipfile.ZipFile, archive: Path, folder: str) -> Iterator[tuple[str, zipfile.ZipInfo]]:
    """Yield each picture as ("class/file", member), after all names and sizes were looked at; nothing is unpacked."""
    members = [member for member in file.infolist() if _is_picture(PurePosixPath(member.filename).name)]
    if (size := sum(member.file_size for member in members)) > LARGEST_UNPACKED:
        raise InputError(f"{archive} would take {size:,} bytes, more than {LARGEST_UNPACKED:,}; nothing was unpacked.")
    for member in members:
        parts = member.filename.split("/")
        if len(parts) != 3 or parts[0] != folder or not all(map(_is_plain, parts)):
            raise InputError(
                f"{archive} holds {member.filename!r}, expected {folder}/CLASS/PICTURE; nothing was unpacked."
            )
    yield from (("/".join(member.filename.split("/")[1:]), member) for member in members)


def _is_plain(part: str) -> bool:
    return part.strip(". ") != "" and not set(part) & set('\\:*?"<>|\0')


def _holds(folder: Path, members: dict[str, zipfile.ZipInfo]) -> bool:
    """Whether a folder has just these pictures, to the last bit."""
    here = _pictures(folder)
    return here.keys() == members.keys() and all(
        path.stat().st_size == members[name].file_size and zlib.crc32(path.read_bytes()) == members[name].CRC
        for name, path in here.items()
    )


def _other_pictures(folder: Path) -> OutputExistsError:
    return OutputExistsError(
        f"{folder} does not hold the published pictures, or not only them. It was left as it is; move it away, or give "
        "--force to replace it."
    )
