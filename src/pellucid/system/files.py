"""Files that are whole or absent, and tensors read without trusting their sizes.

Writing goes to a temporary file beside the target that is renamed at the end. Reading checks every length that
a file claims before memory is allocated for it.
"""

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from filelock import FileLock, Timeout
from safetensors import SafetensorError

from pellucid.errors import InputError, MissingFileError, ModelFileError, OutputExistsError, PellucidError
from pellucid.system import memory

LARGEST_HEADER = 64 * 2**20  # bytes; a header lists tensors and metadata, it never needs more
HEADER_IN_MEMORY = 25  # bytes that JSON may become for one of its own, as in "[[],[],[],..."


def check_output(path: str | Path, force: bool = False) -> Path:
    """Return `path`, or raise where a file could not be put there: before any work is done, not after.

    OutputExistsError where something stands there and `force` is not given; InputError where it is a folder, or where
    its folder is missing or is not writable.
    """
    path = Path(path)
    if path.is_dir():
        raise InputError(f"{path} is a folder; give the name of a file.")
    if path.exists() and not force:
        raise OutputExistsError(
            f"{path} exists and was left as it is; choose another name, or give --force (force=True)."
        )
    if not path.parent.is_dir():
        raise InputError(f"{path} cannot be written: there is no folder {path.parent}. Make it first.")
    if not os.access(path.parent, os.W_OK):
        raise InputError(f"{path} cannot be written: the folder {path.parent} is not writable.")
    return path


def check_writable(folder: str | Path) -> None:
    """Raise InputError where a folder, which is there or is to be made, could not be written to."""
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file where a folder is needed; move it away.")
    place = folder if folder.is_dir() else folder.parent
    if not place.is_dir():
        raise InputError(f"{folder} cannot be made: there is no folder {place}. Make it first.")
    if not os.access(place, os.W_OK):
        raise InputError(f"{folder} cannot be written to: the folder {place} is not writable.")


def check_different(**outputs: str | Path | None) -> None:
    """Raise InputError where two outputs, given by the names of their options, would go to one file."""
    seen: dict[Path, str] = {}
    for option, path in outputs.items():
        if path is not None:
            place = Path(path).resolve()
            if place in seen:
                raise InputError(f"--{seen[place]} and --{option} both name {path}; give two names.")
            seen[place] = option


@contextlib.contextmanager
def claimed(path: str | Path) -> Iterator[None]:
    """Hold `path` as the place of one process's output; the system lets go of it whenever that process ends.

    Raises OutputExistsError where another process of this machine holds it.
    """
    place = hashlib.sha256(str(Path(path).resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:32]
    user = os.getuid() if hasattr(os, "getuid") else ""
    lock = FileLock(Path(tempfile.gettempdir()) / f"pellucid-{user}-{place}.lock", thread_local=False)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise OutputExistsError(
            f"another training that still runs will write {path}; wait for it, or give another --out."
        ) from None
    try:
        yield
    finally:
        lock.release()


def private_folder(prefix: str) -> tuple[Path, Callable[[], None]]:
    """Return a new temporary folder that nobody else may read, and what deletes it.

    Folders of that prefix that killed processes have left are deleted first: a locked file beside each shows who lives.
    """

    def delete(folder: Path, lock: FileLock) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        lock.release()
        with contextlib.suppress(OSError):
            Path(lock.lock_file).unlink(missing_ok=True)

    for old in Path(tempfile.gettempdir()).glob(f"{prefix}*.lock"):
        with contextlib.suppress(OSError, Timeout):
            lock = FileLock(old)
            lock.acquire(blocking=False)
            delete(old.with_suffix(""), lock)
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    lock = FileLock(f"{folder}.lock", thread_local=False)
    lock.acquire(blocking=False)
    return folder, partial(delete, folder, lock)


def atomic_write(path: str | Path, data: bytes) -> None:
    """Write `data` to `path` so that a reader finds the old file or the whole new one, never half of it."""
    path = Path(path).resolve()  # a link stays a link
    if path.exists() and not path.is_file():  # a device or a pipe is written to, never replaced
        path.write_bytes(data)
        return
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        try:
            with temporary.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:  # Ctrl-C too must leave nothing behind
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
    except OSError as error:
        raise PellucidError(f"could not write {path}: {error.strerror or error}. Nothing was changed there.") from error


def tensor_bytes(tensors: dict[str, np.ndarray], metadata: dict[str, str]) -> bytes:
    """Return tensors and text metadata in the safetensors layout; the same content gives the same bytes."""
    contiguous = {name: np.asarray(tensor, order="C") for name, tensor in tensors.items()}  # else silently garbled
    return bytes(safetensors.numpy.save(contiguous, metadata))


def read_tensors(path: str | Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Return the tensors and the text metadata of a safetensors file, or raise ModelFileError."""
    path = Path(path)
    if path.exists() and not path.is_file():
        raise ModelFileError(f"{path} cannot be read: it is not a file.")
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            start = file.read(8)
            header_length = int.from_bytes(start, "little")
            if len(start) < 8 or header_length > min(LARGEST_HEADER, size - 8):
                raise ModelFileError(f"{path} is not a model file: it is truncated or of another format.")
            memory.check_memory(path, 3 * size + HEADER_IN_MEMORY * header_length, ModelFileError)
            data = start + file.read(size - 8)
    except FileNotFoundError:
        raise MissingFileError(f"there is no file {path}.") from None
    except OSError as error:
        raise ModelFileError(f"{path} cannot be read: {error.strerror}.") from error
    try:
        header: dict[str, Any] = json.loads(data[8 : 8 + header_length])
        tensors = safetensors.numpy.load(data)
    except (ValueError, KeyError, RecursionError, SafetensorError) as error:
        raise ModelFileError(f"{path} is not a model file, or it is damaged: {error}.") from None
    return tensors, header.get("__metadata__", {})
