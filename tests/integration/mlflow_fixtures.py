"""A real MLflow server for the whole test run, with two versions of one registered model."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from scripts.local_mlflow import MlflowServer, stop_group
from scripts.tools.cache import hold_lock

ROOT = Path(__file__).resolve().parents[2]
TRAINING = ROOT / "scripts" / "demo" / "training"
MODEL = "wine-quality"


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedMlflow:
    """The server of this run. Leave it running; models of one's own have names of one's own.

    `python` is an interpreter with MLflow; `artifacts` the folder behind `mlflow-artifacts:/`.
    """

    uri: str
    python: str
    artifacts: str
    pid: int
    started: float

    def train(self, *runs: Sequence[str], model: str = MODEL) -> str:
        """Train and register one version for each list of arguments; what the training said."""
        calls = [[*arguments, "--registered-model", model] for arguments in runs]
        return self.run(f"import train\nfor call in {calls!r}:\n    assert train.main(call) == 0")

    def run(self, code: str) -> str:
        """Run Python code where MLflow is installed and this server is the tracking server; its output."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
        done = subprocess.run(
            [self.python, "-"],
            input=code,
            cwd=TRAINING,
            env={**environment, "MLFLOW_TRACKING_URI": self.uri, "MLFLOW_DISABLE_TELEMETRY": "true"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="session")
def mlflow_server(run_folder: Path) -> SharedMlflow:
    """Started by the first test that asks, shared by all workers, stopped with the run.

    Its registry has `wine-quality` v1 (alpha 0.1) and v2 (alpha 1.0). A test that stops the server starts
    one of its own: `with MlflowServer() as server: ...` (ten seconds).
    """
    state, ready = run_folder / "mlflow.json", run_folder / "mlflow.ready"
    with hold_lock(run_folder / "mlflow.lock"):
        if not state.exists():
            # Written before anything is registered: should that fail, the server is still stopped.
            state.write_text(json.dumps(asdict(_start(run_folder))), encoding="utf-8")
        shared = SharedMlflow(**json.loads(state.read_text(encoding="utf-8")))
        if not ready.exists():
            shared.train(["--alpha", "0.1"], ["--alpha", "1.0"])
            ready.touch()
    return shared


def _start(run_folder: Path) -> SharedMlflow:
    owner = int(os.environ["MODELSYNC_TEST_RUN_PROCESS"])
    server = MlflowServer(run_folder / "mlflow", owner=owner).start()
    pid, started = server.detach()
    return SharedMlflow(
        uri=server.uri, python=str(server.python), artifacts=str(server.artifacts), pid=pid, started=started
    )


@pytest.hookimpl(tryfirst=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the shared server, before the run's folder goes."""
    if hasattr(config, "workerinput"):
        return
    state = Path(os.environ["MODELSYNC_TEST_RUN_FOLDER"]) / "mlflow.json"
    if state.exists():
        shared = SharedMlflow(**json.loads(state.read_text(encoding="utf-8")))
        stop_group(shared.pid, shared.started)
