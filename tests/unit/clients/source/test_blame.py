"""Which commit last wrote which line, in real git."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.clients.source.interface import SourceRefused
from reconciler.clients.source.worktree import GitWorktree
from tests.support.git_servers import Repository

FILE = "models/a.yaml"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "work")


def test_lines_apart_and_in_a_row_are_told_each_with_its_commit(repository: Repository) -> None:
    first = repository.commit(**{FILE: "a\nb\nc\nd\ne\n"})
    second = repository.commit(**{FILE: "a\nB\nc\nd\nE\n"})
    content = b"a\nB\nc\nnew\nE\n"
    writers = GitWorktree(repository.path).find_writers(FILE, content, (5, 1, 2, 4))
    assert {line: written.commit for line, written in writers.items()} == {
        1: first,
        2: second,
        4: "",
        5: second,
    }


def test_a_file_may_be_longer_than_a_command_line(repository: Repository) -> None:
    length = 130_000
    content = "x: 1\n" * length
    sha = repository.commit(**{FILE: content})
    writers = GitWorktree(repository.path).find_writers(FILE, content.encode(), range(1, length + 1))
    assert len(writers) == length
    assert {written.commit for written in writers.values()} == {sha}


def test_more_lines_apart_than_a_command_line_takes_are_refused(repository: Repository) -> None:
    repository.commit(**{FILE: "x: 1\n"})
    with pytest.raises(SourceRefused, match=r"git blame could not be started: Argument list too long\."):
        GitWorktree(repository.path).find_writers(FILE, b"x: 1\n", range(1, 1_000_000, 2))
