"""The command line as tests call it."""

import json
from pathlib import Path

import pellucid

QUICK = ("--features", "pixels", "--size", "8", "--cross-validate", "0")  # what these tests are not about


def results(path, command):
    document = json.loads(Path(path).read_text())
    assert list(document) == ["schema", "command", "version", "results"]
    assert (document["schema"], document["command"]) == (1, command) and document["version"] == pellucid.__version__
    return document["results"]
