"""The large repository with a history: a real git repository, the same at every call."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scripts.bench.repository import Size, generate

COMMITS = 2000
_START = 1_767_225_600  # 2026-01-01
_HOUR = 3600
_BEFORE = ("traffic: 90", "traffic: 10")
_AFTER = ("traffic: 80", "traffic: 20")
_CHANGED = ("traffic: 70", "traffic: 30")


@dataclass(frozen=True, slots=True, kw_only=True)
class Large:
    """How large the repository is: its files, and the commits of its main branch."""

    size: Size = field(default_factory=Size)
    commits: int = COMMITS

    def __str__(self) -> str:
        return f"{self.size}, {self.commits:,} commits"


def make_repository(folder: Path, large: Large) -> None:
    """Write the repository into `folder`, with its main branch checked out.

    The first commit brings all files; each later one sets the shares of one deployment, one after the other.
    """
    run_git(folder, "init", "--quiet", "--initial-branch=main")
    run_git(folder, "fast-import", "--quiet", data=b"".join(_list_commits(large)))
    # As a clone has it: one pack, and an index that knows the files.
    run_git(folder, "repack", "-adq")
    run_git(folder, "checkout", "--quiet", "main")


def change_shares(folder: Path, paths: tuple[str, ...]) -> None:
    """Set the shares of deployments to others than both that the history knows."""
    for path in paths:
        file = folder / path
        text = _set_shares(file.read_text(encoding="utf-8"), _BEFORE, _CHANGED)
        file.write_text(_set_shares(text, _AFTER, _CHANGED), encoding="utf-8")


def list_deployments(folder: Path, *, one_each: bool) -> tuple[str, ...]:
    """Paths of deployments: the first of each environment, or all."""
    places = sorted(folder.glob("environments/*/deployments"))
    chosen = (sorted(place.iterdir())[: 1 if one_each else None] for place in places)
    return tuple(str(file.relative_to(folder)) for files in chosen for file in files)


def run_git(folder: Path, *arguments: str, data: bytes | None = None) -> None:
    """Run git in `folder`, whatever the user has configured. Raises CalledProcessError."""
    identity = ("-c", "user.name=Bench", "-c", "user.email=bench@example.org", "-c", "commit.gpgSign=false")
    subprocess.run(("git", "-C", str(folder), *identity, *arguments), input=data, check=True)


def _list_commits(large: Large) -> Iterator[bytes]:
    files = dict(generate(large.size))
    deployments = sorted(path for path in files if "/deployments/" in path)
    yield _write_commit(0, "Everything", files)
    for number in range(1, large.commits):
        path = deployments[number % len(deployments)]
        old, new = (_BEFORE, _AFTER) if _BEFORE[0] in files[path] else (_AFTER, _BEFORE)
        files[path] = _set_shares(files[path], old, new)
        yield _write_commit(number, f"Shares of {path}", {path: files[path]})


def _set_shares(text: str, old: tuple[str, str], new: tuple[str, str]) -> str:
    for before, after in zip(old, new, strict=True):
        text = text.replace(before, after)
    return text


def _write_commit(number: int, subject: str, files: Mapping[str, str]) -> bytes:
    """A commit as git-fast-import(1) takes it; a later one follows the one before it."""
    who = f"Ann <ann@example.org> {_START + number * _HOUR} +0000"
    head = f"commit refs/heads/main\ncommitter {who}\n".encode() + _write_data(subject)
    return head + b"".join(
        f"M 100644 inline {path}\n".encode() + _write_data(text) for path, text in files.items()
    )


def _write_data(text: str) -> bytes:
    data = text.encode()
    return b"data %d\n%s\n" % (len(data), data)
