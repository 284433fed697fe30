"""Private folders: nobody else reads them, and those of killed processes go away."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from pellucid.system.files import private_folder


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_folders_of_killed_processes_are_deleted_and_no_others(temporary):
    code = f"""import sys, tempfile
tempfile.tempdir = {str(temporary)!r}
from pellucid.system.files import private_folder
folder, _ = private_folder("test-")
(folder / "photo.jpg").write_bytes(b"x")
print(folder, flush=True)
sys.stdin.read()"""
    (temporary / "test-of another program").mkdir()
    with subprocess.Popen([sys.executable, "-c", code], stdin=-1, stdout=-1, text=True) as other:
        theirs = Path(other.stdout.readline().strip())
        mine, delete = private_folder("test-")
        assert theirs.is_dir() and mine.is_dir()  # both live
        other.kill()
        other.wait()
    again, _ = private_folder("test-")
    assert not theirs.exists() and mine.is_dir() and again.is_dir()
    assert (temporary / "test-of another program").is_dir()
    delete()
    delete()
    assert not mine.exists()


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_nobody_else_may_read_it():
    folder, delete = private_folder("test-")
    assert folder.stat().st_mode & 0o777 == 0o700
    delete()
