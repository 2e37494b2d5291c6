"""Reading a directory: everything in the data folders, nothing else, and no surprises."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reconciler.load.documents import load
from reconciler.load.limits import DOCUMENT_BYTES
from reconciler.load.worktree import Worktree, read_worktree

NOBODY = 65534


def write(root: Path, path: str, content: bytes = b"x: 1\n") -> Path:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


@contextmanager
def an_ordinary_user(folder: Path) -> Iterator[None]:
    """Stand in `folder` without the rights of root, whom no permission stops."""
    before, user = Path.cwd(), os.geteuid()
    os.chdir(folder)
    folder.chmod(0o755)
    if user == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)
        os.chdir(before)


def test_only_the_data_folders_are_read(tmp_path: Path) -> None:
    write(tmp_path, "models/wines/model.yaml", b"a")
    write(tmp_path, "environments/eu/deployments/wines.yaml", b"b")
    write(tmp_path, "schemas/model.schema.json", b"c")
    write(tmp_path, "models/.cache/model.yaml", b"d")
    assert read_worktree(tmp_path) == Worktree(
        files={"models/wines/model.yaml": b"a", "environments/eu/deployments/wines.yaml": b"b"}
    )


def test_a_directory_without_data_is_empty_not_wrong(tmp_path: Path) -> None:
    assert read_worktree(tmp_path) == Worktree(files={})


def test_links_are_told_not_followed(tmp_path: Path) -> None:
    write(tmp_path, "environments/eu/environment.yaml")
    (tmp_path / "models").symlink_to("/etc")
    (tmp_path / "environments/us").symlink_to("eu")
    (tmp_path / "environments/eu/exceptions.yaml").symlink_to("/etc/passwd")
    found = read_worktree(tmp_path)
    assert set(found.files) == {"environments/eu/environment.yaml"}
    assert found.links == {
        "models": "/etc",
        "environments/us": "eu",
        "environments/eu/exceptions.yaml": "/etc/passwd",
    }


def test_what_is_neither_file_nor_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    os.mkfifo(tmp_path / "models/defaults.yaml")
    with socket.socket(socket.AF_UNIX) as listener:
        os.chdir(tmp_path)  # a socket's path may not be long
        listener.bind("models/socket")
    assert read_worktree(tmp_path).unreadable == {
        "models/defaults.yaml": "it is neither a file nor a folder",
        "models/socket": "it is neither a file nor a folder",
    }


@pytest.fixture(autouse=True)
def stay(tmp_path: Path) -> Iterator[None]:
    before = Path.cwd()
    yield
    os.chdir(before)


def test_files_and_folders_without_permission_are_told(tmp_path: Path) -> None:
    write(tmp_path, "environments/eu/environment.yaml").chmod(0)
    write(tmp_path, "environments/us/environment.yaml").parent.chmod(0)
    write(tmp_path, "models/wines/model.yaml")
    with an_ordinary_user(tmp_path):
        found = read_worktree(Path())
    assert found.unreadable == {
        "environments/eu/environment.yaml": "permission denied",
        "environments/us": "permission denied",
    }
    assert set(found.files) == {"models/wines/model.yaml"}


def test_a_data_folder_without_permission_is_not_taken_for_a_missing_one(tmp_path: Path) -> None:
    write(tmp_path, "environments/eu/environment.yaml")
    (tmp_path / "environments").chmod(0)
    with an_ordinary_user(tmp_path):
        found = read_worktree(Path())
    assert found.unreadable == {"environments": "permission denied"}
    assert [finding.rule for finding in load(found.files, unreadable=found.unreadable).findings] == [
        "unreadable-file"
    ]


def test_a_file_in_the_place_of_a_data_folder_is_no_declaration(tmp_path: Path) -> None:
    write(tmp_path, "models", b"x")
    assert [finding.rule for finding in load(read_worktree(tmp_path).files).findings] == ["unknown-file"]


def test_a_large_file_is_read_only_as_far_as_its_size_shows(tmp_path: Path) -> None:
    write(tmp_path, "models/defaults.yaml", b"#" * (3 * DOCUMENT_BYTES))
    found = read_worktree(tmp_path)
    assert len(found.files["models/defaults.yaml"]) == DOCUMENT_BYTES + 1
    assert [finding.rule for finding in load(found.files).findings] == ["document-size"]


def test_names_need_not_be_utf_8(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path / "models")
    os.mkdir(folder)  # noqa: PTH102 (a pathlib path cannot hold these bytes)
    with open(os.path.join(folder, b"\xff.yaml"), "wb"):  # noqa: PTH118, PTH123
        pass
    (finding,) = load(read_worktree(tmp_path).files).findings
    assert finding.location.file == "models/\\udcff.yaml"


def test_a_repository_inside_is_told_not_read(tmp_path: Path) -> None:
    write(tmp_path, "models/wines/.git", b"gitdir: elsewhere")
    write(tmp_path, "models/wines/model.yaml")
    assert read_worktree(tmp_path) == Worktree(
        files={}, unreadable={"models/wines": "it is a repository of its own, as submodules are"}
    )


def test_more_bytes_than_are_read_of_a_commit_are_read_of_no_work_tree(tmp_path: Path) -> None:
    for number in range(130):
        with write(tmp_path, f"models/{number}.bin").open("wb") as file:
            file.truncate(DOCUMENT_BYTES)
    assert read_worktree(tmp_path) == Worktree(
        files={}, unreadable={"models": "it holds more than 100,000 files, or than 128 MiB"}
    )
