"""Starts and stops a Gitea of one's own."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import urllib3

from scripts.local_cluster.errors import ClusterError
from scripts.local_cluster.gitea.configuration import write_configuration
from scripts.local_cluster.gitea.files import provide_gitea
from scripts.local_cluster.ports import LOOPBACK, free_ports
from scripts.local_cluster.processes import INHERITED, Process, identify, start

if TYPE_CHECKING:
    from typing_extensions import Self

ROOT = Path(__file__).resolve().parents[3]
ADMINISTRATOR = "forge-admin"
_DEADLINE = 120.0
_STEP = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody with an account; the token may do whatever they may, also as the password of git."""

    name: str
    token: str


class GiteaServer:
    """One Gitea with its data in a temporary folder. A context manager; stopping removes the data.

    When this process is gone without having stopped it, a guard does.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="modelsync-gitea-"))
        self._port = 0
        self._process: Process | None = None
        self._guard: Process | None = None
        self._administrator: Account | None = None
        self._pool = urllib3.PoolManager()

    @property
    def address(self) -> str:
        """Where people would open it. Raises ClusterError before it is started."""
        if not self._port:
            raise ClusterError("the forge was not started yet, so it has no address; call start().")
        return f"http://{LOOPBACK}:{self._port}"

    @property
    def administrator(self) -> Account:
        """Who may do everything. Raises ClusterError before it is started."""
        if self._administrator is None:
            raise ClusterError("the forge was not started yet, so it has no accounts; call start().")
        return self._administrator

    @property
    def log(self) -> Path:
        """What the server writes."""
        return self.folder / "gitea.log"

    def start(self) -> Self:
        """Start it, wait until it answers, and make the administrator. Raises ClusterError."""
        files = provide_gitea()
        (self._port,) = free_ports(1)
        configuration = self.folder / "app.ini"
        write_configuration(configuration, folder=self.folder, static=files.static, port=self._port)
        command = (str(files.program), "--config", str(configuration))
        self._process = start(
            "gitea", (*command, "web"), log=self.log, folder=self.folder, environment=self._environment()
        )
        self._start_guard(self._process)
        try:
            self._wait(self._process)
            self._administrator = self._make_administrator(command)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop it and remove its data."""
        for process in (self._process, self._guard):
            if process is not None:
                process.stop()
        self._process = self._guard = None
        self._pool.clear()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def make_account(self, name: str) -> Account:
        """A new account without any rights but its own. Raises ClusterError."""
        password = secrets.token_hex(12)
        self.demand(
            "POST",
            "/admin/users",
            {
                "username": name,
                "email": f"{name}@example.com",
                "password": password,
                "must_change_password": False,
            },
        )
        basic = urllib3.make_headers(basic_auth=f"{name}:{password}")
        body = {"name": "all", "scopes": ["all"]}
        made = self._send("POST", f"/users/{name}/tokens", body, basic)
        return Account(name=name, token=str(self._accept(made, f"POST /users/{name}/tokens")["sha1"]))

    def git_address(self, account: Account, repository: str) -> str:
        """Where git clones and pushes as this account; it holds the token."""
        return f"http://{account.name}:{account.token}@{LOOPBACK}:{self._port}/{repository}.git"

    def call(
        self, method: str, path: str, body: Any = None, *, account: Account | None = None
    ) -> tuple[int, Any]:
        """Status and JSON of a call of the API, `path` below /api/v1; the administrator calls by default."""
        who = account or self.administrator
        return self._send(method, path, body, {"Authorization": f"token {who.token}"})

    def demand(self, method: str, path: str, body: Any = None, *, account: Account | None = None) -> Any:
        """The JSON of a call that succeeds. Raises ClusterError when it does not."""
        return self._accept(self.call(method, path, body, account=account), f"{method} {path}")

    def _accept(self, answer: tuple[int, Any], what: str) -> Any:
        status, told = answer
        if not 200 <= status < 300:
            raise ClusterError(f"the forge answered {status} to {what}: {told}")
        return told

    def _send(self, method: str, path: str, body: Any, headers: Mapping[str, str]) -> tuple[int, Any]:
        answer = self._pool.request(
            method,
            f"{self.address}/api/v1{path}",
            body=None if body is None else json.dumps(body),
            headers={**headers, "Content-Type": "application/json"},
            timeout=30,
            retries=False,
        )
        try:
            return answer.status, json.loads(answer.data)
        except ValueError:
            return answer.status, None

    def _environment(self) -> Mapping[str, str]:
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        # Its git has no configuration but its own.
        own = {"HOME": str(self.folder), "GIT_CONFIG_NOSYSTEM": "1"}
        # In a container everybody is root; what it guards against is a server that others can reach.
        root = {"GITEA_I_AM_BEING_UNSAFE_RUNNING_AS_ROOT": "true"} if os.geteuid() == 0 else {}
        return {**inherited, **own, **root}

    def _make_administrator(self, command: tuple[str, ...]) -> Account:
        self._run(
            *(*command, "admin", "user", "create", "--admin", "--username", ADMINISTRATOR),
            *("--email", f"{ADMINISTRATOR}@example.com", "--random-password", "--must-change-password=false"),
        )
        said = self._run(
            *(*command, "admin", "user", "generate-access-token", "--username", ADMINISTRATOR),
            *("--token-name", "all", "--scopes", "all", "--raw"),
        )
        # What it has to remark comes before.
        return Account(name=ADMINISTRATOR, token=said.split()[-1])

    def _run(self, *command: str) -> str:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=dict(self._environment()),
            capture_output=True,
            text=True,
            timeout=_DEADLINE,
            check=False,
        )
        if done.returncode != 0 or not done.stdout.strip():
            told = (done.stderr or done.stdout).strip()
            raise ClusterError(f"gitea {' '.join(command[3:6])} ended with {done.returncode}:\n{told}")
        return done.stdout

    def _wait(self, process: Process) -> None:
        end = time.monotonic() + _DEADLINE
        while not self._answers():
            if not process.is_running():
                raise ClusterError(f"gitea did not start; its last words:\n{process.last_words()}")
            if time.monotonic() > end:
                raise ClusterError(f"gitea does not answer; its last words:\n{process.last_words()}")
            time.sleep(_STEP)

    def _answers(self) -> bool:
        try:
            answer = self._pool.request("GET", f"{self.address}/api/healthz", timeout=5, retries=False)
        except urllib3.exceptions.HTTPError:
            return False
        return answer.status == 200

    def _start_guard(self, process: Process) -> None:
        owner = identify("owner", os.getpid())
        numbers = (process.pid, process.started, owner.pid, owner.started)
        # It ends a process, with the group that it leads and the folder of its data, when the owner is gone.
        command = (sys.executable, "-m", "scripts.local_mlflow.guard", *map(str, numbers), str(self.folder))
        self._guard = start("guard", command, log=self.folder / "guard.log", folder=ROOT)
