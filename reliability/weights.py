"""Weights: whether a change of the code leaves every number as it was.

Each command of the README and each article runs in its own process, with one thread. The table holds the SHA-256 of
every fitted network (each fold, member and start) and the keys that `--json` writes. Tables from one machine compare
bit for bit; other machines round differently, so the project keeps no table.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

COMMANDS = {  # {data} is the folder of the real data; later commands read what earlier ones wrote
    "demo": "demo --out demo",
    "cats": "train {data}/cats --cross-validate 1 --seed 0 --out cats.pellucid",
    "beans": "train {data}/beans --seed 0 --out beans.pellucid",
    "fashion": "train {data}/fashion_mnist --layers 128 --optimizer adam --epochs 10 --batch-size 128 --seed 1"
    " --out fashion.pellucid",
    "merged": "train {data}/beans --merge sick=bean_rust+angular_leaf_spot --reject auto --seed 1"
    " --out leaves.pellucid",
    "again": "train --recipe leaves.pellucid.toml --out again.pellucid",
    "pixels": "train {data}/cats --features pixels --size 32 --cross-validate 0 --seed 3 --out pixels.pellucid",
    "points": "train toy:flower --layers 4:tanh --optimizer lbfgs --seed 1 --learning-curve --out flower.pellucid",
    "numbers": "train houses.csv --label price --drop id --seed 1 --out numbers.pellucid",
    "evaluate": "evaluate leaves.pellucid {data}/beans --part validation",
    "predict": "predict leaves.pellucid demo/digit.png",
    "predict numbers": "predict flower.pellucid points.csv",
    "inspect": "inspect leaves.pellucid",
    "check": "check flower.pellucid toy:flower",
    "audit": "audit {data}/cats",
    "explain": "explain",
    "explain model": "explain demo/digits.pellucid demo/digit.png",
    "logistic": "reproduce logistic --data {data}/cats",
    "cats-2-layer": "reproduce cats-2-layer --data {data}/cats",
    "cats-4-layer": "reproduce cats-4-layer --data {data}/cats",
    "deep": "reproduce deep --data {data}/cats --init he",
    "planar": "reproduce planar",
    "planar sizes": "reproduce planar --hidden-sizes 1,2,3,4,5,20,50",
    "bean seeds": "reproduce beans --data {data}/beans --seeds 20",
    "bean classes": "reproduce beans --data {data}/beans --classes 3",
}

NOTED = """
import atexit, hashlib, json, os, sys
from pellucid.training import Fitted
digests, made = [], Fitted.__init__
def noted(self, *values, **named):
    made(self, *values, **named)
    digests.append(hashlib.sha256(self.network.parameters.tobytes()).hexdigest())
Fitted.__init__ = noted
atexit.register(lambda: json.dump(digests, open(os.environ["PELLUCID_DIGESTS"], "w")))
from pellucid.cli.main import run
sys.exit(run(sys.argv[1:]))
"""


def main(arguments: list[str]) -> int:
    """Print the table, write it with --save, or hold it against an earlier one with --compare."""
    parser = argparse.ArgumentParser(prog="python -m reliability weights", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with cats, beans, fashion_mnist")
    parser.add_argument("--save", type=Path, metavar="FILE.json")
    parser.add_argument("--compare", type=Path, metavar="FILE.json")
    parser.add_argument("--only", nargs="*", default=list(COMMANDS), metavar="NAME")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "points.csv").write_text("x1,x2\n0.1,0.2\n-1,2\n")
        houses = [f"{n},{n % 7 * 10 + n % 3},{'east' if n % 2 else 'west'},{n % 7 * 9.5 + n % 2}\n" for n in range(150)]
        (Path(folder) / "houses.csv").write_text("id,area,side,price\n" + "".join(houses))
        found = {
            name: _record(COMMANDS[name], options.data.resolve(), folder) for name in COMMANDS if name in options.only
        }
    if options.save:
        options.save.write_text(json.dumps(found, indent=1))
    before = json.loads(options.compare.read_text()) if options.compare else {}
    print("| command | fits | SHA-256 of all weights | keys |\n|---|---|---|---|")
    for name, one in found.items():
        same = "" if name not in before else " same" if before[name] == one else " DIFFERENT"
        print(
            f"| {name} | {len(one['fits'])} | {_short(one['fits'])}{same} | {len(one['keys'])}, {_short(one['keys'])} |"
        )
    return int(any(name in before and before[name] != one for name, one in found.items()))


def _record(command: str, data: Path, folder: str) -> dict[str, Any]:
    digests, results = Path(folder) / "digests.json", Path(folder) / "results.json"
    digests.unlink(missing_ok=True)
    results.unlink(missing_ok=True)
    words = [*command.format(data=data).split(), "--json", str(results)]
    alone = {"PELLUCID_DIGESTS": str(digests), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    code = subprocess.run(
        [sys.executable, "-c", NOTED, *words], cwd=folder, env=os.environ | alone, capture_output=True
    )
    if code.returncode:
        raise SystemExit(f"{command}: {code.stderr.decode()}")
    return {"fits": json.loads(digests.read_text()), "keys": sorted(set(_keys(json.loads(results.read_text()))))}


def _keys(value: Any, before: str = "") -> list[str]:
    """Return the paths of all keys in a JSON value; items of a list share one."""
    if isinstance(value, list):
        return [key for item in value for key in _keys(item, f"{before}[]")]
    if not isinstance(value, dict):
        return [before]
    return [key for name, inner in value.items() for key in _keys(inner, f"{before}.{name}")] or [before]


def _short(values: list[str]) -> str:
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:12]
