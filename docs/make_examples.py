"""Write the output under each example of the README, from a run: `python docs/make_examples.py`. A test compares them.

An example is a block of Python or of shell commands that is followed by a block of text. Of shell commands, those of
pellucid are run.
"""

import contextlib
import io
import re
import subprocess
import sys
import tempfile
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"
EXAMPLE = re.compile(r"```(python|sh)\n(.*?)```\n\n```text\n(.*?)```", re.S)


def output(kind: str, source: str) -> str:
    """Return what an example prints.  kind: python or sh."""
    if kind == "python":
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(compile(source, "example", "exec"), {})
        return printed.getvalue()
    printed_by = []
    with tempfile.TemporaryDirectory() as folder:
        for arguments in re.findall(r"^(?:\S*/)?pellucid ([^#\n]*)", source, re.M):
            command = [sys.executable, "-m", "pellucid", *arguments.split()]
            printed_by.append(subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout)
    return "".join(printed_by)


def with_outputs(text: str) -> str:
    """Return a document with the output of each example as it is now."""
    return EXAMPLE.sub(
        lambda found: f"```{found[1]}\n{found[2]}```\n\n```text\n{_trimmed(output(found[1], found[2]))}```", text
    )


def _trimmed(text: str) -> str:
    return "".join(f"{line.rstrip()}\n" for line in text.strip("\n").splitlines())


if __name__ == "__main__":
    README.write_text(with_outputs(README.read_text("utf-8")), "utf-8")
