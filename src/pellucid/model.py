"""Model: all that a prediction needs in one value: features, networks, class names, and where they came from.

The usual toolkit saves weights and loses picture size, scaling and class names. A Model goes to one file and back and
answers with the same bits.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.data import picture_files
from pellucid.errors import BadPictureError, ModelFileError
from pellucid.features import FEATURES, Features, Numbers, StandardizedPictures
from pellucid.features.embedding import bytes_outside
from pellucid.files import refuse_existing
from pellucid.model_file import read_model, write_model
from pellucid.nn import Network
from pellucid.rows import Rows

BLOCK_ROWS = 4096  # of samples that are finished at a time


@dataclass(frozen=True)
class Model:
    """A trained classifier or regressor of raw samples.

    class_names: in the order of the codes; () for regression.  merge: the classes that were joined for training,
    {new: [old, ...]}.  history: the training record.  provenance: data, counts, versions, seed.
    """

    features: Features
    networks: tuple[Network, ...]
    class_names: tuple[str, ...] = ()
    merge: Mapping[str, list[str]] = field(default_factory=dict)
    history: Mapping[str, Any] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @property
    def network(self) -> Network:
        """The network, or the first one of an ensemble."""
        return self.networks[0]

    def rows(self, raw: Any, bad: list[tuple[int, BadPictureError]] | None = None) -> np.ndarray:
        """Return the raw rows R (n, n_row) of samples, as `features.rows` gives them.

        A folder stands for the pictures in it, in the order of their names.
        """
        if isinstance(raw, str | Path) and Path(raw).is_dir():
            raw = picture_files(Path(raw))
        return self.features.rows(raw, self.network.parameters.dtype, bad)

    def predict_proba(self, raw: Any) -> np.ndarray:
        """Return probabilities (n, k), a column a class.

        raw: an array, a path, a folder, a PIL image, or a list of them; integer pixels are divided by their type's
        largest value, float pixels must lie in [0, 1].
        """
        return self.probabilities(self.rows(raw))

    def predict(self, raw: Any) -> np.ndarray:
        """Return the class names (n,), or the values (n,) or (n, k) of a regression."""
        R = self.rows(raw)
        if not self.class_names:
            values = self.outputs(R)
            return values[:, 0] if values.shape[1] == 1 else values
        return np.array(self.class_names)[class_codes(self.probabilities(R))]

    def outputs(self, R: np.ndarray) -> np.ndarray:
        """Return the mean (n, n_out) of what the networks answer to all views of samples, given as raw rows."""
        network, views = self.network, len(self.features.views)
        outputs = np.empty((len(R), network.n_out), network.parameters.dtype)
        for start in range(0, len(R), BLOCK_ROWS):
            X = self.features.finished(R[start : start + BLOCK_ROWS], outputs.dtype)
            answers = [member.predict(X).reshape(-1, views, network.n_out) for member in self.networks]
            outputs[start : start + BLOCK_ROWS] = np.mean(answers, axis=(0, 2), dtype=outputs.dtype)
        return outputs

    def probabilities(self, R: np.ndarray) -> np.ndarray:
        """Return probabilities (n, k) of raw rows, two columns where one logit decides between two classes."""
        return with_both_classes(self.outputs(R))

    def save(self, path: str | Path, force: bool = False) -> Path:
        """Write the model to one file, whole or not at all; refuse to overwrite one unless `force`."""
        path = refuse_existing(path, force)
        metadata = {
            "features": self.features.metadata(),
            "class_names": list(self.class_names),
            "merge": dict(self.merge),
            "history": dict(self.history),
            "provenance": dict(self.provenance),
        }
        write_model(path, self.networks, self.features.arrays(), metadata)
        return path


def load(path: str | Path, backbone: str | Path | None = None) -> Model:
    """Return the model of a file written by `Model.save`.

    backbone: where the ONNX file is that a model was trained with and keeps outside; by default it is looked for beside
    the model file, then where it was in training.

    Raises MissingFileError, or ModelFileError where it is damaged, of a newer format or no model at all.
    """
    networks, arrays, metadata = read_model(path)
    try:
        external = metadata["features"].get("external")
        if backbone is not None and not external:
            raise ModelFileError(f"{path} needs no backbone from outside; leave backbone={str(backbone)!r} out.")
        if external:
            arrays["onnx"] = bytes_outside(metadata["features"]["backbone"], Path(path), backbone)
        features = FEATURES[metadata["features"]["kind"]].restore(metadata["features"], arrays)
        model = Model(
            features,
            tuple(networks),
            tuple(metadata["class_names"]),
            metadata["merge"],
            metadata["history"],
            metadata["provenance"],
        )
        sound = _is_sound(model, arrays)
    except ModelFileError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelFileError(f"{path} lacks a part of a model, or has a wrong one: {error}.") from None
    if not sound:
        raise ModelFileError(f"{path} does not fit together: its network, classes, features and numbers disagree.")
    return model


def _is_sound(model: Model, arrays: Mapping[str, np.ndarray]) -> bool:
    """Whether the parts of a model from a file fit each other, so that it cannot answer nonsense."""
    network, names, features = model.network, model.class_names, model.features
    numbers = [*arrays.values(), *(member.parameters for member in model.networks)]
    texts = all(isinstance(name, str) for name in names) and len(set(names)) == len(names)
    columns = (features.mean, features.scale) if isinstance(features, Numbers | StandardizedPictures) else ()
    return (
        texts
        and all(isinstance(part, dict) for part in (model.merge, model.history, model.provenance))
        and all((member.n_in, member.n_out) == (features.n_out, network.n_out) for member in model.networks)
        and all(member.loss.classes == bool(names) for member in model.networks)
        and (not names or len(names) == (network.n_out if network.loss.codes else network.n_out + 1) >= 2)
        and all(np.isfinite(array).all() for array in numbers)
        and all(array is None or array.shape == (features.n_out,) for array in columns)
        and bool(np.all(arrays.get("scale", 1) > 0))
        and all(0 <= member.l2 < np.inf for member in model.networks)
    )


def with_both_classes(outputs: np.ndarray) -> np.ndarray:
    """Return (1 - p, p) for one column p, else the outputs as they are.

    >>> with_both_classes(np.array([[0.25]])).tolist()
    [[0.75, 0.25]]
    """
    return np.hstack([1 - outputs, outputs]) if outputs.shape[1] == 1 else outputs


def predicted_codes(network: Network, X: Rows) -> np.ndarray:
    """Return the codes (n,) of the classes that one network predicts for input rows X."""
    return class_codes(with_both_classes(network.predict(X)))


def class_codes(probabilities: np.ndarray) -> np.ndarray:
    """Return the code (n,) of the likeliest class; of two, the second only where its p > 0.5 strictly."""
    return probabilities.argmax(axis=1)
