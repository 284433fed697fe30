"""Memory: 20,000 pictures from a folder, 5% of them corrupt, trained by the command; the peak of the process tree."""

import argparse
import io
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

PICTURES, SIZE, CORRUPT = 20_000, (160, 120), 20  # in all; width and height; one in so many is corrupt
CLASSES = ("dunes", "waves", "woods")
SECONDS_BETWEEN = 0.02


def make_pictures(folder: Path, n: int) -> list[str]:
    """Write n JPEG pictures in class folders, waves of three colours in noise; return the names of the corrupt ones."""
    y, x = np.mgrid[0 : SIZE[1], 0 : SIZE[0]] / 10
    corrupt = []
    for name in CLASSES:
        (folder / name).mkdir(parents=True)
    for number in range(n):
        rng, kind = np.random.default_rng(number), number % len(CLASSES)
        wave = np.sin(x * rng.uniform(0.5, 2) + rng.uniform(0, 6)) * np.cos(y * rng.uniform(0.5, 2))
        pixels = 120 + 50 * wave[..., None] * rng.uniform(0.3, 1, 3) + rng.normal(0, 25, (*x.shape, 3))
        pixels[..., kind] += 25
        data = io.BytesIO()
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(data, "JPEG", quality=85)
        path = folder / CLASSES[kind] / f"{number:05}.jpg"
        whole = data.getvalue()
        if number % CORRUPT == CORRUPT - 1:
            corrupt.append(path.relative_to(folder).as_posix())
            whole = whole[: len(whole) // 2] if number // CORRUPT % 2 else b"no picture " * 100
        path.write_bytes(whole)
    return sorted(corrupt)


def peak_of(command: Sequence[str]) -> tuple[subprocess.CompletedProcess[str], int, float]:
    """Return a finished command, the largest resident memory of it and its children together, and its seconds."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    peak = [0]

    def watch() -> None:
        root = psutil.Process(process.pid)
        while process.poll() is None:
            try:
                tree = [root, *root.children(recursive=True)]
                peak[0] = max(peak[0], sum(one.memory_info().rss for one in tree))
            except psutil.NoSuchProcess:
                pass
            time.sleep(SECONDS_BETWEEN)

    watcher = threading.Thread(target=watch)
    watcher.start()
    out, err = process.communicate()
    watcher.join()
    done = subprocess.CompletedProcess(command, process.returncode, out, err)
    return done, peak[0], time.perf_counter() - began


def main(arguments: Sequence[str]) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m reliability memory", description=__doc__)
    parser.add_argument("--pictures", type=int, default=PICTURES)
    n = parser.parse_args(arguments).pictures
    print(f"`pellucid train photos/ --skip-bad`, {n:,} pictures:\n")
    print("| exit code | corrupt pictures named | peak of the process tree | seconds |")
    print("|---|---|---|---|")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "photos"
        corrupt = make_pictures(folder, n)
        command = [sys.executable, "-m", "pellucid", "train", str(folder), "--out", str(Path(place) / "model")]
        done, peak, seconds = peak_of([*command, "--skip-bad", "--seed", "1", "--no-cache", "--quiet"])
        told = done.stdout + done.stderr
        named = sum(f"{name}:" in told for name in corrupt)
        print(f"| {done.returncode} | {named} of {len(corrupt)} | {peak / 1e9:.2f} GB | {seconds:.0f} |\n")
        print("\n".join(line for line in told.splitlines() if line.startswith("accuracy")))
