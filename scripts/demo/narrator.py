"""Tells the story: says what comes, shows each command as a person would type it, and what it prints."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping
from difflib import ndiff
from pathlib import Path

_WIDTH = 100


class StepFailed(Exception):
    """A command of the story did not end as the story says it does."""


class Narrator:
    """Runs the story's commands in one folder, with one environment."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        """`environment` is laid over this process's own; `folder` is where commands run until `enter`."""
        self._folder = folder
        self._environment = dict(environment)
        self._started = time.monotonic()
        self._chapter = 0
        self._times: list[tuple[str, float]] = []

    def chapter(self, title: str) -> None:
        """Begin a step of the story."""
        self._chapter += 1
        self._times.append((title, time.monotonic()))
        _print(f"\n{'─' * _WIDTH}\n{self._chapter}. {title}")

    def say(self, text: str) -> None:
        """A sentence or two for the reader."""
        _print(f"   {text}")

    def enter(self, folder: Path) -> None:
        """Go to a folder, as `cd` would."""
        self._folder = folder
        _print(f"\n   $ cd {folder.name}")

    def write(self, path: str, text: str, *, append: bool = False) -> None:
        """Write a file of the repository, and show it."""
        file = self._folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a" if append else "w", encoding="utf-8") as out:
            out.write(text)
        _print(f"\n   {path}{' (added)' if append else ''}:")
        for line in text.splitlines():
            _print(f"   │ {line}")

    def replace(self, path: str, old: str, new: str) -> None:
        """Change one text in a file of the repository, and show it as a difference."""
        file = self._folder / path
        text = file.read_text(encoding="utf-8")
        if text.count(old) != 1:
            raise StepFailed(f"{path} holds {old!r} {text.count(old)} times, expected once")
        file.write_text(text.replace(old, new), encoding="utf-8")
        _print(f"\n   {path}:")
        for line in ndiff(old.splitlines(), new.splitlines()):
            if not line.startswith("?"):
                _print(f"   │ {line}")

    def run(
        self, command: str, *, ends_with: int = 0, quiet: bool = False, extra: Mapping[str, str] | None = None
    ) -> str:
        """Run a command and show what it prints. Raises StepFailed unless it ends with that exit code.

        `quiet` shows the command alone; `extra` adds to the environment for this command.
        """
        _print(f"\n   $ {command}")
        environment = {**os.environ, **self._environment, **(extra or {})}
        # One pipe for both streams keeps the order in which a terminal would show them.
        process = subprocess.Popen(
            shlex.split(command),
            cwd=self._folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if process.stdout is None:
            raise StepFailed(f"{command}: its output cannot be read")
        lines = []
        for line in process.stdout:
            lines.append(line)
            if not quiet:
                _print(f"   {line.rstrip()}")
        code = process.wait()
        if code != ends_with:
            said = "" if not quiet else "\n" + "".join(lines[-30:])
            raise StepFailed(f"`{command}` ended with {code}, expected {ends_with}{said}")
        return "".join(lines)

    def summarise(self) -> None:
        """How long each step took."""
        ends = [start for _, start in self._times[1:]] + [time.monotonic()]
        for number, ((title, start), end) in enumerate(zip(self._times, ends, strict=True), 1):
            _print(f"   {number:>2}. {title:<72} {end - start:>5.1f} s")
        _print(f"   {'':>3} {'all':<72} {time.monotonic() - self._started:>5.1f} s")


def _print(text: str) -> None:
    print(text, flush=True, file=sys.stdout)
