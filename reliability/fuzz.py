"""The measurement `fuzz`: valid files of each kind, damaged again and again, and what comes of reading them.

Each kind is read in a process of its own with a limit on its memory; there a crash or a hang counts as well, and the
next case goes on. The same seed gives the same damage.
"""

import argparse
import resource
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path

import numpy as np

from pellucid.errors import PellucidError
from reliability.samples import KINDS, Kind

MEMORY = 2 * 2**30  # bytes of address space that reading one of these small files may take, libraries included
PATIENCE = 20  # seconds for one case; then it hangs
ERROR, SAME, OTHER, FAULT = "clear errors", "unchanged answers", "read as other valid data", "other"


def damaged(data: bytes, rng: np.random.Generator) -> bytes:
    """Return the bytes with one to three wounds: flipped bits, bytes set, cut off, cut out, copied elsewhere."""
    for _ in range(int(rng.choice([1, 1, 1, 2, 3]))):
        data = _wounded(bytearray(data), rng) or data
    return data


def _wounded(data: bytearray, rng: np.random.Generator) -> bytes:
    start, end = sorted(rng.integers(0, len(data) + 1, 2).tolist())
    place = int(rng.integers(len(data)))
    few = slice(place, place + int(rng.choice([1, 2, 4, 8])))
    match rng.choice(["flip", "set", "extreme", "cut", "drop", "copy"], p=[0.6, 0.1, 0.1, 0.08, 0.06, 0.06]):
        case "flip":
            data[place] ^= 1 << int(rng.integers(8))
        case "set":
            data[place] = int(rng.integers(256))
        case "extreme":  # what sizes are made of
            data[few] = (b"\0", b"\xff", b"\x7f")[rng.integers(3)] * len(data[few])
        case "cut":
            del data[place:]
        case "drop":
            del data[few]
        case "copy":
            data[place:place] = data[start:end][:64]
    return bytes(data)


def outcome(kind: Kind, path: Path, expected: bytes) -> tuple[str, str]:
    """Return what reading a damaged file gives, and the error in words where it is not one of ours."""
    try:
        answer = kind.read(path)
    except PellucidError:
        return ERROR, ""
    except Exception as error:
        return FAULT, f"{type(error).__name__}: {error}"
    if answer == expected:
        return SAME, ""
    return (FAULT, "another answer in silence") if kind.sealed else (OTHER, "")


def read_cases(name: str, seed: int, first: int, last: int) -> None:
    """Damage and read one kind's file for the cases of these numbers; print a line each."""
    warnings.simplefilter("error")
    kind = KINDS[name]
    with tempfile.TemporaryDirectory() as folder:
        path = kind.write(Path(folder))
        whole = path.read_bytes()
        expected = kind.read(path)
        for case in range(first, last):
            data = damaged(whole, np.random.default_rng([seed, case]))
            path.write_bytes(data)
            signal.alarm(PATIENCE)  # which ends the process, in the midst of a C library too
            word, told = outcome(kind, path, expected)
            signal.alarm(0)
            print(case, word if data != whole else SAME, told.replace("\n", " "), sep="\t", flush=True)


def measure(name: str, cases: int, seconds: float, seed: int) -> tuple[Counter[str], list[str]]:
    """Return how often each outcome came, and a line for each that should not have."""
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    done, began = 0, time.monotonic()
    while done < cases and time.monotonic() - began < seconds:
        command = [sys.executable, "-m", "reliability.fuzz", name, str(seed), str(done), str(cases)]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, preexec_fn=_limit
        ) as child:  # libtiff tells its woes on stderr
            assert child.stdout is not None
            for line in child.stdout:
                case, word, told = line.rstrip("\n").split("\t")
                counts[word] += 1
                done = int(case) + 1
                if word == FAULT:
                    wrong.append(f"{name}, case {case}: {told}")
                if time.monotonic() - began > seconds:
                    child.kill()
        if child.returncode not in (0, -signal.SIGKILL):
            counts[FAULT] += 1
            wrong.append(f"{name}, case {done}: the process ended with {child.returncode}")
            done += 1
    return counts, wrong


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def main(arguments: list[str]) -> None:
    """Print the table of all kinds; end with 1 where anything came out that should not have."""
    parser = argparse.ArgumentParser(prog="python -m reliability fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000, help="for each kind (10000)")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="for each kind, at most")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=KINDS)
    options = parser.parse_args(arguments)
    print(f"| kind | cases | {ERROR} | {SAME} | {OTHER} | {FAULT} |\n|---|---:|---:|---:|---:|---:|", flush=True)
    told: list[str] = []
    for name in [options.only] if options.only else KINDS:
        counts, wrong = measure(name, options.cases, options.seconds, options.seed)
        shown = [ERROR, SAME, OTHER, FAULT]
        row = [str(counts[word]) if not (word == OTHER and KINDS[name].sealed) else "-" for word in shown]
        print(f"| {name} | {counts.total()} | {' | '.join(row)} |", flush=True)
        told += wrong
    for line in told:
        print(line, file=sys.stderr)
    sys.exit(1 if told else 0)


if __name__ == "__main__":
    read_cases(sys.argv[1], *map(int, sys.argv[2:]))
