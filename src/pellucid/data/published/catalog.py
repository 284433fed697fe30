"""The articles' data sets as they were published: which files, where from, and the sha256 that each must have.

They lie in the user's data folder, one folder a set, so that `fetch` puts them where `reproduce` looks.
"""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pellucid.errors import MissingFileError


@dataclass(frozen=True)
class PublishedFile:
    """One file: its name, its size in bytes, its sha256."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Unpacked:
    """What a zip becomes: a folder of class folders, and the digest of that (`fetch.folder_digest`)."""

    folder: str
    digest: str


@dataclass(frozen=True)
class Published:
    """One data set.

    folder: its name in the data folder.  places: base addresses, tried in this order; () where there is none.
    unpacked: for a zip, the folder that its pictures go to.
    """

    name: str
    folder: str
    what: str
    source: str
    files: tuple[PublishedFile, ...]
    places: tuple[str, ...] = ()
    unpacked: Mapping[str, Unpacked] = field(default_factory=dict)

    @property
    def sums(self) -> dict[str, str]:
        """The sha256 of each file, by its name."""
        return {file.name: file.sha256 for file in self.files}

    def listing(self) -> str:
        """Return the files with their sha256, a line each."""
        return "\n".join(f"  {name}  sha256 {digest}" for name, digest in self.sums.items())

    def require(self, folder: Path, parts: tuple[str, ...]) -> None:
        """Raise MissingFileError, telling what belongs there, where one of `parts` is not in the folder."""
        if missing := [part for part in parts if not (folder / part).exists()]:
            raise MissingFileError(
                f"{folder} lacks {', '.join(missing)} of {self.what}.\n"
                f"It comes from {self.source}:\n{self.listing()}\n"
                f"Get it by: pellucid fetch {self.name}. Or name the folder: --data DIR."
            )

    def differing(self, folder: Path) -> list[str]:
        """Return the files in the folder that are not the published ones, by their sha256."""
        here = [name for name in self.sums if (folder / name).exists()]
        return [name for name in here if sha256(folder / name) != self.sums[name]]


def sha256(path: Path) -> str:
    """Return the sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


PUBLISHED = {
    "cats": Published(
        "cats",
        "cats",
        "the cat pictures",
        "the programming exercises of the deep learning course (course material: not to be passed on)",
        (
            PublishedFile(
                "train_catvnoncat.h5", 2_572_022, "fbe56ab67c3ae28d564e3a644189117976d6b31af0a3ce9bb17dbf22908af242"
            ),
            PublishedFile(
                "test_catvnoncat.h5", 616_958, "6a9d39ce52fa85953c5834695b8534a30ed8cfd54971fb2f080b5a24d002b951"
            ),
        ),
    ),
    "beans": Published(
        "beans",
        "beans",
        "the bean leaves (Makerere AI Lab 2020, MIT licence)",
        "storage.googleapis.com/ibeans/, to be unpacked there (hub name AI-Lab-Makerere/beans)",
        (
            PublishedFile("train.zip", 143_812_152, "284fe8456ce20687f4367ae7ad94a64577e7f9fde2c2c6b1c74340ab5dc82715"),
            PublishedFile(
                "validation.zip", 18_504_213, "90b7aa1c26d91d9afff07a30bbc67a5ea34f1f1397f068d8675be09d7d0c602d"
            ),
        ),
        (
            "https://storage.googleapis.com/ibeans",
            "https://huggingface.co/datasets/AI-Lab-Makerere/beans/resolve/main/data",  # the laboratory's own copy
        ),
        {
            "train.zip": Unpacked("train", "9e8c55c4513a1eeb2e29a38d60916cb5dd27c35374294ffdb6c6db335e3532eb"),
            "validation.zip": Unpacked(
                "validation", "6e91d3a8d0a7e3bd7f7235690323caf7c980e6d8469902c7975cde6a2c88277f"
            ),
        },
    ),
    "fashion-mnist": Published(
        "fashion-mnist",
        "fashion_mnist",
        "Fashion-MNIST (Zalando SE 2017, MIT licence)",
        "fashion-mnist.s3-website.eu-central-1.amazonaws.com",
        (
            PublishedFile(
                "train-images-idx3-ubyte.gz",
                26_421_880,
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            ),
            PublishedFile(
                "train-labels-idx1-ubyte.gz", 29_515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"
            ),
            PublishedFile(
                "t10k-images-idx3-ubyte.gz",
                4_422_102,
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            ),
            PublishedFile(
                "t10k-labels-idx1-ubyte.gz", 5_148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"
            ),
        ),
        ("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",),  # which has no https; the sha256 guards it
    ),
}


def data_folder() -> Path:
    """Return the folder that published data is kept in: $PELLUCID_DATA, or the system's place for a user's data."""
    if chosen := os.environ.get("PELLUCID_DATA"):
        return Path(chosen).expanduser()
    from platformdirs import user_data_path

    return user_data_path("pellucid", appauthor=False)


def usual_place(name: str) -> Path:
    """Return where a published set is looked for: in $PELLUCID_DATA, else in ./data, else in the user's data folder."""
    folder = PUBLISHED[name].folder
    here = Path("data", folder)
    return here if here.is_dir() and not os.environ.get("PELLUCID_DATA") else data_folder() / folder
