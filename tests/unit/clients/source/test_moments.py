"""When commits were made, also those whose time no calendar has, in real git."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from pathlib import Path

import pytest

from reconciler.clients.source.interface import GitAccess
from reconciler.clients.source.moments import read_moment
from reconciler.clients.source.remote import open_repository
from reconciler.clients.source.worktree import GitWorktree
from tests.support.git_servers import Repository

FILE = "models/a.yaml"
LAST = datetime(9999, 1, 1, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("seconds", "moment"),
    [
        ("0", datetime(1970, 1, 1, tzinfo=timezone.utc)),
        ("1790000000", datetime(2026, 9, 21, 14, 13, 20, tzinfo=timezone.utc)),
        ("253370764799", datetime(9998, 12, 31, 23, 59, 59, tzinfo=timezone.utc)),
        ("253370764801", LAST),
        ("999999999999", LAST),
        ("18446744073709551615", LAST),
    ],
)
def test_a_time_beyond_the_calendar_is_its_last_year(seconds: str, moment: datetime) -> None:
    assert read_moment(seconds) == moment


def test_a_commit_beyond_the_calendar_is_read_as_any_other(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "work")
    repository.commit(**{FILE: "a\n"})
    made = repository.git("cat-file", "commit", "HEAD") + "\n"
    far = re.sub(r"(?m)^(committer .*>) \d+", r"\1 999999999999", made)
    sha = repository.git("hash-object", "-t", "commit", "-w", "--stdin", data=far.encode())
    repository.git("reset", "--quiet", "--hard", sha)
    writers = GitWorktree(repository.path).find_writers(FILE, b"a\n", (1,))
    assert (writers[1].commit, writers[1].moment) == (sha, LAST)
    with open_repository(str(repository.path), GitAccess(timeout=30)) as source:
        (one,) = source.read_line(source.resolve("main").sha).commits
    assert (one.commit.sha, one.commit.committed) == (sha, LAST)
