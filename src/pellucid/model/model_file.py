"""The model file: networks and metadata in one safetensors file, and back without trusting it.

Tensors are named as in the matching `torch.nn.Sequential` ("0.weight", "0.bias", "2.weight", ...: a Dense and its
activation count one each), members of an ensemble behind "{member}.". All else is one JSON text, with a version and
the sha256 of everything in the file.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.errors import InputError, ModelFileError, PellucidError
from pellucid.nn import ACTIVATIONS, LOSSES, Dense, Dropout, Network
from pellucid.system.checksummed_file import read_checksummed, write_checksummed

FORMAT_VERSION = 1
METADATA_KEY = "pellucid"
DTYPES = ("float32", "float64")
TORCH_NAMES = {
    "linear": "Identity()",
    "relu": "ReLU()",
    "leaky_relu": "LeakyReLU()",
    "elu": "ELU()",
    "gelu": "GELU(approximate='tanh')",
    "tanh": "Tanh()",
    "sigmoid": "Sigmoid()",
    "softplus": "Softplus()",
}


def write_model(
    path: str | Path, networks: Sequence[Network], arrays: Mapping[str, np.ndarray], metadata: Mapping[str, Any]
) -> None:
    """Write networks, further arrays and JSON metadata to one file, whole or not at all."""
    tensors = {f"features.{name}": array for name, array in arrays.items()}
    for member, network in enumerate(networks):
        tensors |= network_tensors(network, f"{member}." if len(networks) > 1 else "")
    content = dict(metadata) | {"networks": [describe_network(n) for n in networks]}
    write_checksummed(path, METADATA_KEY, FORMAT_VERSION, tensors, content)


def read_model(path: str | Path) -> tuple[list[Network], dict[str, np.ndarray], dict[str, Any]]:
    """Return the networks, further arrays and metadata of a model file, or raise ModelFileError."""
    tensors, content = read_checksummed(path, METADATA_KEY, FORMAT_VERSION)
    try:
        descriptions = content.pop("networks")
        networks = []
        for member, description in enumerate(descriptions):
            networks.append(_network(description, tensors, f"{member}." if len(descriptions) > 1 else ""))
        if not networks:
            raise ModelFileError("it has none")
    except (KeyError, TypeError, ValueError, AttributeError, PellucidError) as error:
        raise ModelFileError(f"{path} describes a network that cannot be built: {error}") from None
    arrays = {name.removeprefix("features."): t for name, t in tensors.items() if name.startswith("features.")}
    return networks, arrays, content


def describe_network(network: Network) -> dict[str, Any]:
    """Return the shape of a network as JSON: layers, loss and penalty; only what has a name here can be written."""
    own = [layer.activation.name for layer in network.dense if layer.activation not in ACTIVATIONS.values()]
    own += [network.loss.name] if network.loss not in LOSSES.values() else []
    if own:
        raise InputError(f"{own[0]!r} is your own; a file holds no code, so such a network cannot be saved.")
    layers: list[dict[str, Any]] = []
    for layer in network.layers:
        if isinstance(layer, Dense):
            layers.append({"n_in": layer.n_in, "n_out": layer.n_out, "activation": layer.activation.name})
        else:
            layers.append({"dropout": layer.p})
    return {"layers": layers, "loss": network.loss.name, "l2": network.l2, "dtype": str(network.parameters.dtype)}


def network_tensors(network: Network, prefix: str = "") -> dict[str, np.ndarray]:
    """Return {"0.weight": W1, "0.bias": b1, "2.weight": W2, ...}, as `torch.nn.Sequential.load_state_dict` takes it."""
    return {
        f"{prefix}{2 * number}.{name}": array
        for number, layer in enumerate(network.dense)
        for name, array in (("weight", layer.W), ("bias", layer.b))
    }


def torch_sequential(network: Network) -> str:
    """Return the text of the `torch.nn.Sequential` that takes these tensors by `load_state_dict`.

    >>> torch_sequential(Network([Dense(2, 4, "tanh"), Dense(4, 1)], "binary_cross_entropy"))
    'Sequential(Linear(2, 4), Tanh(), Linear(4, 1))'
    """
    parts = []
    for layer in network.dense:
        parts += [f"Linear({layer.n_in}, {layer.n_out})", TORCH_NAMES[layer.activation.name]]
    return f"Sequential({', '.join(parts[:-1])})"


def _network(description: Mapping[str, Any], tensors: Mapping[str, np.ndarray], prefix: str) -> Network:
    if description["dtype"] not in DTYPES:
        raise ModelFileError(f"its numbers are of type {description['dtype']!r}, expected {' or '.join(DTYPES)}.")
    dtype = np.dtype(description["dtype"])
    sizes = [(layer["n_out"], layer["n_in"]) for layer in description["layers"] if "dropout" not in layer]
    for number, size in enumerate(sizes):  # before Network allocates what the text claims
        weight, bias = tensors[f"{prefix}{2 * number}.weight"], tensors[f"{prefix}{2 * number}.bias"]
        if weight.shape != size or bias.shape != size[:1] or weight.dtype != dtype:
            raise ModelFileError(f"layer {number + 1} is {weight.shape} where {size} was announced.")
    layers = [
        Dropout(layer["dropout"]) if "dropout" in layer else Dense(layer["n_in"], layer["n_out"], layer["activation"])
        for layer in description["layers"]
    ]
    network = Network(layers, description["loss"], description["l2"], dtype)
    for name, tensor in network_tensors(network, prefix).items():
        tensor[:] = tensors[name]
    return network
