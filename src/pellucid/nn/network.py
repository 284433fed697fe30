"""Network: layers over one flat parameter vector, and the objective J with its gradient.

    J = (1/n) sum_i w_i l_i + (l2/2) sum_l ||W_l||^2

Each W and b is a view into `parameters`, each dW and db a view into one flat gradient of the same layout, so that
optimizers, clipping, saving and checking are formulas on vectors.
"""

import copy
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from pellucid.errors import InputError, check_finite
from pellucid.nn.buffers import Buffers, Pieces, Work
from pellucid.nn.initializers import Initializer, get_initializer
from pellucid.nn.layers import Dense, DenseTape, Dropout
from pellucid.nn.losses import Loss, get_loss
from pellucid.nn.scaled_integers import IntegerRows, Rows

Array = NDArray[Any]

BLOCK_ROWS = 1024  # the most rows of one block outside training;
BLOCK_BYTES = 2**26  # fewer where rows are long, so that buffers stay small


@dataclass(slots=True)
class Tape:
    """What backward needs of one forward pass: what each layer saved, in order, and the buffers."""

    work: Work
    buffers: list[Buffers]
    saved: list[Any] = field(default_factory=list)

    @property
    def dense(self) -> list[DenseTape]:
        """The tapes of the Dense layers: with keep=True each has Z, A and, after backward, dA and dZ."""
        return [saved for saved in self.saved if isinstance(saved, DenseTape)]


@dataclass(slots=True)
class Record:
    """The intermediate results of one `cost_and_gradient`: the tape, l (n,) and dJ/dlogits (n, n_out)."""

    tape: Tape
    l: Array
    dlogits: Array


