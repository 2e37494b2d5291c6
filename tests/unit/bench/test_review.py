"""The repository with a history: what is in it, and how what was measured on it is compared."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from scripts.bench.measure import Sample, Task
from scripts.bench.repository import Size
from scripts.bench.review.commits import Large, change_shares, list_deployments, make_repository
from scripts.bench.review.part import show_verdict
from scripts.bench.table import Row, build_rows

SMALL = Large(size=Size(environments=3, deployments=2, models=4, versions=3), commits=10)


def ask_git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(("git", "-C", str(folder), *arguments), capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_default_has_two_thousand_commits() -> None:
    assert str(Large()) == "200 environments, 1000 deployments, 400 version records, 2,000 commits"


def test_the_repository_is_the_same_every_time(tmp_path: Path) -> None:
    heads = []
    for name in ("first", "second"):
        folder = tmp_path / name
        folder.mkdir()
        make_repository(folder, SMALL)
        heads.append(ask_git(folder, "rev-parse", "main"))
        assert ask_git(folder, "rev-list", "--count", "--first-parent", "main") == "10"
        assert ask_git(folder, "status", "--porcelain") == ""
    assert heads[0] == heads[1]


def test_each_commit_after_the_first_changes_one_deployment(tmp_path: Path) -> None:
    make_repository(tmp_path, SMALL)
    stat = ask_git(tmp_path, "log", "--format=", "--name-only", "main~9..main").split()
    assert len(stat) == 9
    assert set(stat) == set(list_deployments(tmp_path, one_each=False))


def test_a_change_sets_shares_that_the_history_does_not_know(tmp_path: Path) -> None:
    make_repository(tmp_path, SMALL)
    paths = list_deployments(tmp_path, one_each=True)
    assert len(paths) == 3
    change_shares(tmp_path, paths)
    assert ask_git(tmp_path, "diff", "--name-only").split() == list(paths)
    assert "traffic: 70" in (tmp_path / paths[0]).read_text()


def build(ours: float, kubeconform: float, conftest: float) -> tuple[Row, ...]:
    return build_rows(
        {
            Task(
                name=name,
                subject="validate --base: 200 changed files",
                folder=Path("/nowhere"),
                commands=(("true",),),
            ): (Sample(seconds=seconds, mib=60, cpu=seconds / 2),)
            for name, seconds in (("modelsync", ours), ("kubeconform", kubeconform), ("conftest", conftest))
        }
    )


@pytest.mark.parametrize(
    ("ours", "ratio", "verdict"), [(1.5, "1.00×", "at most 2×: kept"), (3.3, "2.20×", "at most 2×: NOT KEPT")]
)
def test_ours_is_compared_with_both_together(ours: float, ratio: str, verdict: str) -> None:
    line = show_verdict(build(ours, 1.0, 0.5))
    assert f"takes {ratio} the time of kubeconform + conftest ({ratio} on processors)" in line
    assert line.endswith(verdict)
