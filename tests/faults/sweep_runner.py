"""Starts runs of the real command in processes of their own, a fork each."""

from __future__ import annotations

import itertools
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from tests.support.shop import Shop

if TYPE_CHECKING:
    from typing_extensions import Self

_ROOT = Path(__file__).resolve().parents[2]
_PATIENCE = 90.0  # seconds; no run under test takes a third of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a run ended (a signal is its negative number), and what it printed."""

    code: int
    out: str
    err: str


class Runner:
    """Runs commands, any number at a time. A context manager; `folder` is for its own files.

    `modules` are imported before the first run, `warm_up` are the arguments of a command without network
    that brings in what later ones need.
    """

    def __init__(self, folder: Path, *, modules: Sequence[str], warm_up: Sequence[str] = ()) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._address = folder / "forks"
        self._warm_up = warm_up
        self._modules = ",".join(modules)
        self._numbers = itertools.count()
        self._forks: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self._forks = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.faults.sweep_forks",
                str(self._address),
                self._modules,
                *self._warm_up,
            ],
            cwd=_ROOT,
            env=_clean_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._forks.stdout is not None
        assert self._forks.stdout.readline() == "ready\n", "the process that forks did not start"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._forks is not None
        with self._forks as forks:
            assert forks.stdin is not None
            forks.stdin.close()
            forks.wait(30)

    def run(
        self,
        *arguments: str,
        folder: Path,
        environment: Mapping[str, str] | None = None,
        started: Callable[[int], None] = lambda _process: None,
    ) -> Ended:
        """Run the command in `folder` until it ends; `started` is told its process id.

        `environment` is added to a clean one, without credentials or settings of whoever runs the tests.
        """
        number = next(self._numbers)
        out, err = (self._folder / f"{number}.{name}" for name in ("out", "err"))
        wanted = {
            "arguments": arguments,
            "environment": dict(environment or {}),
            "folder": str(folder),
            "out": str(out),
            "err": str(err),
        }
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_PATIENCE)
            connection.connect(str(self._address))
            connection.sendall(json.dumps(wanted).encode() + b"\n")
            with connection.makefile("r", encoding="utf-8") as lines:
                process = int(lines.readline())
                started(process)
                try:
                    code = int(lines.readline())
                except TimeoutError as error:
                    os.kill(process, signal.SIGKILL)
                    said = err.read_text(encoding="utf-8")
                    raise AssertionError(f"a run did not end in {_PATIENCE:.0f} s: {said}") from error
        ended = Ended(code=code, out=out.read_text(encoding="utf-8"), err=err.read_text(encoding="utf-8"))
        out.unlink()
        err.unlink()
        return ended


def open_runner(folder: Path) -> Runner:
    """A runner that has rendered once, so that what that loads is there."""
    shop = Shop(folder / "warm-up")
    shop.add_environment("production", "warm-up")
    shop.declare("production/wines", {1: 100})
    warm_up = ("render", "production", "-C", str(shop.folder))
    return Runner(folder, modules=("kubernetes.client", "kubernetes.config"), warm_up=warm_up)


def _clean_environment() -> dict[str, str]:
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "TMPDIR") if key in os.environ}
    return {**kept, "KUBECONFIG": os.devnull, "NO_COLOR": "1"}
