"""All rules over a recorded history: what they would have said of each merge at the time of its merge.

`recorded.fast-export` is the history of a small repository, as `git fast-export` writes it: pull requests
that were merged by a forge, each written long before, and one commit that lies about when it was made.
`scripts/bless tests/golden/history` accepts what the rules say now.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime, timezone
from itertools import pairwise
from pathlib import Path

import pytest

from reconciler.clients.source.interface import GitAccess, LineCommit, Source
from reconciler.clients.source.remote import open_repository
from reconciler.pipeline.history.base import judge_revision
from reconciler.pipeline.history.reading import read_deployment_history
from reconciler.report.history import show_json, show_text
from tests.support.git_servers import Repository

FOLDER = Path(__file__).parent
NOW = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Source]:
    repository = Repository(tmp_path_factory.mktemp("recorded") / "work")
    repository.git("fast-import", "--quiet", data=(FOLDER / "recorded.fast-export").read_bytes())
    with open_repository(str(repository.path), GitAccess(timeout=120)) as opened:
        yield opened


def judge(source: Source, before: LineCommit, merged: LineCommit) -> str:
    """What the rules say of a merge at the time when it was made."""
    commit = merged.commit
    now = max(before.commit.committed, commit.committed)
    judged = judge_revision(source, before.commit.sha, source.resolve(commit.sha), now)
    lines = [f"{now:%Y-%m-%d %H:%M} {commit.subject}"]
    for finding in judged.check.findings:
        lines.append(f"  {finding.location} {finding.rule} ({finding.grade.value})")
        lines.append(f"    {finding.message}")
        lines += [f"    {line}" for line in finding.advice.splitlines()]
    return "\n".join(lines)


def check_golden(name: str, text: str) -> None:
    file = FOLDER / name
    if os.environ.get("MODELSYNC_BLESS") == "1":
        file.write_text(f"{text}\n", encoding="utf-8")
    assert f"{text}\n" == file.read_text(encoding="utf-8"), (
        "accept it with: scripts/bless tests/golden/history"
    )


def test_every_merge_is_judged_as_it_was_accepted(source: Source) -> None:
    commits = source.read_line(source.resolve("main").sha).commits
    pairs = pairwise(commits)
    check_golden("report.txt", "\n\n".join(judge(source, before, merged) for before, merged in pairs))


def test_the_history_of_a_deployment_is_told_as_it_was_accepted(source: Source) -> None:
    history = read_deployment_history(source, source.resolve("main"), ("production", "wines"), NOW)
    check_golden("production-wines.txt", show_text(history, history.periods))
    check_golden("production-wines.json", show_json(history, history.periods[:3]))
