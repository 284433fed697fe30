"""Sealed files: tensors and one JSON text with the sha256 of everything, written whole and read without trusting them.

Models and checkpoints are such files. They hold numbers and names, never code.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.errors import ModelFileError
from pellucid.system.files import atomic_write, read_tensors, tensor_bytes


def write_checksummed(
    path: str | Path, kind: str, version: int, tensors: Mapping[str, np.ndarray], content: Mapping[str, Any]
) -> None:
    """Write tensors and JSON content to one file, whole or not at all.  kind: the name its JSON text stands under."""
    content = dict(content) | {"version": version}
    text = json.dumps(content | {"sha256": _checksum(tensors, content)}, sort_keys=True)
    atomic_write(path, tensor_bytes(dict(tensors), {kind: text}))


def read_checksummed(path: str | Path, kind: str, version: int) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Return the tensors and the content of a file of that kind and version, or raise ModelFileError."""
    tensors, texts = read_tensors(path)
    try:
        content = json.loads(texts[kind])
        found, sealed = content["version"], content.pop("sha256")
        checksum = _checksum(tensors, content)
    except (KeyError, TypeError, ValueError, RecursionError):
        raise ModelFileError(f"{path} holds tensors but is not a {kind} file.") from None
    if found != version:
        older = isinstance(found, int) and found < version
        advice = "An earlier release wrote it: use that release, or start again." if older else "Update pellucid."
        raise ModelFileError(f"{path} has format version {found}; this release reads {version}. {advice}")
    if checksum != sealed:
        raise ModelFileError(f"{path} is damaged: its content does not match its sha256. Take another copy.")
    return tensors, content


def _checksum(tensors: Mapping[str, np.ndarray], content: Mapping[str, Any]) -> str:
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode())
    for name in sorted(tensors):
        digest.update(f"{name} {tensors[name].dtype} {tensors[name].shape}".encode())
        digest.update(np.ascontiguousarray(tensors[name]).tobytes())
    return digest.hexdigest()
