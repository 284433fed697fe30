"""Model: all that a prediction needs in one value: features, networks, class names, and where they came from.

Saved weights alone lose picture size, scaling and class names. A Model goes to one file and back, and predicts the same
bits.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.data import picture_files, rows_of_table
from pellucid.data.readers.table_columns import Columns
from pellucid.errors import BadPictureError, InputError, ModelFileError, UnfamiliarWarning
from pellucid.features import FEATURES, Features
from pellucid.features.embedding import bytes_outside
from pellucid.features.scaling import TargetScaler
from pellucid.model.model_file import read_model, write_model
from pellucid.model.novelty import OF_ALL, OF_MOST, ReferenceSet, RejectionThresholds, unfamiliar_notes
from pellucid.model.predictions import UNKNOWN, Predictions, class_codes, reweighted, with_both_classes
from pellucid.model.provenance import Provenance, checked
from pellucid.model.row_digests import row_digests
from pellucid.nn import Network
from pellucid.system.files import check_output
from pellucid.training import History

BLOCK_ROWS = 4096  # of samples that are finished at a time
BLOCK_INPUTS = 2**22  # numbers of network inputs that are averaged at a time


@dataclass(frozen=True, repr=False)
class Model:
    """A trained classifier or regressor of raw samples.

    class_names: in the order of the codes; () for regression.  merge: the classes that were joined for training,
    {new: [old, ...]}.  history: the training record.  provenance: where the model comes from.
    threshold: of two classes, the second is predicted where its p > threshold.
    rejection: when the answer is "unknown"; reference: the training rows that novelty is measured from.
    target: name and scaling of a regression's target, where they are known.
    learned: digests of the training rows; None where they were not kept.
    average: (n_out,), the mean network input of the training rows; None in model files of earlier releases.
    """

    features: Features
    networks: tuple[Network, ...]
    class_names: tuple[str, ...] = ()
    merge: Mapping[str, list[str]] = field(default_factory=dict)
    history: Mapping[str, Any] = field(default_factory=dict)
    provenance: Provenance = field(default_factory=Provenance)
    threshold: float = 0.5
    rejection: RejectionThresholds | None = None
    reference: ReferenceSet | None = None
    target: TargetScaler | None = None
    learned: np.ndarray | None = None
    average: np.ndarray | None = None

    def __repr__(self) -> str:
        predicted = ", ".join(self.class_names) or (self.target.name if self.target else "numbers")
        several = "" if len(self.networks) == 1 else f"{len(self.networks)} x "
        return f"Model({self.features} -> {several}{self.network} -> {predicted})"

    @property
    def network(self) -> Network:
        """The network, or the first one of an ensemble."""
        return self.networks[0]

    def predict(self, raw: Any) -> np.ndarray:
        """Return class names (n,), "unknown" where the model rejects; or the values (n,), (n, m) of a regression.

        raw: as `extract` takes it.  Warns with UnfamiliarWarning where samples are unlike all of training.
        """
        return self.predictions(self._extract_and_warn(raw)).answers

    def predict_proba(self, raw: Any) -> np.ndarray:
        """Return probabilities (n, k), one column per class.  raw: as `extract` takes it.  Warns as `predict` does."""
        return self.outputs(self._extract_and_warn(raw))

    def _extract_and_warn(self, raw: Any) -> np.ndarray:
        R = self.extract(raw)
        for note in self.notes(R):
            warnings.warn(note, UnfamiliarWarning, stacklevel=3)
        return R

    def extract(
        self,
        raw: Any,
        bad: list[tuple[int, BadPictureError]] | None = None,
        decimal: str | None = None,
        notes: list[str] | None = None,
    ) -> np.ndarray:
        """Return the raw features R (n, n_row) of samples.

        raw: an array, a path, a folder, a PIL image, or a list of them; of tables also a CSV, TSV or parquet file, a
        data frame, a list of dicts. Integer pixels are divided by their type's maximum; floats must lie in [0, 1].
        bad: takes (position, error) of each picture that cannot be read; without it the first one raises.
        decimal: the decimal mark of a file with a table, where its cells leave it open.  notes: takes sentences on how
        the cells of such a file were read.
        """
        if isinstance(raw, str | Path):
            if not self.features.of_images:
                table = self._table(Path(raw), decimal)
                raw = table.X
                if notes is not None:
                    notes += table.notes
            elif Path(raw).is_dir():
                raw = picture_files(Path(raw))
        return self.features.extract(raw, self.network.parameters.dtype, bad)

    rows = extract  # the former name, which programs outside still call

    def _table(self, path: Path, decimal: str | None) -> Columns:
        """Return the columns of a CSV, TSV or parquet file, found by name."""
        if not self.features.columns:
            raise InputError("this model has no column names, so a table cannot be matched to it; give it arrays.")
        return rows_of_table(path, self.features.columns, self.features.categorical, decimal)

    def predictions(self, R: np.ndarray) -> Predictions:
        """Return all that the model answers to raw features (n, n_row)."""
        outputs = self.outputs(R)
        novelty = np.zeros(len(R)) if self.rejection is None else self.novelty(R)
        codes, rejected = np.empty(0, np.intp), np.zeros(len(R), bool)
        if self.class_names:
            codes = class_codes(outputs, self.threshold)
        if self.rejection is not None:
            rejected = ~self.rejection.accepts(reweighted(outputs, self.threshold), novelty)
        return Predictions(outputs, self.class_names, codes, rejected, novelty)

    def outputs(self, R: np.ndarray) -> np.ndarray:
        """Return probabilities (n, k), or values (n,), (n, m), for raw features: means over networks and views.

        Two classes have two columns, though one logit decides between them.
        """
        network, views = self.network, len(self.features.views)
        outputs = np.empty((len(R), network.n_out), network.parameters.dtype)
        for start in range(0, len(R), BLOCK_ROWS):
            X = self.features.transform(R[start : start + BLOCK_ROWS], outputs.dtype)
            answers = [member.predict(X).reshape(-1, views, network.n_out) for member in self.networks]
            # summed one after the other: np.mean orders its sums by the number of rows, which must not matter to a row
            total = sum(answer[:, view] for answer in answers for view in range(views))
            outputs[start : start + BLOCK_ROWS] = total / outputs.dtype.type(len(answers) * views)
        if self.class_names:
            return with_both_classes(outputs)
        return outputs[:, 0] if network.n_out == 1 else outputs

    def novelty(self, R: np.ndarray) -> np.ndarray:
        """Return how unlike the training samples are, (n,), for raw features; zeros without a reference set."""
        return np.zeros(len(R)) if self.reference is None else self.reference.novelty(self.features, R)

    def unfamiliar(self, R: np.ndarray) -> np.ndarray:
        """Return how pictures (n,), given as raw features, differ from all or most of training, in words, or "".

        A model that answers "unknown" to unfamiliar samples says nothing here of their novelty.
        """
        words, light = np.full(len(R), "", object), self.features.odd_brightness(R)
        novelty, limits = np.zeros(len(R)), (np.inf, np.inf)
        if self.rejection is None and self.reference is not None and self.reference.limits is not None:
            novelty, limits = self.novelty(R), self.reference.limits
        for degree, (of_training, limit) in enumerate(zip((OF_MOST, OF_ALL), limits, strict=True), start=1):
            words[novelty > limit] = f"unlike {of_training}"
            words[light >= degree] = f"brighter than {of_training}"
            words[light <= -degree] = f"darker than {of_training}"
        return words

    def has_learned(self, R: np.ndarray) -> np.ndarray:
        """Return whether each sample (n,), given as raw features, is one of the training samples, or equals one."""
        return np.zeros(len(R), bool) if self.learned is None else np.isin(row_digests(R), self.learned)

    def notes(self, R: np.ndarray) -> list[str]:
        """Return sentences on raw features (n, n_row) that are unlike all of training: their answers may be wrong."""
        return [*self.features.notes(R), *unfamiliar_notes(self.unfamiliar(R))]

    def save(self, path: str | Path, force: bool = False) -> Path:
        """Write the model to one file, whole or not at all; refuse to overwrite one unless `force`."""
        path = check_output(path, force)
        metadata: dict[str, Any] = {
            "features": self.features.metadata(),
            "class_names": list(self.class_names),
            "merge": dict(self.merge),
            "history": dict(self.history),
            "provenance": self.provenance.as_dict(),
            "threshold": self.threshold,
        } | ({} if self.target is None else {"target": self.target.metadata()})
        arrays = self.features.arrays()
        arrays |= {name: array for name in ("learned", "average") if (array := getattr(self, name)) is not None}
        if self.rejection is not None and self.reference is not None:
            metadata["rejection"] = {"confidence": self.rejection.confidence, "novelty": self.rejection.novelty}
        if self.reference is not None:
            metadata["novelty_limits"] = self.reference.limits
            arrays |= self.reference.arrays()
        write_model(path, self.networks, arrays, metadata)
        return path


def mean_inputs(features: Features, R: np.ndarray) -> np.ndarray:
    """Return the mean network input (n_out,), float32, of raw features R (n, n_row), of the plain views."""
    total, views = np.zeros(features.n_out), len(features.views)
    step = max(1, BLOCK_INPUTS // (views * features.n_out))  # never all of them as floats
    for start in range(0, len(R), step):
        X = np.asarray(features.transform(R[start : start + step], np.float64)[:])
        total += X[::views].sum(axis=0)
    return (total / max(len(R), 1)).astype(np.float32)


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
            checked(metadata["merge"], dict[str, list[str]], "merge"),
            _history(metadata["history"]),
            Provenance.restore(metadata["provenance"]),
            metadata.get("threshold", 0.5),
            *_rejection(metadata, arrays),
            None if metadata.get("target") is None else TargetScaler.restore(metadata["target"]),
            arrays.get("learned"),
            arrays.get("average"),
        )
        sound = _is_sound(model, arrays)
    except ModelFileError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelFileError(f"{path} lacks a part of a model, or has a wrong one: {error}.") from None
    if not sound:
        raise ModelFileError(f"{path} does not fit together: its network, classes, features and numbers disagree.")
    return model


def _history(record: Any) -> Mapping[str, Any]:
    """Return the training record of a model file as it is, once its types are those of a History; {} is none."""
    if record != {}:
        checked(record, History, "history")
    return record


def _rejection(
    metadata: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
) -> tuple[RejectionThresholds | None, ReferenceSet | None]:
    rejection = RejectionThresholds(**metadata["rejection"]) if "rejection" in metadata else None
    limits = metadata.get("novelty_limits")
    reference = None
    if rejection is not None or limits is not None:
        reference = ReferenceSet.restore(arrays, None if limits is None else tuple(limits))
    return rejection, reference


def _decides(model: Model) -> bool:
    """Whether the threshold and the rejection of a model from a file fit its classes."""
    if not (isinstance(model.threshold, float) and 0 < model.threshold < 1):
        return False
    if model.threshold != 0.5 and len(model.class_names) != 2:
        return False
    limits, reference = model.rejection, model.reference
    if reference is None:
        return True
    if not reference.fits(model.features):
        return False
    return limits is None or (
        isinstance(limits.confidence, float)
        and isinstance(limits.novelty, float)
        and 0 <= limits.confidence < np.inf
        and 0 <= limits.novelty < np.inf
        and len(model.class_names) >= 2
        and UNKNOWN not in model.class_names
    )


def _is_sound(model: Model, arrays: Mapping[str, np.ndarray]) -> bool:
    """Whether the parts of a model from a file fit each other, so that it cannot answer nonsense."""
    network, names, features = model.network, model.class_names, model.features
    numbers = [*arrays.values(), *(member.parameters for member in model.networks)]
    texts = all(isinstance(name, str) for name in names) and len(set(names)) == len(names)
    return (
        texts
        and all(isinstance(part, dict) for part in (model.merge, model.history))
        and all((member.n_in, member.n_out) == (features.n_out, network.n_out) for member in model.networks)
        and all(member.loss.classes == bool(names) for member in model.networks)
        and (model.target is None or (not names and network.n_out == 1))
        and (model.average is None or (model.average.shape == (features.n_out,) and model.average.dtype.kind == "f"))
        and (model.learned is None or (model.learned.dtype == np.uint64 and model.learned.ndim == 1))
        and (not names or len(names) == (network.n_out if network.loss.codes else network.n_out + 1) >= 2)
        and all(np.isfinite(array).all() for array in numbers)
        and bool(np.all(arrays.get("scale", 1) > 0))
        and all(0 <= member.l2 < np.inf for member in model.networks)
        and _decides(model)
    )