class Network:
    """A stack of layers with a loss on its logits.

    layers: Dense and Dropout in order; the last one is a linear Dense, its link is the loss's.
    loss: a name or a `Loss`.  l2: weight of the penalty, biases are free.  dtype: float32 or float64.

    >>> network = Network([Dense(2, 3, "tanh"), Dense(3, 1)], "binary_cross_entropy").initialize("he", seed=1)
    >>> network
    Network(2-3 tanh-1, binary_cross_entropy, 13 parameters)
    >>> network.predict(np.zeros((2, 2))).tolist()
    [[0.5], [0.5]]
    """

    def __init__(
        self, layers: Sequence[Dense | Dropout], loss: str | Loss, l2: float = 0.0, dtype: DTypeLike = np.float64
    ) -> None:
        self.layers = [copy.copy(layer) for layer in layers]
        self.loss = get_loss(loss)
        self.l2 = float(l2)
        _check_layers(self.layers)
        self.parameters: Array = np.zeros(sum(math.prod(d.weight_shape) + d.n_out for d in self.dense), dtype)
        self._bind()

    def _bind(self) -> None:
        for layer, (W, b) in zip(self.dense, self.views(self.parameters), strict=True):
            layer.W, layer.b = W, b

    def views(self, vector: Array) -> Pieces:
        """Return the pieces (W, b) of a flat vector, layer by layer, as views."""
        views, start = [], 0
        for layer in self.dense:
            middle = start + math.prod(layer.weight_shape)
            end = middle + layer.n_out
            views.append((vector[start:middle].reshape(layer.weight_shape), vector[middle:end]))
            start = end
        return views

    @property
    def dense(self) -> list[Dense]:
        """The layers that have parameters."""
        return [layer for layer in self.layers if isinstance(layer, Dense)]

    @property
    def n_in(self) -> int:
        """How many features a row has."""
        return self.dense[0].n_in

    @property
    def n_out(self) -> int:
        """How many logits come out."""
        return self.dense[-1].n_out

    def named(self, vector: Array | None = None) -> dict[str, Array]:
        """Return {"W1": ..., "b1": ..., "W2": ...}: views of `parameters`, or of a gradient of the same layout."""
        views = self.views(self.parameters if vector is None else vector)
        return {
            f"{symbol}{number}": view
            for number, pair in enumerate(views, start=1)
            for symbol, view in zip("Wb", pair, strict=True)
        }

    def initialize(self, init: str | Initializer | Sequence[Array], seed: int | np.random.RandomState = 0) -> "Network":
        """Set the starting weights, by a rule from `RandomState(seed)` or to given arrays; return the network.

        A rule leaves biases at 0. Arrays are W1, W2, ... (biases 0) or W1, b1, W2, b2, ...
        """
        self.parameters[:] = 0
        if isinstance(init, str) or callable(init):
            rule = get_initializer(init)
            rng = seed if isinstance(seed, np.random.RandomState) else np.random.RandomState(seed)
            for layer in self.dense:
                layer.W[:] = rule(rng, layer.n_out, layer.n_in)
            return self
        named = self.named()
        names = list(named) if len(init) == len(named) else [name for name in named if name[0] == "W"]
        if len(init) != len(names):
            raise InputError(
                f"init must have {len(names)} arrays ({', '.join(names)}) or {len(named)} "
                f"({', '.join(named)}); got {len(init)}."
            )
        for name, array in zip(names, init, strict=True):
            if np.shape(array) != named[name].shape:
                raise InputError(f"init of {name} must have shape {named[name].shape}, got {np.shape(array)}.")
            named[name][:] = array
        return self

    def forward(
        self, X: Array, rng: np.random.Generator | None = None, work: Work | None = None, keep: bool = False
    ) -> tuple[Array, Tape]:
        """Return the logits (n, n_out) of X (n, n_in), and the tape for `backward`.

        rng: a generator in training (dropout draws from it), None in prediction.
        work: buffers to reuse; the results are then valid until the next call with it.
        keep: also keep Z, A, dA and dZ of every layer on the tape, to look at.
        """
        work = Work() if work is None else work
        tape = Tape(work, work.buffers(len(self.layers), X.shape[:-1], self.parameters.dtype))
        A = X
        for layer, buffer in zip(self.layers, tape.buffers, strict=True):
            saved: Any
            if isinstance(layer, Dense):
                A, saved = layer.forward(A, buffer, keep)
            else:
                A, saved = layer.forward(A, buffer, rng)
            tape.saved.append(saved)
        return A, tape

    def backward(self, dlogits: Array, tape: Tape, out: Array | None = None, input_gradient: bool = False) -> Any:
        """Return the flat gradient of a function of the logits whose gradient there is dlogits (n, n_out).

        out: a flat vector to write into.  input_gradient: also return dX (n, n_in), as (gradient, dX).
        """
        gradient = np.empty_like(self.parameters) if out is None else out
        pieces = tape.work.pieces(gradient, self.views)
        left = len(pieces)
        dA: Any = dlogits
        for layer, saved, buffer in zip(self.layers[::-1], tape.saved[::-1], tape.buffers[::-1], strict=True):
            if isinstance(layer, Dense):
                left -= 1
                dW, db = pieces[left]
                dA = layer.backward(dA, saved, buffer, dW, db, input_gradient or left > 0)
            elif left or input_gradient:
                dA = layer.backward(dA, saved, buffer)
        return (gradient, dA) if input_gradient else gradient

    def cost_and_gradient(
        self,
        X: Array,
        y: Array,
        sample_weight: Array | None = None,
        rng: np.random.Generator | None = None,
        work: Work | None = None,
        out: Array | None = None,
        records: list[Record] | None = None,
    ) -> tuple[float, Array]:
        """Return J and its flat gradient on the rows X (n, n_in) with targets y.

        y: class codes (n,) for softmax, else floats (n, n_out).  sample_weight: w (n,), taken as given.
        records: a list that the intermediate results are appended to.
        """
        Z, tape = self.forward(X, rng, work, keep=records is not None)
        self._check_shape_of_y(y, Z)
        l, dZ = self.loss.value_and_gradient(Z, y)
        if sample_weight is not None:
            dZ *= sample_weight[:, None]
        dZ /= len(X)
        if records is not None:
            records.append(Record(tape, l, dZ))
        J = _weighted_mean(l, sample_weight)
        gradient: Array = self.backward(dZ, tape, out)
        if self.l2:
            for layer, (dW, _) in zip(self.dense, tape.work.pieces(gradient, self.views), strict=True):
                J += 0.5 * self.l2 * float(np.vdot(layer.W, layer.W))
                dW += self.l2 * layer.W
        return J, gradient

    def data_cost(self, X: Rows, y: Array, sample_weight: Array | None = None, work: Work | None = None) -> float:
        """Return the data term of J alone, in prediction: no dropout, no penalty."""
        total = 0.0
        for rows in self.row_blocks(len(X)):
            w = None if sample_weight is None else sample_weight[rows]
            Z, _ = self.forward(X[rows], work=work)
            self._check_shape_of_y(y[rows], Z)
            total += _weighted_mean(self.loss.value(Z, y[rows]), w) * len(Z)
        return total / len(X)

    def _check_shape_of_y(self, y: Array, Z: Array) -> None:
        expected = Z.shape[:1] if self.loss.codes else Z.shape
        if np.shape(y) != expected:  # (n,) against (n, 1) would broadcast to (n, n) silently
            raise InputError(f"y for {self.loss.name} must have shape {expected}, got {np.shape(y)}.")

    def predict(self, X: Rows) -> Array:
        """Return link(logits) (n, n_out): probabilities or values.

        Each row is multiplied on its own, (n, 1, d) @ W^T: how BLAS rounds depends on a product's shape and on a row's
        place in it, and the answer for a row must not depend on its neighbours.
        """
        dtype = self.parameters.dtype
        if not isinstance(X, IntegerRows):
            with np.errstate(over="ignore"):
                X = np.asarray(X, dtype)
            check_finite(X, f"X, in {X.dtype},")
        if X.ndim != 2 or X.shape[1] != self.n_in:
            turned = X.ndim == 2 and len(X) == self.n_in
            hint = " Transpose it, X.T: a row is an example." if turned else ""
            raise InputError(f"X must have shape (n, {self.n_in}), got {X.shape}.{hint}")
        answer = np.empty((len(X), self.n_out), dtype)
        work = Work()
        for rows in self.row_blocks(len(X)):
            block = X[rows].astype(dtype, copy=False)
            Z, _ = self.forward(block[:, None, :], work=work)  # (n, 1, n_out)
            answer[rows] = self.loss.link(Z[:, 0])
        return answer

    def row_blocks(self, n: int) -> list[slice]:
        """Return n rows as the blocks that are computed together outside training."""
        fitting = BLOCK_BYTES // (self.n_in * self.parameters.itemsize)
        step = min(BLOCK_ROWS, max(1, fitting))
        return [slice(start, min(start + step, n)) for start in range(0, n, step)]

    def copy(self, dtype: DTypeLike | None = None) -> "Network":
        """Return an independent network with the same weights, in another precision if asked."""
        twin = type(self)(self.layers, self.loss, self.l2, dtype or self.parameters.dtype)
        twin.parameters[:] = self.parameters
        return twin

    def __getstate__(self) -> dict[str, Any]:
        return vars(self)

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._bind()

    def __repr__(self) -> str:
        shape = "-".join([str(self.n_in), *(_describe(layer) for layer in self.dense)])
        return f"Network({shape}, {self.loss.name}, {self.parameters.size:,} parameters)"


def _describe(layer: Dense) -> str:
    return f"{layer.n_out}" if layer.activation.name == "linear" else f"{layer.n_out} {layer.activation.name}"


def _check_layers(layers: Sequence[Dense | Dropout]) -> None:
    dense = [layer for layer in layers if isinstance(layer, Dense)]
    if not dense or layers[-1] is not dense[-1] or dense[-1].activation.name != "linear":
        raise InputError(f"the last layer must be a linear Dense (the loss has the link); got {list(layers)}.")
    for before, after in itertools.pairwise(dense):
        if before.n_out != after.n_in:
            raise InputError(f"{before} gives {before.n_out} values a row but {after} takes {after.n_in}.")


def _weighted_mean(l: Array, weight: Array | None) -> float:
    """Return (1/n) sum_i w_i l_i, summed in float64."""
    if weight is not None:
        l = l * weight
    return float(np.add.reduce(l, dtype=np.float64)) / len(l)
