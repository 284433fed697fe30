"""Dense and Dropout: each a forward and a backward that is its exact reverse.

A layer remembers nothing: forward returns what backward needs. W and b are views into the network's one flat vector,
bound when the network is built. Result arrays come from the `Buffers` that the caller passes; on first reading, take
`buffer("Z", width)` for a new array.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import InputError
from pellucid.nn.activations import ACTIVATIONS, Activation, get_activation
from pellucid.nn.buffers import Buffers

Array = NDArray[Any]

LINEAR = ACTIVATIONS["linear"]


@dataclass(slots=True)
class DenseTape:
    """What one Dense forward leaves for its backward: its input and what the slope is computed from (Z or A).

    Z, A and (after backward) dA and dZ are kept for looking at only when asked for.
    """

    A_in: Array
    S: Array
    Z: Array | None = None
    A: Array | None = None
    dA: Array | None = None
    dZ: Array | None = None


class Dense:
    """A layer of n_out neurons: A = g(A_in W^T + b).

    W (n_out, n_in) and b (n_out,) exist once the layer is part of a `Network`.
    """

    W: Array
    b: Array

    def __init__(self, n_in: int, n_out: int, activation: str | Activation = "linear") -> None:
        for name, width in (("n_in", n_in), ("n_out", n_out)):
            if isinstance(width, bool) or not isinstance(width, int | np.integer) or width < 1:
                raise InputError(f"{name} of a Dense layer must be a positive integer, got {width!r}.")
        self.n_in, self.n_out = int(n_in), int(n_out)
        self.activation = get_activation(activation)

    @property
    def weight_shape(self) -> tuple[int, int]:
        """The shape of W."""
        return self.n_out, self.n_in

    def forward(self, A_in: Array, buffer: Buffers, keep: bool = False) -> tuple[Array, DenseTape]:
        """Return A (n, n_out) for A_in (n, n_in), and the tape; further axes in between pass through."""
        Z = np.matmul(A_in, self.W.T, out=buffer("Z", self.n_out))  # (n, n_out)
        Z += self.b
        return self._activated(A_in, Z, buffer, keep)

    def _activated(self, A_in: Array, Z: Array, buffer: Buffers, keep: bool) -> tuple[Array, DenseTape]:
        """Return A = g(Z), in place where backward does not need Z, and the tape."""
        g = self.activation
        if g.slope_from == "A" and not keep:
            A = Z if g is LINEAR else g.value(Z, out=Z)
            return A, DenseTape(A_in, A)
        A = g.value(Z, out=buffer("A", self.n_out))
        S = A if g.slope_from == "A" else Z
        return A, DenseTape(A_in, S, Z, A) if keep else DenseTape(A_in, S)

    def backward(
        self, dA: Array, tape: DenseTape, buffer: Buffers, dW: Array, db: Array, input_gradient: bool
    ) -> Array | None:
        """Write dJ/dW and dJ/db for dA = dJ/dA; return dJ/dA_in where it is asked for."""
        dZ = self._through_activation(dA, tape, buffer("dZ", self.n_out))
        np.matmul(dZ.T, tape.A_in, out=dW)  # (n_out, n_in)
        np.matmul(buffer.ones, dZ, out=db)
        if not input_gradient:
            return None
        return np.matmul(dZ, self.W, out=buffer("dA_in", self.n_in))

    def _through_activation(self, dA: Array, tape: DenseTape, out: Array) -> Array:
        """Return dZ = g'(Z) dA (n, n_out)."""
        if self.activation is LINEAR:
            dZ = dA
        else:
            dZ = self.activation.slope(tape.S, out=out)
            dZ *= dA
        if tape.Z is not None:
            tape.dA, tape.dZ = dA, dZ
        return dZ

    def __getstate__(self) -> dict[str, Any]:
        # without its views: a copy is bound anew by the network that it becomes part of
        return {name: value for name, value in vars(self).items() if name not in ("W", "b")}

    def __repr__(self) -> str:
        return f"Dense({self.n_in}, {self.n_out}, {self.activation.name!r})"


class Dropout:
    """In training, each input is zero with probability p and divided by 1 - p otherwise; in prediction, nothing.

    The scaling keeps the expected value (inverted dropout, Srivastava et al. 2014).
    """

    def __init__(self, p: float) -> None:
        if not 0 <= p < 1:
            raise InputError(f"dropout is the probability of dropping a unit, at least 0 and below 1; got {p!r}.")
        self.p = float(p)

    def forward(self, A_in: Array, buffer: Buffers, rng: np.random.Generator | None) -> tuple[Array, Array | None]:
        """Return A (n, n_in) and the scaled mask, or A_in and None where there is no `rng` (prediction)."""
        if rng is None or self.p == 0:
            return A_in, None
        width = A_in.shape[-1]
        mask = buffer("mask", width, "C")  # the same draws for the same units in every layout
        rng.random(out=mask, dtype=mask.dtype)
        np.greater_equal(mask, self.p, out=mask)
        mask /= 1 - self.p
        return np.multiply(A_in, mask, out=buffer("A", width)), mask

    def backward(self, dA: Array, mask: Array | None, buffer: Buffers) -> Array:
        """Return dJ/dA_in: the gradient passes where the value passed, scaled alike."""
        return dA if mask is None else np.multiply(dA, mask, out=buffer("dA_in", dA.shape[-1]))

    def __repr__(self) -> str:
        return f"Dropout({self.p})"
