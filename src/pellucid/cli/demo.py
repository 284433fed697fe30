"""`pellucid demo`: a whole job in seconds, on real handwritten digits that come with scikit-learn."""

from pathlib import Path

import click
import numpy as np

from pellucid.cli.draw import draw_training
from pellucid.cli.output import check_json_file, json_option, picture_folder, progress_bars, say, typed, write_json
from pellucid.data.images import encoded
from pellucid.experiment.recipe import make_recipe
from pellucid.experiment.run import run
from pellucid.explanation.report import report
from pellucid.system.files import atomic_write


@click.command("demo", epilog="\b\nExample:\n  pellucid demo --out digits/")
@click.option("--out", type=click.Path(path_type=Path), default="pellucid-demo", show_default=True, help="A folder.")
@json_option
def demo_command(out: Path, json_file: str | None) -> None:
    """Train on handwritten digits, score, predict one picture, write model and pictures. Needs no data.

    The files of an earlier demo in the folder are replaced.
    """
    check_json_file(json_file)
    picture_folder(out, force=True)
    say("1,797 handwritten digits of 8 x 8 pixels (UCI, through scikit-learn); a fifth is held out.")
    recipe = make_recipe(
        data="toy:digits",
        cross_validate=0,
        hidden_layers=(64,),
        optimizer="adam",
        learning_rate=0.005,
        epochs=60,
        l2=1e-4,
        random_state=1,
    )
    with progress_bars() as bars:
        result = run(recipe, bars)
    model, history = result.model, result.history
    out.mkdir(parents=True, exist_ok=True)
    model.save(out / "digits.pellucid", force=True)
    write_json(json_file, "demo", result.as_dict() | {"model": str(out / "digits.pellucid")})
    say(f"trained {model.network} in {history.seconds:.1f} s; {history.stopped_because}")
    say(f"accuracy on digits it never saw: {result.scores['test'].sentence()}")
    test = result.splits.test
    assert test is not None
    picture, label = next(test.blocks([0]))[0], test.class_names[test.labels[0]]
    p = model.predict_proba(picture)[0]
    say(_drawn(np.asarray(picture)))
    say(f"this one is a {label}; the network says {model.predict(picture)[0]} ({p.max():.3f})")
    atomic_write(out / "digit.png", encoded(np.asarray(picture)))
    draw_training(result, out)
    report(result, command=typed()).save(out / "report.html", force=True)
    say(f"written to {out}: {', '.join(sorted(path.name for path in out.iterdir()))}")
    say(f"look at {out / 'report.html'} in a browser")
    say("next, any of these:")
    say(f"  pellucid explain {out / 'digits.pellucid'} {out / 'digit.png'} --label {label}")
    say("  pellucid play")
    say("  pellucid train on a folder of your own pictures, one folder a class")


def _drawn(picture: np.ndarray) -> str:
    """Return a small grey picture (h, w) or (h, w, 1) as text."""
    shades = np.array(list(" .:-=+*#%@"))
    levels = picture.reshape(picture.shape[:2]).astype(int) * (len(shades) - 1) // 255
    return "\n".join("    " + "".join(char * 2 for char in shades[row]) for row in levels)
