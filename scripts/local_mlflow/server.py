"""Starts and stops `mlflow server` on SQLite with proxied artifacts, in a folder or in a bucket."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from scripts.local_cluster.ports import free_ports
from scripts.local_mlflow.process import read_start_time, stop_group

if TYPE_CHECKING:
    from typing_extensions import Self

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"
_DEADLINE = 120.0
_STEP = 0.2
_LOG_LINES = 25


class MlflowServerError(Exception):
    """The server could not be started. Says what it wrote last."""


class MlflowServer:
    """One MLflow server with its data under `folder` (a new temporary folder if none is given).

    As a context manager it is started on entry and stopped on exit, and a temporary folder is removed.
    `stop` and `start` may alternate: address and data stay, so that an outage can be played. When the
    process with id `owner` (default: this one) is gone without having stopped the server, a guard does.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        python: Path | None = None,
        owner: int | None = None,
        deadline: float = _DEADLINE,
        destination: str | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Describe a server; `start` starts it.

        destination: where it stores artifacts, `s3://bucket/path` say; a folder of its own when not given.
        environment: variables that only the server gets, such as the key of that bucket.
        """
        self._temporary = folder is None
        self.folder = Path(tempfile.mkdtemp(prefix="modelsync-mlflow-")) if folder is None else folder
        self._python = python or ROOT / ".venv-mlflow" / "bin" / "python"
        self._deadline = deadline
        self._destination = destination
        self._environment = dict(environment or {})
        self._port = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        owner = os.getpid() if owner is None else owner
        self._owner = (owner, read_start_time(owner))

    @property
    def uri(self) -> str:
        """The tracking and registry URI. Raises MlflowServerError before the first start."""
        if not self._port:
            raise MlflowServerError(
                "the MLflow server was not started yet, so it has no address; call start()."
            )
        return f"http://{HOST}:{self._port}"

    @property
    def python(self) -> Path:
        """The interpreter that has MLflow."""
        return self._python

    @property
    def artifacts(self) -> Path:
        """The folder that stands behind `mlflow-artifacts:/`; empty where a bucket does."""
        return self.folder / "artifacts"

    @property
    def log(self) -> Path:
        """What the server writes."""
        return self.folder / "server.log"

    @property
    def process(self) -> tuple[int, float]:
        """Process id and start time, for `stop_group`; (0, 0) while stopped."""
        return (self._process.pid, self._started) if self._process else (0, 0.0)

    def start(self) -> Self:
        """Start and wait until it answers. Raises MlflowServerError."""
        if self._process is not None:
            return self
        if not self._python.exists():
            raise MlflowServerError(
                f"no MLflow at {self._python}; run scripts/bootstrap mlflow, which makes that environment."
            )
        self.artifacts.mkdir(parents=True, exist_ok=True)
        keep_port = bool(self._port)
        for attempt in range(3):
            self._port = self._port if keep_port else free_ports(1)[0]
            self._launch()
            if self._wait():
                return self
            # Between the search for a free port and its use somebody else may have taken it.
            taken = not _is_free(self._port)
            lines = self._last_lines()
            self.stop()
            if keep_port or not taken or attempt == 2:
                break
        raise MlflowServerError(
            f"the MLflow server at {HOST}:{self._port} did not become healthy within {self._deadline:.0f} s; "
            f"its last lines ({self.log}):\n{lines}"
        )

    def stop(self) -> None:
        """Stop the server and everything it started; its data stay."""
        if self._process is not None:
            stop_group(self._process.pid, self._started)
            self._process.wait()
        if self._guard is not None:
            self._guard.wait()
        self._process, self._guard, self._started = None, None, 0.0

    def detach(self) -> tuple[int, float]:
        """Leave the running server to its guard, or to `stop_group` with the process that is returned."""
        leader = self.process
        for child in (self._process, self._guard):
            if child is not None:
                # Else Python warns at its end that a child still runs, which is what is wanted here.
                child.returncode = 0
        self._process, self._guard, self._started = None, None, 0.0
        return leader

    def remove(self) -> None:
        """Stop, and remove the data if they were temporary."""
        self.stop()
        if self._temporary:
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.remove()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()

    def _launch(self) -> None:
        # The caller's own registry settings and credentials must not reach this server.
        foreign = ("MLFLOW_", "AWS_")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        environment |= self._environment
        environment |= {
            # Without these it takes five times the memory, leaves processes behind, and calls home.
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "PYTHONUNBUFFERED": "1",
        }
        command = [
            *(str(self._python), "-m", "mlflow", "server"),
            *("--host", HOST, "--port", str(self._port), "--workers", "1"),
            *("--backend-store-uri", f"sqlite:///{self.folder / 'mlflow.db'}"),
            *("--artifacts-destination", self._destination or str(self.artifacts)),
        ]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._started = read_start_time(self._process.pid)
        self._set_guard(self._process.pid)

    def _set_guard(self, pid: int) -> None:
        arguments = [str(value) for value in (pid, self._started, *self._owner)]
        # Not waited for: it ends with the server.
        self._guard = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "scripts.local_mlflow.guard",
                *arguments,
                str(self.folder) * self._temporary,
            ],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _wait(self) -> bool:
        end = time.monotonic() + self._deadline
        while time.monotonic() < end:
            if self._process is None or self._process.poll() is not None:
                return False
            if self._is_healthy():
                return True
            time.sleep(_STEP)
        return False

    def _is_healthy(self) -> bool:
        connection = http.client.HTTPConnection(HOST, self._port, timeout=5)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _last_lines(self) -> str:
        text = self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-_LOG_LINES:])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True
