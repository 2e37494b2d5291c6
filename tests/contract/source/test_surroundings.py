"""What surrounds the program: the caller's environment, and clones as CI makes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.clients.source.interface import GitAccess, Lineage, RevisionNotFound
from reconciler.clients.source.remote import open_repository
from tests.contract.source.reaching import resolve
from tests.support.git_servers import GitHttpServer, Repository


def test_the_callers_environment_and_configuration_do_not_reach_git(
    http: GitHttpServer, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Once before, because GitPython itself asks git for its version when it is first imported.
    head = repository.git("rev-parse", "main")
    assert resolve(http.url("ml.git"), GitAccess()) == head
    (tmp_path / ".gitconfig").write_text(f'[url "file:///nowhere/"]\n\tinsteadOf = {http.url("")}\n')
    for name, value in {
        "HOME": str(tmp_path),
        "GIT_DIR": "/nowhere",
        "GIT_WORK_TREE": "/nowhere",
        "GIT_OBJECT_DIRECTORY": "/nowhere",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "http.proxy",
        "GIT_CONFIG_VALUE_0": "http://127.0.0.1:9",
        "GIT_CONFIG_PARAMETERS": "'http.proxy'='http://127.0.0.1:9'",
        "GIT_TRACE": str(tmp_path / "trace"),
        "GIT_SSH_COMMAND": "false",
        "GIT_PROXY_SSL_CAINFO": "/nowhere",
        "GIT_ALLOW_PROTOCOL": "ext",
    }.items():
        monkeypatch.setenv(name, value)
    assert resolve(http.url("ml.git"), GitAccess()) == head
    assert resolve(str(repository.path), GitAccess()) == head
    assert not (tmp_path / "trace").exists()


def test_nothing_is_left_behind(http: GitHttpServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    with open_repository(http.url("ml.git"), GitAccess()) as source:
        source.read(source.resolve("main"))
        assert list(scratch.iterdir()) != []
    assert list(scratch.iterdir()) == []


def test_a_shallow_clone_does_not_pretend_to_know_the_history(repository: Repository, tmp_path: Path) -> None:
    first = repository.git("rev-parse", "HEAD")
    head = repository.commit()
    repository.git("clone", "--quiet", "--depth=1", repository.path.as_uri(), str(tmp_path / "shallow"))
    with open_repository(str(tmp_path / "shallow"), GitAccess()) as source:
        assert source.resolve("HEAD").sha == head
        assert source.find_lineage(first, head) is Lineage.UNKNOWN
        with pytest.raises(RevisionNotFound, match="fetch-depth: 0"):
            source.find_merge_bases(first, head)


def test_a_branch_of_the_origin_serves_where_there_is_no_local_one(
    repository: Repository, tmp_path: Path
) -> None:
    repository.git("branch", "release")
    repository.git("clone", "--quiet", str(repository.path), str(tmp_path / "clone"))
    with open_repository(str(tmp_path / "clone"), GitAccess()) as source:
        assert source.resolve("release").sha == repository.git("rev-parse", "release")
        assert source.resolve("main~0").ref == "main~0"


def test_a_folder_inside_a_repository_is_read_relative_to_itself(repository: Repository) -> None:
    repository.commit(**{"teams/wines/models/a.yaml": "a\n", "teams/prices/models/b.yaml": "b\n"})
    with open_repository(str(repository.path / "teams/wines"), GitAccess()) as source:
        revision = source.resolve("HEAD")
        assert source.read(revision).files == {"models/a.yaml": b"a\n"}
        assert source.list_changed(source.resolve("HEAD~1").sha, revision.sha) == ("models/a.yaml",)
