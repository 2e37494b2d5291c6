"""What a question about a change costs: the git processes that it starts, and the contents that it reads.

A program of the name git stands before the real one, notes what it is asked, and passes all of it on.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from scripts.bench.repository import Size
from scripts.bench.review.commits import Large, change_shares, list_deployments, make_repository, run_git

_RECORDER = """\
#!/bin/sh
echo "$*" >> {log}/calls
case "$*" in
  *" cat-file --batch") exec {tee} -a {log}/names | {git} "$@" ;;
  *) exec {git} "$@" ;;
esac
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """How often git was started, and the files' contents that it was asked for, with repetitions."""

    processes: int
    blobs: tuple[str, ...]


def measure(folder: Path, log: Path, *words: str) -> Cost:
    """Run a command of modelsync in `folder`, which must end well."""
    git, tee = shutil.which("git"), shutil.which("tee")
    assert git, "git is not on PATH"
    assert tee, "tee is not on PATH"
    log.mkdir()
    recorder = log / "bin" / "git"
    recorder.parent.mkdir()
    recorder.write_text(_RECORDER.format(log=log, git=git, tee=tee))
    recorder.chmod(0o755)
    environment = {**os.environ, "PATH": f"{recorder.parent}{os.pathsep}{os.environ['PATH']}"}
    command = (sys.executable, "-m", "reconciler", *words, "-C", str(folder))
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    names = (log / "names").read_text()
    kinds = subprocess.run(
        (git, "-C", str(folder), "cat-file", "--batch-check=%(objecttype) %(objectname)"),
        input=names,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return Cost(
        processes=len((log / "calls").read_text().splitlines()),
        blobs=tuple(line.split()[1] for line in kinds if line.startswith("blob ")),
    )


def make(folder: Path, environments: int, commits: int) -> Path:
    """Two deployments in each environment, each of a model of its own that has three records."""
    folder.mkdir()
    size = Size(environments=environments, deployments=2, models=30, versions=3)
    make_repository(folder, Large(size=size, commits=commits))
    return folder


@pytest.mark.parametrize(("environments", "commits"), [(4, 9), (12, 25)], ids=["small", "larger"])
def test_one_changed_file_reads_the_history_of_its_environment(
    tmp_path: Path, environments: int, commits: int
) -> None:
    folder = make(tmp_path / "repository", environments, commits)
    change_shares(folder, list_deployments(folder, one_each=True)[:1])
    cost = measure(folder, tmp_path / "log", "validate", "--base", "main")
    # The base's content of the file; then what was merged of the environment: its own file, two deployments
    # with the shares of the beginning and of later, and the three records of the model.
    assert len(cost.blobs) == 1 + 1 + 2 * 2 + 3
    assert cost.processes == 18


def test_a_plan_reads_what_differs_and_nothing_twice(tmp_path: Path) -> None:
    folder = make(tmp_path / "repository", 4, 9)
    run_git(folder, "switch", "--quiet", "--create", "change")
    change_shares(folder, list_deployments(folder, one_each=True))
    run_git(folder, "commit", "--quiet", "--all", "--message=Shares")
    cost = measure(folder, tmp_path / "log", "plan", "--base", "main")
    # The base's contents of four files, and what was merged: of each environment its own file, its
    # deployments with the shares of the beginning and of later, and the records of four models.
    assert len(cost.blobs) == 4 + 4 * (1 + 2 * 2) + 4 * 3
    assert cost.processes == 23


def test_nothing_changed_reads_no_file(tmp_path: Path) -> None:
    folder = make(tmp_path / "repository", 4, 9)
    cost = measure(folder, tmp_path / "log", "validate", "--base", "main")
    assert cost.blobs == ()
