"""`pellucid inspect` shows what is in a model file; `pellucid check` proves its gradients on data."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import numpy as np

from pellucid.cli.options import Keys, decimal_option
from pellucid.cli.output import check_json_file, json_option, picture_folder, say, table, write_json
from pellucid.data.load import takes
from pellucid.errors import PellucidError
from pellucid.features.extraction import assemble
from pellucid.model.labelled_data import data_for
from pellucid.model.model import Model, load
from pellucid.model.model_file import describe_network, torch_sequential
from pellucid.model.predictions import UNKNOWN


@click.command("inspect", epilog="\b\nExample:\n  pellucid inspect model.pellucid")
@click.argument("model_file", metavar="MODEL")
@click.option("--pictures", metavar="DIR", help="Draw cost curve and first layer.")
@click.option("--force", is_flag=True, help="Draw into a folder that has files.")
@json_option
def inspect_command(model_file: str, pictures: str | None, force: bool, json_file: str | None) -> None:
    """Show a model file: its layers, classes, preprocessing, training and where it came from."""
    check_json_file(json_file)
    drawn = picture_folder(pictures, force)
    model = load(model_file)
    write_json(json_file, "inspect", _described(model))
    network, history = model.network, model.history
    say(f"{model_file}: {Path(model_file).stat().st_size:,} bytes")
    say(f"input:   {model.features}")
    if model.class_names:
        say(f"classes: {', '.join(model.class_names)}")
    if model.threshold != 0.5:
        say(f"         predicts {model.class_names[1]} when p > {model.threshold:.4g}")
    if model.rejection is not None:
        limits = model.rejection
        say(f"         predicts {UNKNOWN} when p < {limits.confidence:.4g} or novelty > {limits.novelty:.4g}")
    if model.target is not None:
        say(f"target:  {model.target.name}, a number; its mean in training is {model.target.mean:.4g}")
    for new, olds in model.merge.items():
        say(f"         {new} = {' + '.join(olds)}")
    say(f"network: {network}" + (f", mean of {len(model.networks)}" if len(model.networks) > 1 else ""))
    rows = [
        [name, " x ".join(map(str, array.shape)), str(array.dtype), f"{array.mean():+.4f}", f"{array.std():.4f}"]
        for name, array in network.named().items()
    ]
    table(["tensor", "shape", "type", "mean", "deviation"], rows)
    if history.get("cost"):
        say(f"trained: {len(history['cost'])} epochs, {history['seconds']:.1f} s, cost {history['cost'][-1]:.4f}; "
            f"{history['stopped_because']}")  # fmt: skip
    for key, value in model.provenance.as_dict().items():
        if told := _in_words(value):
            say(f"{key.replace('_', ' ')}: {told}")
    say(f"in torch: {torch_sequential(model.network)}")
    if drawn is not None:
        from pellucid.cli.draw import draw_model

        draw_model(model, drawn)
        say(f"pictures: {drawn}")


@click.command(
    "check",
    epilog="\b\nExamples:\n  pellucid check model.pellucid photos/\n  pellucid check model.pellucid t.csv --rows 100",
)
@click.argument("model_file", metavar="MODEL")
@click.argument("data")
@click.option("--rows", type=click.IntRange(1), default=30, show_default=True, help="How many rows to check on.")
@click.option("--label", metavar="COLUMN", help="The label column of a table.")
@click.option("--keys", type=Keys(), help="The keys of samples and labels in an HDF5 or NPZ file.")
@decimal_option
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the probes.")
@json_option
def check_command(
    model_file: str,
    data: str,
    rows: int,
    label: str | None,
    keys: tuple[str, str] | None,
    decimal: str | None,
    seed: int,
    json_file: str | None,
) -> None:
    """Compare a model's gradients by backpropagation with finite differences of its cost, on rows of DATA.

    Each tensor is named. They agree where the relative error is below 1e-7, or where the difference is no more than the
    rounding of the cost explains (a network that has converged has gradients that small). Exits with 1 where one does
    not agree.
    """
    from pellucid.explanation.gradient_check import check_gradients

    check_json_file(json_file)
    model = load(model_file)
    labelled = takes(data, "skip_bad") or None  # of a table, the rows that have a label
    dataset, _, _ = data_for(model, data, label=label, keys=keys, decimal=decimal, skip_bad=labelled)
    spread = np.linspace(0, len(dataset) - 1, min(rows, len(dataset))).astype(int)
    X, chosen = assemble(dataset.take(spread), model.features)
    labels = np.repeat(chosen.labels, len(model.features.views))
    report = check_gradients(model.network, np.asarray(X), model.network.loss.targets(labels), seed=seed)
    write_json(json_file, "check", report.as_dict())
    say(f"{model.network}, on {len(X)} rows of {data}, float64")
    say(str(report))
    if not report.passed:
        raise PellucidError(f"the gradients of {', '.join(report.failed)} do not agree with the cost.")
    say("Every gradient agrees with the cost.")


def _in_words(value: Any) -> str:
    """Return what a model tells of its origin as one line; what is empty or off is left out. --json has everything."""
    if isinstance(value, dict):
        return ", ".join(f"{key} {told}" for key, item in value.items() if (told := _in_words(item)))
    if isinstance(value, list):
        return ", ".join(told for item in value if (told := _in_words(item)))
    return "" if value in (None, False, "") else str(value)


def _described(model: Model) -> dict[str, Any]:
    return describe_network(model.network) | {
        "network": str(model.network),
        "features": model.features.metadata(),
        "classes": list(model.class_names),
        "target": None if model.target is None else model.target.metadata(),
        "merge": dict(model.merge),
        "threshold": model.threshold,
        "rejection": None if model.rejection is None else asdict(model.rejection),
        "history": dict(model.history),
        "provenance": model.provenance.as_dict(),
        "torch": torch_sequential(model.network),
    }
