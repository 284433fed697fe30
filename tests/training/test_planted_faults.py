"""Proves the gradient check: each classic fault, planted, is caught and named by exactly the tensors it spoils."""

from dataclasses import replace

import numpy as np
import pytest

from pellucid import check_gradients
from pellucid.nn import LOSSES, Dense, Dropout, Network
from pellucid.nn.layers import DenseTape

ALL = ["W1", "b1", "W2", "b2", "W3", "b3"]
FIRST, SECOND = ["W1", "b1"], ["W1", "b1", "W2", "b2"]


class SlopeMissing(Dense):
    """dZ = dA."""

    def backward(self, dA, tape, buffer, dW, db, input_gradient):
        np.matmul(dA.T, tape.A_in, out=dW)
        dA.sum(axis=0, out=db)
        return dA @ self.W


class SlopeOfTheOther(Dense):
    """The slope computed from the input where it belongs to the output (layers of equal width)."""

    def backward(self, dA, tape, buffer, dW, db, input_gradient):
        return super().backward(dA, DenseTape(tape.A_in, tape.A_in), buffer, dW, db, input_gradient)


class NextDZ(Dense):
    """Hands its own dZ down as the dA of the layer below, as article C does; W plays no part."""

    def backward(self, dA, tape, buffer, dW, db, input_gradient):
        super().backward(dA, tape, buffer, dW, db, input_gradient)
        return self.activation.slope(tape.S) * dA


class Transposed(Dense):
    """dA = dZ W^T in place of dZ W; both fit where the layer is square."""

    def backward(self, dA, tape, buffer, dW, db, input_gradient):
        super().backward(dA, tape, buffer, dW, db, input_gradient)
        return (self.activation.slope(tape.S) * dA) @ self.W.T


class TransposedGradient(Dense):
    """dW transposed, in a square layer."""

    def backward(self, dA, tape, buffer, dW, db, input_gradient):
        back = super().backward(dA, tape, buffer, dW, db, input_gradient)
        dW[:] = dW.T.copy()
        return back


class MeanBias(Dense):
    """db as the mean over the rows."""

    def backward(self, dA, tape, buffer, dW, db, input_gradient):
        back = super().backward(dA, tape, buffer, dW, db, input_gradient)
        db /= len(dA)
        return back


class ScaleMissing(Dropout):
    """Forward divides by 1 - p, backward forgets it."""

    def backward(self, dA, mask, buffer):
        return dA if mask is None else dA * (mask > 0)


class MaskMissing(Dropout):
    """Backward lets everything pass."""

    def backward(self, dA, mask, buffer):
        return dA


class PenaltyOnBiases(Network):
    def cost_and_gradient(self, *rows, **options):
        J, gradient = super().cost_and_gradient(*rows, **options)
        for name, g in self.named(gradient).items():
            if name[0] == "b":
                g += self.l2 * self.named()[name]
        return J, gradient


class PenaltyMissing(Network):
    def cost_and_gradient(self, *rows, **options):
        J, gradient = super().cost_and_gradient(*rows, **options)
        for name, g in self.named(gradient).items():
            if name[0] == "W":
                g -= self.l2 * self.named()[name]
        return J, gradient


class PenaltyDoubled(Network):
    """l2 ||W||^2 without its half."""

    def cost_and_gradient(self, *rows, **options):
        J, gradient = super().cost_and_gradient(*rows, **options)
        for name, g in self.named(gradient).items():
            if name[0] == "W":
                g += self.l2 * self.named()[name]
        return J, gradient


class WeightsMissing(Network):
    def cost_and_gradient(self, X, y, sample_weight=None, *options):
        return super().cost_and_gradient(X, y, None, *options)


class SumOverRows(Network):
    """The 1/n forgotten."""

    def cost_and_gradient(self, X, *rest):
        J, gradient = super().cost_and_gradient(X, *rest)
        gradient *= len(X)
        return J, gradient


def mean_over_outputs(name):
    loss = LOSSES[name]
    return replace(loss, gradient=lambda Z, y: loss.gradient(Z, y) / Z.shape[1])


