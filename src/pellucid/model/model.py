"""Model: all that a prediction needs in one value: features, networks, class names, and where they came from.

The usual toolkit saves weights and loses picture size, scaling and class names. A Model goes to one file and back and
answers with the same bits.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.data import picture_files, rows_of_table
from pellucid.errors import BadPictureError, InputError, ModelFileError
from pellucid.features import FEATURES, Features, Numbers, PictureFeatures, StandardizedPictures, Table
from pellucid.features.embedding import bytes_outside
from pellucid.features.scaling import Target
from pellucid.model.model_file import read_model, write_model
from pellucid.model.novelty import UNKNOWN, Known, Limits
from pellucid.model.predictions import class_codes, weighed, with_both_classes
from pellucid.nn import Network
from pellucid.system.files import refuse_existing

BLOCK_ROWS = 4096  # of samples that are finished at a time


@dataclass(frozen=True, repr=False)
class Model:
    """A trained classifier or regressor of raw samples.

    class_names: in the order of the codes; () for regression.  merge: the classes that were joined for training,
    {new: [old, ...]}.  history: the training record.  provenance: data, counts, versions, seed.
    threshold: of two classes, the second is said where its p > threshold.
    rejection: where an answer is given, else it is "unknown"; known: what novelty is measured from then.
    target: what a regression predicts, where that is known.
    """

    features: Features
    networks: tuple[Network, ...]
    class_names: tuple[str, ...] = ()
    merge: Mapping[str, list[str]] = field(default_factory=dict)
    history: Mapping[str, Any] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    threshold: float = 0.5
    rejection: Limits | None = None
    known: Known | None = None
    target: Target | None = None

    def __repr__(self) -> str:
        told = ", ".join(self.class_names) or (self.target.name if self.target else "numbers")
        several = "" if len(self.networks) == 1 else f"{len(self.networks)} x "
        return f"Model({self.features} -> {several}{self.network} -> {told})"

    @property
    def network(self) -> Network:
        """The network, or the first one of an ensemble."""
        return self.networks[0]

    def rows(self, raw: Any, bad: list[tuple[int, BadPictureError]] | None = None) -> np.ndarray:
        """Return the raw rows R (n, n_row) of samples, as `features.rows` gives them.

        A folder stands for the pictures in it, in the order of their names; a CSV, TSV or parquet file for its rows.
        """
        if isinstance(raw, str | Path):
            if not isinstance(self.features, PictureFeatures):
                raw = self.rows_of_file(Path(raw))
            elif Path(raw).is_dir():
                raw = picture_files(Path(raw))
        return self.features.rows(raw, self.network.parameters.dtype, bad)

    def rows_of_file(self, path: Path) -> np.ndarray:
        """Return the raw rows of a CSV, TSV or parquet file, its columns found by name."""
        if isinstance(self.features, PictureFeatures):
            raise InputError(f"this model takes {self.features}, got the table {path}.")
        if not self.features.columns:
            raise InputError("this model has no column names, so a table cannot be matched to it; give it arrays.")
        categorical = self.features.categorical if isinstance(self.features, Table) else ()
        return self.features.rows(rows_of_table(path, self.features.columns, categorical))

    def notes(self, R: np.ndarray) -> list[str]:
        """Return what of raw rows is unlike anything in training, in sentences: of tables, new categories and gaps."""
        return self.features.notes(R) if isinstance(self.features, Table) else []

    def predict_proba(self, raw: Any) -> np.ndarray:
        """Return probabilities (n, k), a column a class.

        raw: an array, a path, a folder, a PIL image, or a list of them; integer pixels are divided by their type's
        largest value, float pixels must lie in [0, 1]. Rows of a table: as `Table.rows` takes them, or a file.
        """
        return self.probabilities(self.rows(raw))

    def predict(self, raw: Any) -> np.ndarray:
        """Return class names (n,), "unknown" where the model rejects; or the values (n,), (n, k) of a regression."""
        R = self.rows(raw)
        answers = self.answers(R)
        return self.said(answers, self.novelty(R)) if self.class_names else answers

    def answers(self, R: np.ndarray) -> np.ndarray:
        """Return what a model says of raw rows: probabilities (n, k) of classes, or values (n,), (n, k) of several."""
        if self.class_names:
            return self.probabilities(R)
        values = self.outputs(R)
        return values[:, 0] if values.shape[1] == 1 else values

    def said(self, P: np.ndarray, novelty: np.ndarray) -> np.ndarray:
        """Return the class names (n,) for probabilities P (n, k) and novelty (n,); "unknown" where it rejects."""
        said = np.array(self.class_names)[class_codes(P, self.threshold)]
        if self.rejection is None:
            return said
        return np.where(self.rejection.answers(weighed(P, self.threshold), novelty), said, UNKNOWN)

    def novelty(self, R: np.ndarray) -> np.ndarray:
        """Return how unlike training samples are, (n,), given as raw rows; zeros where the model rejects none."""
        return np.zeros(len(R)) if self.known is None else self.known.novelty(self.features, R)

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
        metadata: dict[str, Any] = {
            "features": self.features.metadata(),
            "class_names": list(self.class_names),
            "merge": dict(self.merge),
            "history": dict(self.history),
            "provenance": dict(self.provenance),
            "threshold": self.threshold,
        } | ({} if self.target is None else {"target": self.target.metadata()})
        arrays = self.features.arrays()
        if self.rejection is not None and self.known is not None:
            metadata["rejection"] = {"confidence": self.rejection.confidence, "novelty": self.rejection.novelty}
            arrays |= self.known.arrays()
        write_model(path, self.networks, arrays, metadata)
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
            metadata.get("threshold", 0.5),
            *_rejection(metadata, arrays),
            None if metadata.get("target") is None else Target.restore(metadata["target"]),
        )
        sound = _is_sound(model, arrays)
    except ModelFileError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelFileError(f"{path} lacks a part of a model, or has a wrong one: {error}.") from None
    if not sound:
        raise ModelFileError(f"{path} does not fit together: its network, classes, features and numbers disagree.")
    return model


def _rejection(metadata: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> tuple[Limits | None, Known | None]:
    if "rejection" not in metadata:
        return None, None
    return Limits(**metadata["rejection"]), Known.restore(arrays)


def _decides(model: Model) -> bool:
    """Whether the threshold and the limits of a model from a file are such that it can tell its classes."""
    if not (isinstance(model.threshold, float) and 0 < model.threshold < 1):
        return False
    if model.threshold != 0.5 and len(model.class_names) != 2:
        return False
    limits, known = model.rejection, model.known
    if limits is None or known is None:
        return True
    return (
        isinstance(limits.confidence, float)
        and isinstance(limits.novelty, float)
        and 0 <= limits.confidence < np.inf
        and 0 <= limits.novelty < np.inf
        and len(model.class_names) >= 2
        and UNKNOWN not in model.class_names
        and known.fits(model.features)
    )


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
        and (model.target is None or (not names and network.n_out == 1))
        and (not names or len(names) == (network.n_out if network.loss.codes else network.n_out + 1) >= 2)
        and all(np.isfinite(array).all() for array in numbers)
        and all(array is None or array.shape == (features.n_out,) for array in columns)
        and bool(np.all(arrays.get("scale", 1) > 0))
        and all(0 <= member.l2 < np.inf for member in model.networks)
        and _decides(model)
    )
