"""git as the caller runs it, in the caller's own work tree: their name, their credentials, no hooks."""

from __future__ import annotations

import subprocess
from os import environ
from pathlib import Path

from reconciler.clients.source.failures import clean
from reconciler.clients.source.interface import SourceRefused, SourceUnreachable

_SECONDS = 60
_SETTINGS = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.quotePath=false",
    # A folder of a pull request that looks like a repository would bring its own configuration.
    "safe.bareRepository=explicit",
)
_WORDS = ("git", *(word for setting in _SETTINGS for word in ("-c", setting)))


class OwnGit:
    """Runs git in a folder. It asks nobody for a password, and speaks English."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory.absolute()

    def prefix(self) -> str:
        """The folder's path from the top of its work tree, with / at its end; empty at the top."""
        output = self.run("rev-parse", "--show-prefix")
        return output.decode("utf-8", "surrogateescape").removesuffix("\n")

    def head(self) -> str:
        """The full name of the commit that is checked out. Raises SourceRefused where there is none yet."""
        arguments = ("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        done = self.start(arguments)
        if done.returncode == 1:
            raise SourceRefused(
                f"{self.directory}: there is no commit yet to begin a branch at. Make the first one: "
                "git add . && git commit"
            )
        return self.finish(arguments, done, (0,)).decode("ascii").strip()

    def text(self, *arguments: str, data: bytes = b"") -> str:
        """What git prints, without blanks around. Raises as `run` does."""
        return self.run(*arguments, data=data).decode("utf-8", "surrogateescape").strip()

    def run(self, *arguments: str, data: bytes = b"", codes: tuple[int, ...] = (0,)) -> bytes:
        """What git prints. Raises SourceRefused where it ends otherwise than with one of `codes`."""
        return self.finish(arguments, self.start(arguments, data), codes)

    def start(self, arguments: tuple[str, ...], data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """How git ended, whatever it said. Raises SourceRefused if it cannot, SourceUnreachable in time."""
        try:
            return subprocess.run(
                (*_WORDS, "-C", str(self.directory), *arguments),
                input=data,
                capture_output=True,
                timeout=_SECONDS,
                check=False,
                env={**environ, "LC_ALL": "C", "LANGUAGE": "C", "GIT_TERMINAL_PROMPT": "0"},
            )
        except FileNotFoundError as error:
            raise SourceRefused(
                "git is not installed, or not on PATH; it tells what is uncommitted."
            ) from error
        except OSError as error:
            raise SourceRefused(
                f"{self.directory}: git {arguments[0]} could not be started: {error.strerror}. "
                "Nothing was changed."
            ) from error
        except subprocess.TimeoutExpired as error:
            raise SourceUnreachable(
                f"{self.directory}: git {arguments[0]} did not end within {_SECONDS} s. Nothing was changed."
            ) from error

    def finish(
        self, arguments: tuple[str, ...], done: subprocess.CompletedProcess[bytes], codes: tuple[int, ...]
    ) -> bytes:
        """What it printed, if it ended with one of `codes`. Raises SourceRefused else."""
        if done.returncode not in codes:
            said = clean(done.stderr.decode("utf-8", "replace")).strip()
            raise SourceRefused(f"{self.directory}: git {arguments[0]} failed: {said}")
        return done.stdout
