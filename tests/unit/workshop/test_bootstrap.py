"""`scripts/bootstrap` before it installs anything: which Python it takes, and what it says without one."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "scripts" / "bootstrap"
NEEDED = ("bash", "cat", "dirname", "env", "sed")


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A checkout with the script alone, and `bin/` as the whole PATH: no Python on it."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(SCRIPT, tmp_path / "scripts")
    (tmp_path / "bin").mkdir()
    for program in NEEDED:
        place = shutil.which(program)
        assert place is not None
        (tmp_path / "bin" / program).symlink_to(place)
    return tmp_path


def install(machine: Path, name: str, text: str) -> Path:
    file = machine / "bin" / name
    file.write_text(f"#!/usr/bin/env bash\n{text}\n", encoding="utf-8")
    file.chmod(0o755)
    return file


def bootstrap(machine: Path, *arguments: str, python: str = "") -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(machine / "bin"), "PYTHON": python}
    command = [str(machine / "scripts" / "bootstrap"), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_without_python_says_what_is_needed(machine: Path) -> None:
    done = bootstrap(machine)
    assert done.returncode == 1
    assert "no Python 3.10, 3.11 or 3.12 with the modules venv and ensurepip on PATH" in done.stderr
    assert "PYTHON=/path/to/python" in done.stderr


def test_is_not_fooled_by_a_shim_that_does_not_work(machine: Path) -> None:
    install(machine, "python3.12", "echo 'pyenv: python3.12: command not found' >&2; exit 127")
    install(machine, "python3.11", "exit 0")
    assert "no Python 3.10, 3.11 or 3.12" in bootstrap(machine).stderr


def test_takes_the_newest_that_works(machine: Path) -> None:
    install(machine, "python3.12", "exit 127")
    # Says what an interpreter says that serves, and fails at the first thing that is asked of it afterwards.
    said = "echo 3.11.9 cpython x86_64 /usr; [ -z \"${2:-}\" ] || { echo 'this one was taken' >&2; exit 9; }"
    install(machine, "python3.11", said)
    install(machine, "python3.10", 'echo 3.10.1 cpython x86_64 /usr; [ -z "${2:-}" ] || exit 8')
    (machine / "requirements").mkdir()
    (machine / "requirements" / "bootstrap.txt").touch()
    done = bootstrap(machine)
    assert (done.returncode, "this one was taken" in done.stderr) == (9, True)


def test_a_named_python_that_does_not_serve_is_not_replaced_by_another(machine: Path) -> None:
    named = install(machine, "python", "exit 1")
    done = bootstrap(machine, python=str(named))
    assert done.returncode == 1
    assert f"PYTHON={named} is not a working Python 3.10, 3.11 or 3.12" in done.stderr


def test_an_unknown_part_is_an_error_of_use(machine: Path) -> None:
    done = bootstrap(machine, "everything")
    assert done.returncode == 2
    assert "there is no part everything; the parts are: dev, mlflow, mlserver, uv" in done.stderr


def test_help_needs_nothing(machine: Path) -> None:
    done = bootstrap(machine, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith("Make the virtual environments")
    assert os.linesep + "Usage: scripts/bootstrap" in done.stdout
