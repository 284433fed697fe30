"""Backbone: a network that somebody else trained, as an ONNX file, run by onnxruntime on one picture at a time.

One at a time, because how a product is rounded may depend on its shape: an answer must not depend on its neighbours.
Several threads may ask at once; the runtime itself uses one for each.
"""

import hashlib
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.errors import BadPictureError, InputError, MissingExtraError, MissingFileError, PellucidError

INPUTS = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(uint8)": np.uint8}
OUTPUTS = ("tensor(float)", "tensor(float16)", "tensor(double)")
LARGEST_INPUT = 2**26  # numbers that are given at once
MOST_NUMBERS = 100_000  # that describe a picture
SILENT = 4  # of the runtime's levels: what is wrong comes as an error, not as a line on the terminal

_OPENING = threading.Lock()
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


def check_no_external_data(data: bytes, name: str) -> None:
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


@dataclass(frozen=True)
class Port:
    """What a graph takes: an array named `name`, of `batch` pictures at once; None where a size is left open."""

    name: str
    dtype: Any
    batch: int
    height: int | None
    width: int | None
    channels: int | None
    channels_last: bool


@dataclass(frozen=True, eq=False)
class Backbone:
    """An ONNX file that makes numbers of a picture.

    path: as its owner named it.  data: its bytes.  output: the name of the output to take, None for the first.
    """

    path: str
    data: bytes = field(repr=False)
    output: str | None = None

    @classmethod
    def read(cls, path: str | Path, output: str | None = None) -> "Backbone":
        """Return the backbone of a file."""
        return cls(str(path), read_onnx(Path(path)), output)

    @cached_property
    def sha256(self) -> str:
        """The sha256 of its bytes, never one that is merely claimed."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def port(self) -> Port:
        """What it takes."""
        return self._opened[1]

    def answer(self, x: np.ndarray) -> np.ndarray:
        """Return the numbers (n_out,) of one picture x (height, width, channels), as float32.

        An output (1, n_out) is taken as it is; of one of (1, tokens, n_out) or of a map (1, n_out, h, w), or
        (1, h, w, n_out) where channels come last, the mean over tokens or places is taken.

        Raises InputError where the graph fails or gives something else, BadPictureError where a number is not finite.
        """
        session, port, output = self._opened
        if port.batch * x.size > LARGEST_INPUT:
            raise InputError(
                f"{self.path} would be given {port.batch} pictures of shape {x.shape} at once, more than "
                f"{LARGEST_INPUT:,} numbers; export it for one picture, or a smaller one."
            )
        x = x.astype(port.dtype)
        x = x if port.channels_last else np.ascontiguousarray(x.transpose(2, 0, 1))
        given = np.ascontiguousarray(np.broadcast_to(x, (port.batch, *x.shape)))
        (y,) = self._trying(f"fails on a picture of shape {x.shape}", lambda: session.run([output], {port.name: given}))
        averaged = {2: (), 3: (0,), 4: (0, 1) if port.channels_last else (1, 2)}  # dimensions of y[0]
        if y.ndim not in averaged or len(y) != port.batch or y.size == 0:
            raise InputError(
                f"{self.path}: output {output!r} must be (n, numbers), (n, tokens, numbers) or a map of four "
                f"dimensions, n = {port.batch}; got an array of shape {y.shape}."
            )
        with np.errstate(over="ignore", invalid="ignore"):
            row = y[0].mean(axis=averaged[y.ndim], dtype=np.float64).astype(np.float32)
        if len(row) > MOST_NUMBERS:
            raise InputError(
                f"{self.path}: output {output!r} has {len(row):,} numbers a picture, more than {MOST_NUMBERS:,}; "
                "name one behind a pooling layer."
            )
        if not np.isfinite(row).all():
            raise BadPictureError(f"the backbone {self.path} makes NaN or infinity of it.")
        return row

    @property
    def _opened(self) -> tuple[Any, Port, str]:
        with _OPENING:  # threads that ask at once open it once
            return self._session_and_ports

    @cached_property
    def _session_and_ports(self) -> tuple[Any, Port, str]:
        return self._trying("cannot be opened", self._open)

    def _open(self) -> tuple[Any, Port, str]:
        check_no_external_data(self.data, self.path)
        runtime = onnxruntime(self.path)
        runtime.disable_telemetry_events()  # which builds for Windows have
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.use_deterministic_compute = True
        options.log_severity_level = SILENT
        options.add_session_config_entry("session.load_model_format", "ONNX")
        session = runtime.InferenceSession(self.data, options, ["CPUExecutionProvider"], enable_fallback=0)
        return session, self._port(session.get_inputs()), self._output(session.get_outputs())

    def _port(self, inputs: list[Any]) -> Port:
        if len(inputs) != 1:
            raise InputError(f"{self.path} must take one picture; it has {len(inputs)} inputs.")
        (taken,) = inputs
        sizes = [size if isinstance(size, int) else None for size in taken.shape]
        if taken.type not in INPUTS or len(sizes) != 4 or any(size is not None and size < 1 for size in sizes):
            raise InputError(
                f"{self.path} must take float or uint8 pictures (n, channels, height, width) or (n, height, width, "
                f"channels); its input {taken.name!r} is {taken.type} of shape {tuple(taken.shape)}."
            )
        batch, *rest = sizes
        last = rest[2] in (1, 3) and rest[0] not in (1, 3)
        height, width, channels = rest if last else (rest[1], rest[2], rest[0])
        if channels not in (1, 3, None):
            raise InputError(f"{self.path} must take 1 or 3 channels; its input has the shape {tuple(taken.shape)}.")
        return Port(taken.name, INPUTS[taken.type], batch or 1, height, width, channels, last)

    def _output(self, outputs: list[Any]) -> str:
        types = {output.name: output.type for output in outputs}
        name = outputs[0].name if self.output is None else self.output
        if name not in types:
            raise InputError(f"{self.path} has no output {name!r}; it has {', '.join(types)}.")
        if types[name] not in OUTPUTS:
            raise InputError(f"{self.path}: output {name!r} must be of floats; it is {types[name]}.")
        return str(name)

    def _trying(self, what: str, call: Any) -> Any:
        try:
            return call()
        except PellucidError:
            raise
        except Exception as error:  # onnxruntime's errors have no ancestor of their own
            reason = re.sub(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ", "", str(error)).strip().rstrip(".")
            raise InputError(f"{self.path} {what}: {reason or type(error).__name__}.") from None


def onnxruntime(needed_by: str) -> Any:
    """Return the module onnxruntime, or raise MissingExtraError."""
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingExtraError(
            f'{needed_by} needs onnxruntime, which is not installed: pip install "pellucid[onnx]".'
        ) from error
    return onnxruntime
