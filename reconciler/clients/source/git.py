"""Runs git. The only importer of GitPython, whose errors do not leave this module.

GitPython starts the processes; what it leaves open is closed here. It hands its whole environment on, so
`env -u` takes everything away that is not ours (names only: values never stand on a command line). Its own
time limit looks for children one by one; here git gets a session of its own, which is ended as a whole.

Importing it takes longer than git needs to say where a branch stands, which is all that a quiet run asks. So
the questions in `_QUICK` are started without it, with the same environment, settings and limits.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from reconciler.clients.source.access import Credentials
from reconciler.clients.source.failures import explain
from reconciler.clients.source.home import Home
from reconciler.clients.source.interface import SourceRefused, SourceUnreachable

_OLDEST = (2, 32)
"""The first git that takes its settings from the environment and its global file from a given place."""

_QUICK = frozenset(
    {"version", "ls-remote", "ls-tree", "rev-parse", "rev-list", "merge-base", "cat-file", "diff-tree"}
)

_PASSED_ON = ("PATH", "TMPDIR")
_PROXIES = ("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY")

# They stand above what a repository's own configuration says.
_SETTINGS = {
    "advice.detachedHead": "false",
    "core.askPass": "",
    "core.attributesFile": os.devnull,
    "core.commitGraph": "false",
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.pager": "cat",
    "credential.helper": "",
    "fetch.fsckObjects": "true",
    "fetch.recurseSubmodules": "false",
    "fetch.unpackLimit": "1",
    "fetch.writeCommitGraph": "false",
    "gc.auto": "0",
    "gpg.format": "ssh",
    "gpg.openpgp.program": os.devnull,
    "gpg.ssh.program": "ssh-keygen",
    "gpg.x509.program": os.devnull,
    "http.followRedirects": "false",
    "http.sslVerify": "true",
    "i18n.logOutputEncoding": "UTF-8",
    "maintenance.auto": "false",
    "protocol.allow": "never",
    "protocol.version": "2",
    "submodule.recurse": "false",
    "transfer.fsckObjects": "true",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How a git command ended, what it wrote, and what it said beside that."""

    code: int
    output: bytes
    said: str = ""


