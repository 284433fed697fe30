"""A drawing of your own network: a notebook shows it, and it can be saved as an SVG file."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pellucid.errors import InputError
from pellucid.html.network_diagram import network_drawing
from pellucid.model.model import Model
from pellucid.nn import Network
from pellucid.system.files import atomic_write


@dataclass(frozen=True)
class Drawing:
    """A picture as SVG text; a notebook shows it when a cell returns it."""

    svg: str = field(repr=False)

    def _repr_html_(self) -> str:
        return f'<div style="overflow-x: auto">{self.svg}</div>'

    def save(self, path: str | Path) -> None:
        """Write it to `path`, whose name ends in .svg; an interrupted write leaves no broken file."""
        if Path(path).suffix.lower() != ".svg":
            raise InputError(f"path: expected a name ending in .svg, got {Path(path).name}.")
        atomic_write(path, self.svg.encode())


def drawing(
    source: Any,
    input_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
    most: int = 12,
) -> Drawing:
    """Return a drawing of a network. Line width shows |w|, colour and dash its sign; large layers are folded.

    source: a `Network`; or a `Model` or a fitted estimator, which have names for inputs and classes (an ensemble is
    drawn by its first network).  input_names, output_names: replace those.  most: units drawn in a layer.

    Raises InputError if the number of names is wrong, or source is something else.

    >>> from pellucid.nn import Dense
    >>> network = Network([Dense(2, 3, "tanh"), Dense(3, 1)], "binary_cross_entropy").initialize("he", seed=1)
    >>> drawing(network, ["height", "weight"]).svg.count("<line")
    9
    """
    network, inputs, outputs = _parts(source)
    dense = network.dense
    activations = [layer.activation.name for layer in dense[:-1]] + [network.loss.link.__name__]
    weights, biases = [layer.W for layer in dense], [layer.b for layer in dense]
    names_in, names_out = input_names or inputs or None, output_names or outputs or None
    return Drawing(network_drawing(weights, biases, activations, names_in, names_out, most))


def _parts(source: Any) -> tuple[Network, list[str], list[str]]:
    """Return the network, and the names of its inputs and outputs, if known."""
    if isinstance(source, Network):
        return source, [], []
    if isinstance(source, Model):
        outputs = source.class_names or ((source.target.name,) if source.target else ())
        return source.network, list(source.features.names), list(outputs)
    if hasattr(source, "network_"):
        columns, classes = getattr(source, "feature_names_in_", ()), getattr(source, "classes_", ())
        return source.network_, [str(name) for name in columns], [str(name) for name in classes]
    raise InputError(f"a drawing needs a Network, a Model or a fitted estimator, got {type(source).__name__}.")
