"""A small GitOps repository in real git, and the real command run on it."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

from reconciler.policy.records import compute_digest
from reconciler.state.declarations import RecordedFile

_GIT = {
    "GIT_AUTHOR_NAME": "Shop",
    "GIT_AUTHOR_EMAIL": "shop@example.com",
    "GIT_COMMITTER_NAME": "Shop",
    "GIT_COMMITTER_EMAIL": "shop@example.com",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str


class Shop:
    """A repository with the model wines, versions 1 to 3 pinned; environments are added by the tests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main")
        self.write(
            "models/wines/model.yaml",
            """\
            registeredModel: wine-quality
            owners: ["@wine-team"]
            serving:
              server: mlflow
              protocol: v2
              resources: {requests: {cpu: 100m, memory: 256Mi}, limits: {memory: 512Mi}}
            """,
        )
        for version in (1, 2, 3):
            self.write(f"models/wines/versions/{version}.yaml", make_record(version))

    def write(self, path: str, text: str) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text), encoding="utf-8")

    def add_environment(self, name: str, namespace: str, more: str = "") -> None:
        lines = [
            f"namespace: {namespace}",
            "artifacts:",
            '  - {from: "mlflow-artifacts:/", to: "s3://mlflow/artifacts", secret: artifacts-s3}',
            "allow: {secrets: [artifacts-s3]}",
            *dedent(more).splitlines(),
        ]
        self.write(f"environments/{name}/environment.yaml", "\n".join(lines) + "\n")

    def declare(self, deployment: str, shares: Mapping[int, int], more: str = "") -> None:
        """`deployment` is ENV/NAME; `shares` map versions to percents of live traffic."""
        environment, _, name = deployment.partition("/")
        lines = ["model: wines", "variants:"]
        for version, traffic in shares.items():
            lines += [f"  - version: {version}", f"    traffic: {traffic}"]
        lines += dedent(more).splitlines()
        self.write(f"environments/{environment}/deployments/{name}.yaml", "\n".join(lines) + "\n")

    def remove(self, path: str) -> None:
        self.git("rm", "-r", "--quiet", path)

    def commit(self, message: str = "Change") -> str:
        """Commit everything; the commit's full name."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD").strip()

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.folder,
            env={**os.environ, **_GIT},
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    def run(self, *arguments: str, kubeconfig: Path | None = None, timeout: float = 120) -> Ended:
        """Run the real command in this repository, for `timeout` seconds at most."""
        done = subprocess.run(
            [sys.executable, "-m", "reconciler", *arguments],
            cwd=self.folder,
            env=self.environment(kubeconfig),
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        return Ended(code=done.returncode, out=done.stdout, err=done.stderr)

    def environment(self, kubeconfig: Path | None) -> dict[str, str]:
        """The environment that the command runs in: no credentials or settings of whoever runs the tests."""
        kept = {
            key: os.environ[key]
            for key in ("PATH", "HOME", "TMPDIR", "COVERAGE_PROCESS_START")
            if key in os.environ
        }
        return {**kept, "KUBECONFIG": str(kubeconfig) if kubeconfig else os.devnull, "NO_COLOR": "1"}


def make_record(version: int) -> str:
    """A version record that is right in itself: its digest is that of its files."""
    content = hashlib.sha256(f"model {version}".encode()).hexdigest()
    digest = compute_digest({"MLmodel": RecordedFile.model_validate({"bytes": 100, "sha256": content})})
    return dedent(
        f"""\
        identity:
          registry: main
          name: wine-quality
          version: {version}
          source: "mlflow-artifacts:/1/models/m-{version}/artifacts"
          run: "{version:032x}"
          created: "2026-11-21T14:03:00.000Z"
          digest: "{digest}"
          files:
            MLmodel: {{bytes: 100, sha256: "{content}"}}
        loader:
          flavours:
            python_function: {{loader_module: mlflow.sklearn}}
          mlflow: "3.17.2"
          python: "3.11.7"
        evidence:
          metrics: {{rmse: 0.7}}
        """
    )