def stack(first=Dense, second=Dense, last=Dense, drop=Dropout, after_second=None, k=2):
    p = 0.4 if drop is not Dropout or after_second else 0.0
    middle = [after_second(0.4)] if after_second else []
    return [first(4, 4, "tanh"), drop(p), second(4, 4, "sigmoid"), *middle, last(4, k)]


def report(layers, kind=Network, loss="squared_error", l2=0.1, weighted=True, seed=0):
    rng = np.random.default_rng(seed)
    net = kind(layers, loss, l2)
    net.parameters[:] = rng.normal(0, 0.8, net.parameters.size)
    X, w = rng.normal(size=(9, 4)), rng.uniform(0.2, 2, 9) if weighted else None
    k = net.n_out
    y = rng.integers(k, size=9) if net.loss.codes else (rng.random((9, k)) > 0.5).astype(float)
    return check_gradients(net, X, y, w)


FAULTS = {
    "hidden slope missing in layer 1": (FIRST, {"layers": stack(first=SlopeMissing)}),
    "hidden slope missing in layer 2": (SECOND, {"layers": stack(second=SlopeMissing)}),
    "slope from the wrong array": (SECOND, {"layers": stack(second=SlopeOfTheOther)}),
    "the next layer's dZ": (FIRST, {"layers": stack(second=NextDZ)}),
    "the next layer's dZ, from the output": (SECOND, {"layers": stack(last=NextDZ, k=4)}),
    "W transposed in layer 2": (FIRST, {"layers": stack(second=Transposed)}),
    "W transposed in the output": (SECOND, {"layers": stack(last=Transposed, k=4)}),
    "dW transposed": (["W2"], {"layers": stack(second=TransposedGradient)}),
    "db a mean": (["b3"], {"layers": stack(last=MeanBias)}),
    "l2 on b": (["b1", "b2", "b3"], {"layers": stack(), "kind": PenaltyOnBiases}),
    "l2 missing": (["W1", "W2", "W3"], {"layers": stack(), "kind": PenaltyMissing}),
    "l2 without its half": (["W1", "W2", "W3"], {"layers": stack(), "kind": PenaltyDoubled}),
    "weights missing": (ALL, {"layers": stack(), "kind": WeightsMissing}),
    "sum over rows": (ALL, {"layers": stack(), "kind": SumOverRows}),
    "dropout scale missing behind layer 1": (FIRST, {"layers": stack(drop=ScaleMissing)}),
    "dropout scale missing behind layer 2": (SECOND, {"layers": stack(after_second=ScaleMissing)}),
    "dropout mask missing": (FIRST, {"layers": stack(drop=MaskMissing)}),
} | {
    f"mean for sum over {k} outputs, {name}": (ALL, {"layers": stack(k=k), "loss": mean_over_outputs(name)})
    for name in LOSSES
    for k in (2, 3)
}


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(("named", "case"), FAULTS.values(), ids=FAULTS)
def test_a_planted_fault_is_named_by_its_tensors(named, case, seed):
    found = report(**case, seed=seed)
    assert not found.passed
    assert found.failed == named
    for tensor in found.tensors:
        assert not tensor.zero
        assert (tensor.error > 1e-3) == (tensor.name in named)
        line = next(line for line in str(found).splitlines() if line.startswith(tensor.name))
        assert line.endswith("DIFFERS" if tensor.name in named else "agrees")


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("loss", LOSSES)
def test_the_same_nets_without_a_fault_pass(loss, seed):
    for layers in (stack(), stack(k=4), stack(after_second=Dropout, k=3)):
        assert report(layers, loss=loss, seed=seed).failed == []


def test_faults_that_are_none():
    """One output has no mean to take; without l2, weights or dropout nothing can be missing."""
    assert report(stack(k=1), loss=mean_over_outputs("squared_error")).passed
    assert report(stack(), kind=PenaltyMissing, l2=0).passed
    assert report(stack(), kind=WeightsMissing, weighted=False).passed