class Git:
    """git with fixed settings, an environment built from scratch and a time limit on every call.

    `location` is the repository as messages name it; `protocol` the only one that may be spoken (empty:
    none at all); `timeout` in seconds bounds each call that says nothing else.
    """

    def __init__(
        self,
        location: str,
        *,
        protocol: str = "",
        credentials: Credentials | None = None,
        timeout: float = 60.0,
    ) -> None:
        self._location = location
        self._credentials = credentials or Credentials()
        self._timeout = timeout
        self._version: tuple[int, ...] = ()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._closed = False
        self._state = threading.Lock()
        self._home = Home()
        self.folder = self._home.path
        self._environment = self._build_environment(protocol)

    def run(
        self,
        *arguments: str,
        directory: Path | None = None,
        data: bytes = b"",
        codes: tuple[int, ...] = (0,),
        timeout: float | None = None,
    ) -> Answer:
        """Run one command in `directory` (default: an empty folder) with `data` as its input.

        Raises the port's errors for an exit code that is not in `codes`, and SourceUnreachable when the
        time is up.
        """
        self._check_version()
        return self._run(arguments, directory or self.folder, data, codes, timeout or self._timeout)

    @property
    def signers_file(self) -> Path:
        """Where git looks for the keys that may sign; nobody's, until somebody writes them there."""
        return self.folder / "allowed-signers"

    def check_version(self, least: tuple[int, int], purpose: str) -> None:
        """Raises SourceRefused if git is older than `purpose` takes."""
        self._check_version()
        if self._version < least:
            raise SourceRefused(
                f"git {'.'.join(map(str, self._version))} is too old to {purpose}; "
                f"{'.'.join(map(str, least))} is needed."
            )

    def close(self) -> None:
        """End what still runs, and remove the folder that served as git's home.

        A run that is broken off does not wait for the threads that wait for git; without this, git would go
        on by itself until its own time is up.
        """
        with self._state:
            self._closed = True
            left = tuple(self._running)
        for process in left:
            _kill(process)
        self._home.close()

    def _check_version(self) -> None:
        if self._version:
            return
        words = self._run(("version",), self.folder, b"", (0,), self._timeout).output.decode().split()
        found = tuple(int(part) for part in words[2].split(".") if part.isdigit())
        if found[:2] < _OLDEST:
            raise SourceRefused(
                f"git {words[2]} is too old; {'.'.join(map(str, _OLDEST))} is needed, "
                "which takes all of its settings from modelsync."
            )
        self._version = found[:2]

    def _run(
        self,
        arguments: tuple[str, ...],
        directory: Path,
        data: bytes,
        codes: tuple[int, ...],
        seconds: float,
    ) -> Answer:
        process = self._start(directory, arguments)
        with self._state:
            self._running.add(process)
            closed = self._closed
        try:
            if closed:
                raise SourceUnreachable(f"{self._location}: git {arguments[0]} was broken off with the run.")
            output, said = process.communicate(data, timeout=seconds)
        except subprocess.TimeoutExpired as error:
            raise SourceUnreachable(
                f"{self._location}: git {arguments[0]} did not end within {seconds:g} s. "
                "Nothing was changed; try again later."
            ) from error
        finally:
            _end(process)
            with self._state:
                self._running.discard(process)
        words = said.decode("utf-8", "replace")
        if process.returncode not in codes:
            raise explain(self._location, words, self._credentials.secrets)
        return Answer(code=process.returncode, output=output, said=words)

    def _start(self, directory: Path, arguments: tuple[str, ...]) -> subprocess.Popen[bytes]:
        words = ("--no-pager", "-C", str(directory), *arguments)
        if arguments[0] in _QUICK:
            return self._start_quickly(words)
        try:
            # Fails where there is no git.
            from git import Git as Command
            from git.exc import GitCommandNotFound
        except ImportError as error:
            raise _not_installed() from error
        unwanted = [name for name in os.environ if name not in self._environment]
        removal = [word for name in unwanted for word in ("-u", name)]
        try:
            process = Command().execute(
                ["env", *removal, str(Command.GIT_PYTHON_GIT_EXECUTABLE), *words],
                as_process=True,
                istream=subprocess.PIPE,
                env=dict(self._environment),
                start_new_session=True,
            )
        except GitCommandNotFound as error:
            raise SourceRefused('the program "env" is not on PATH; git is started through it.') from error
        # Taken out of GitPython's wrapper, which would end the process when it goes out of use: now.
        popen, process.proc = process.proc, None
        return cast("subprocess.Popen[bytes]", popen)

    def _start_quickly(self, words: tuple[str, ...]) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                ["git", *words],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=dict(self._environment),
                start_new_session=True,
            )
        except FileNotFoundError as error:
            raise _not_installed() from error

    def _build_environment(self, protocol: str) -> Mapping[str, str]:
        passed = _PASSED_ON + (_PROXIES if protocol in ("http", "https") else ())
        settings = {
            **_SETTINGS,
            "gpg.ssh.allowedSignersFile": str(self.signers_file),
            "http.lowSpeedLimit": "1",
            "http.lowSpeedTime": str(max(1, int(self._timeout))),
            **self._credentials.settings,
        }
        global_file = self.folder / ".gitconfig"
        # Owners differ in CI containers and mounted volumes. The check keeps others' configuration from
        # running programs; the settings above do that already. Only a file reaches git's own children.
        global_file.write_text("[safe]\n\tdirectory = *\n", encoding="utf-8")
        environment = {name: os.environ[name] for name in passed if name in os.environ}
        environment |= {
            "GIT_ALLOW_PROTOCOL": protocol or "none",
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_CEILING_DIRECTORIES": str(self.folder.parent),
            "GIT_CONFIG_GLOBAL": str(global_file),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_COUNT": str(len(settings)),
            "GIT_GRAFT_FILE": os.devnull,
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_TERMINAL_PROMPT": "0",
            "HOME": str(self.folder),
            "LANGUAGE": "C",
            "LC_ALL": "C",
            "XDG_CONFIG_HOME": str(self.folder),
            **self._credentials.variables,
        }
        for number, (key, value) in enumerate(settings.items()):
            environment[f"GIT_CONFIG_KEY_{number}"] = key
            environment[f"GIT_CONFIG_VALUE_{number}"] = value
        return environment


def _not_installed() -> SourceRefused:
    return SourceRefused("git is not installed, or not on PATH; modelsync reads commits with it.")


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and all that it started, if it is still there; whoever waits for it takes note."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it started, if it is still there."""
    _kill(process)
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            stream.close()
