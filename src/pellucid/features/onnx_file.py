"""ONNX files: read within limits, and looked through before a runtime sees them.

Such a file may name other files, of its choosing, that hold its weights: a runtime would read them from wherever they
are, and no checksum would cover them. Only what leads to tensors is followed here; all else is skipped by its length.
"""

from collections.abc import Iterator
from pathlib import Path

from pellucid.errors import InputError, MissingFileError

LARGEST = 2**31 - 1  # bytes; protobuf, the format around it, holds no more

INSIDE = {  # of each message, the fields that lead to tensors, as onnx.proto numbers them
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
}
EXTERNAL_DATA, DATA_LOCATION = 13, 14  # fields of a tensor; the location is 0 inside the file
VARINT, FIXED_64, BYTES, FIXED_32 = 0, 1, 2, 5  # how protobuf writes a field


def read_onnx(path: Path) -> bytes:
    """Return the bytes of an ONNX file; raise MissingFileError, or InputError where it is no file or too large."""
    if not path.exists():
        raise MissingFileError(f"there is no backbone {path}.")
    if not path.is_file():
        raise InputError(f"the backbone {path} is not a file.")
    try:
        if (size := path.stat().st_size) > LARGEST:
            raise InputError(f"the backbone {path} has {size:,} bytes; an ONNX file has at most {LARGEST:,}.")
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"the backbone {path} cannot be read: {error.strerror or error}.") from error


def refuse_external_data(data: bytes, name: str) -> None:
    """Raise InputError where an ONNX file keeps weights in other files, or is no ONNX file to begin with."""
    waiting = [("model", memoryview(data))]  # no recursion: a file decides how deep its graphs lie
    try:
        while waiting:
            message, content = waiting.pop()
            for field, value in _fields(content):
                if message == "tensor" and (field == EXTERNAL_DATA or (field == DATA_LOCATION and value != 0)):
                    raise InputError(
                        f"{name} keeps weights in other files (external data); save it as one file that has all, "
                        "onnx.save(onnx.load(FILE), NEW)."
                    )
                if field in INSIDE[message] and isinstance(value, memoryview):
                    waiting.append((INSIDE[message][field], value))
    except (IndexError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{name} is not an ONNX file, or it is damaged.") from None


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yield the number of each field of a message, and a whole number or bytes."""
    place = 0
    while place < len(message):
        tag, place = _varint(message, place)
        kind = tag & 7
        if tag >= 2**32 or kind not in (VARINT, FIXED_64, BYTES, FIXED_32):
            raise ValueError("no field begins so")
        value: int | memoryview
        if kind == VARINT:
            value, place = _varint(message, place)
        else:
            length, place = _varint(message, place) if kind == BYTES else (8 if kind == FIXED_64 else 4, place)
            if length > len(message) - place:
                raise ValueError("a field ends behind its message")
            value = message[place : place + length]
            place += length
        yield tag >> 3, value


def _varint(message: memoryview, place: int) -> tuple[int, int]:
    """Return a whole number of 7 bits a byte, lowest first, and the place behind it."""
    number = 0
    for shift in range(0, 70, 7):
        byte = message[place]
        place += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, place
    raise ValueError("a number has more than 64 bits")
