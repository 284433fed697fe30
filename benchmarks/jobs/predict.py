"""predict: `pellucid predict MODEL PICTURE`, the whole process, against nothing but `import torch`."""

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import pellucid
from benchmarks.measure import Entrant, in_turn
from benchmarks.options import NO_TORCH, Options, has_torch
from benchmarks.outcome import Limit, Outcome

OURS, TORCH = "pellucid predict MODEL PICTURE", "import torch"
NUMPY, PYTHON = "import numpy", "python that does nothing"


def run(options: Options) -> Outcome:
    """Time whole processes in turn, after one run of each that warms the disk's cache."""
    with tempfile.TemporaryDirectory() as folder:
        model, picture = _model_and_picture(Path(folder))
        commands = {OURS: ["-m", "pellucid", "predict", str(model), str(picture)]}
        commands |= {TORCH: ["-c", "import torch"]} if has_torch() else {}
        commands |= {NUMPY: ["-c", "import numpy"], PYTHON: ["-c", ""]}
        entrants = [Entrant(who, _process(arguments), how="whole process") for who, arguments in commands.items()]
        in_turn(entrants, 1)
        timings = in_turn(entrants, 3 if options.quick else 3 * options.rounds, tell=options.tell)
    outcome = Outcome("one picture, 64 x 64 pixels into 12288-20-7-5-1, seconds a whole process")
    outcome.add_times(timings, OURS, {TORCH: Limit(2, 4)})
    outcome.notes = [] if has_torch() else [NO_TORCH]
    return outcome


def _process(arguments: list[str]) -> Callable[[int], Callable[[], Any]]:
    command = [sys.executable, *arguments]
    return lambda number: lambda: subprocess.run(command, check=True, capture_output=True)


def _model_and_picture(folder: Path) -> tuple[Path, Path]:
    """Make a model of random pictures of two classes, and a photograph-sized picture."""
    rng = np.random.default_rng(0)
    for name in ("dark", "light"):
        (folder / "pictures" / name).mkdir(parents=True)
        for number in range(10):
            pixels = rng.integers(0, 128, (64, 64, 3)) + (127 if name == "light" else 0)
            Image.fromarray(pixels.astype(np.uint8)).save(folder / "pictures" / name / f"{number}.png")
    result = pellucid.train(folder / "pictures", hidden_layers=(20, 7, 5), epochs=5, random_state=0)
    result.model.save(folder / "model.pellucid")
    Image.fromarray(rng.integers(0, 256, (500, 500, 3)).astype(np.uint8)).save(folder / "picture.jpg")
    return folder / "model.pellucid", folder / "picture.jpg"
