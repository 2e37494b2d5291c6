"""Servers that are down, silent or in trouble, and what a person is told."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path

import pytest

from reconciler.clients.source.interface import (
    GitAccess,
    RevisionNotFound,
    SourceError,
    SourceRefused,
    SourceUnreachable,
)
from reconciler.clients.source.remote import open_repository
from tests.contract.source.reaching import find_processes, resolve
from tests.support.git_servers import (
    GitHttpServer,
    GitSshServer,
    Repository,
    find_free_port,
    make_key,
    serve_silence,
)
from tests.support.waiting import wait_until


def test_a_server_that_is_down_is_unreachable() -> None:
    with pytest.raises(SourceUnreachable, match="could not be reached"):
        resolve(f"http://127.0.0.1:{find_free_port()}/ml.git", GitAccess())


def test_an_ssh_server_that_is_down_is_unreachable(ssh: GitSshServer) -> None:
    access = GitAccess(key_file=ssh.key_file, known_hosts_file=ssh.known_hosts_file)
    with pytest.raises(SourceUnreachable, match="could not be reached"):
        resolve(f"ssh://git@127.0.0.1:{find_free_port()}/ml.git", access)


@pytest.mark.parametrize("scheme", ["http", "ssh"])
def test_a_server_that_stays_silent_is_given_up_in_time_and_no_process_stays(
    scheme: str, tmp_path: Path
) -> None:
    (tmp_path / "hosts").write_text("")
    access = GitAccess(timeout=1.5, key_file=make_key(tmp_path / "key"), known_hosts_file=tmp_path / "hosts")
    with serve_silence() as port:
        # Nothing else would end it before the test's own time is up.
        with pytest.raises(SourceUnreachable):
            resolve(f"{scheme}://127.0.0.1:{port}/ml.git", access)
        assert find_processes(str(port)) == []


@pytest.mark.parametrize("scheme", ["http", "ssh"])
def test_what_is_asked_when_a_run_is_broken_off_ends_with_it(scheme: str, tmp_path: Path) -> None:
    """The run does not wait for the thread that waits for git, so that git must be ended."""
    (tmp_path / "hosts").write_text("")
    access = GitAccess(timeout=600, key_file=make_key(tmp_path / "key"), known_hosts_file=tmp_path / "hosts")
    with serve_silence() as port:
        source = open_repository(f"{scheme}://127.0.0.1:{port}/ml.git", access)

        def ask() -> None:
            with suppress(SourceError):
                source.resolve("main")

        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        wait_until(lambda: find_processes(str(port)), "git to ask", patience=60)

        source.close()

        asking.join(60)
        assert not asking.is_alive()
        assert find_processes(str(port)) == []


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_server_in_trouble_is_unreachable(http: GitHttpServer, status: int) -> None:
    http.judge = lambda path, authorization: (status, {})
    with pytest.raises(SourceUnreachable, match="cannot answer now"):
        resolve(http.url("ml.git"), GitAccess())


def test_a_server_that_breaks_off_while_objects_are_fetched(http: GitHttpServer) -> None:
    with open_repository(http.url("ml.git"), GitAccess()) as source:
        revision = source.resolve("main")
        http.judge = lambda path, authorization: (500, {}) if path.endswith("git-upload-pack") else None
        with pytest.raises(SourceUnreachable):
            source.read(revision)


def test_a_repository_that_is_not_there(http: GitHttpServer, ssh: GitSshServer, tmp_path: Path) -> None:
    access = GitAccess(key_file=ssh.key_file, known_hosts_file=ssh.known_hosts_file)
    gone = tmp_path / "gone.git"
    for location in (http.url("gone.git"), ssh.url("gone.git"), gone.as_uri()):
        with pytest.raises(SourceRefused, match="no git repository here"):
            resolve(location, access)
    with pytest.raises(SourceRefused, match="no such folder"):
        resolve(str(gone), access)


def test_a_folder_without_a_repository(tmp_path: Path) -> None:
    with pytest.raises(SourceRefused, match="in no git repository"):
        resolve(str(tmp_path), GitAccess())


def test_a_repository_without_commits(tmp_path: Path) -> None:
    bare = Repository(tmp_path / "new").git("init", "--bare", str(tmp_path / "empty.git"))
    assert "Initialized" in bare
    with pytest.raises(RevisionNotFound, match="no branch at all yet"):
        resolve((tmp_path / "empty.git").as_uri(), GitAccess())
    with pytest.raises(RevisionNotFound, match="'main'"):
        resolve(str(tmp_path / "empty.git"), GitAccess())


def test_the_nearest_branch_is_suggested(http: GitHttpServer) -> None:
    with (
        open_repository(http.url("ml.git"), GitAccess()) as source,
        pytest.raises(RevisionNotFound, match='Did you mean "main"'),
    ):
        source.resolve("mian")


def test_a_branch_that_is_rewritten_between_asking_and_reading(
    http: GitHttpServer, repository: Repository, tmp_path: Path
) -> None:
    bare = tmp_path / "served/ml.git"
    with open_repository(http.url("ml.git"), GitAccess()) as source:
        revision = source.resolve("main")
        repository.git("commit", "--quiet", "--amend", "-m", "rewritten")
        repository.publish(bare)
        repository.git("--git-dir", str(bare), "gc", "--quiet", "--prune=now")
        with pytest.raises(SourceUnreachable, match="the next run reads it anew"):
            source.read(revision)
