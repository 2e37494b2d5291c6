"""modelsync itself: whole processes on a git repository in a folder."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from scripts.bench.measure import BenchError
from scripts.bench.sync.declared import Declared, declare
from scripts.bench.sync.manifests import MODELSYNC
from scripts.bench.sync.stage import Client, Stage, run_all

# The branches of a repository: all deployments, and all but one of each environment retired.
ALL = "main"
RETIRED = "retired"


class Ours:
    """One repository with so many objects, and what modelsync does with it."""

    def __init__(self, stage: Stage, objects: int) -> None:
        self._stage = stage
        self._environments = stage.environments
        self.repository = stage.folder / f"repository-{objects}"
        if not self.repository.exists():
            lay_out_repository(self.repository, objects)

    def sync(self, ref: str = ALL, *, kubeconfig: Path | None = None) -> Client:
        """One `modelsync sync` of all environments."""
        command = (MODELSYNC, "sync", *self._environments, "--repository", str(self.repository), "--ref", ref)
        return self._run(command, kubeconfig)

    def plan(self) -> Client:
        """One `modelsync plan --live` of all environments."""
        return self._run((MODELSYNC, "plan", *self._environments, "--live", "-C", str(self.repository)), None)

    def _run(self, command: tuple[str, ...], kubeconfig: Path | None) -> Client:
        where = kubeconfig or self._stage.cluster.kubeconfig
        return run_all((command,), kubeconfig=where, folder=self._stage.folder)


def lay_out_repository(folder: Path, objects: int) -> None:
    """A git repository with the branches above; ALL is checked out."""
    folder.mkdir()
    _git(folder, "init", "--quiet", "--initial-branch", ALL)
    _commit(folder, Declared(objects=objects), "All deployments")
    _git(folder, "switch", "--quiet", "--create", RETIRED)
    _commit(folder, Declared(objects=objects, kept=1), "All but one of each environment end")
    _git(folder, "switch", "--quiet", ALL)


def _commit(folder: Path, declared: Declared, message: str) -> None:
    for path, text in declare(declared).items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    _git(folder, "add", "--all")
    _git(folder, "commit", "--quiet", "--message", message)


def _git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=bench", "-c", "user.email=bench@example.com", "-c", "commit.gpgsign=false")
    # No settings of the machine's or the user's, such as hooks.
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    command = ("git", *identity, "-c", "gc.auto=0", *arguments)
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchError(f"git {arguments[0]} ended with {done.returncode}: {done.stderr.strip()}")
