"""A repository of a team, every way to it, and servers that are asked for it."""

from __future__ import annotations

import shutil
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from reconciler.clients.source.interface import GitAccess, Source
from reconciler.clients.source.remote import open_repository
from tests.support.git_servers import (
    GitHttpServer,
    GitSshServer,
    Repository,
    make_authority,
    serve_http,
    serve_ssh,
)

TOKEN = "glpat-s3cr3t/with+odd=characters"
HEADER = "Basic " + b64encode(f"x-access-token:{TOKEN}".encode()).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A repository of a test and one way to it. `publish` brings its commits to where they are read."""

    repository: Repository
    store: Path
    publish: Callable[[], object]
    open: Callable[[], Source]


@pytest.fixture(params=["checkout", "bare", "file", "http", "https", "ssh"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    assert shutil.which("ssh"), "these tests need an ssh client (Debian: openssh-client)"
    repository = Repository(tmp_path / "work tree")
    repository.commit("first", **{"models/wines/model.yaml": "registeredModel: wine-quality\n"})
    served = tmp_path / "served"
    served.mkdir()
    bare = served / "ml.git"
    kind = str(request.param)
    with ExitStack() as stack:
        location, access = str(bare), GitAccess(timeout=30)
        if kind == "checkout":
            location = str(repository.path)
        elif kind == "file":
            location = bare.as_uri()
        elif kind == "http":
            location = stack.enter_context(serve_http(served)).url("ml.git")
        elif kind == "https":
            ca_file, tls = make_authority(tmp_path / "authority")
            token_file = tmp_path / "token"
            token_file.write_text(f"{TOKEN}\n")
            location = stack.enter_context(serve_http(served, tls=tls)).url("ml.git")
            access = GitAccess(timeout=30, ca_file=ca_file, token_file=token_file, cache=tmp_path / "cache")
        elif kind == "ssh":
            server = stack.enter_context(serve_ssh(served, tmp_path / "keys of a team"))
            location = server.url("ml.git")
            access = GitAccess(timeout=30, key_file=server.key_file, known_hosts_file=server.known_hosts_file)
        yield Place(
            repository=repository,
            store=repository.path / ".git" if kind == "checkout" else bare,
            publish=lambda: repository.publish(bare),
            open=lambda: open_repository(location, access),
        )


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path / "work")
    repository.commit("first", **{"models/wines/model.yaml": "registeredModel: wine-quality\n"})
    (tmp_path / "served").mkdir()
    repository.publish(tmp_path / "served/ml.git")
    return repository


@pytest.fixture
def http(repository: Repository, tmp_path: Path) -> Iterator[GitHttpServer]:
    with serve_http(tmp_path / "served") as server:
        yield server


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    make_authority(tmp_path / "authority")
    return tmp_path / "authority/ca.pem"


@pytest.fixture
def https(repository: Repository, tmp_path: Path) -> Iterator[GitHttpServer]:
    """Asks for the token, as forges do."""
    _, tls = make_authority(tmp_path / "authority")

    def judge(path: str, authorization: str | None) -> tuple[int, dict[str, str]] | None:
        return None if authorization == HEADER else (401, {"WWW-Authenticate": 'Basic realm="git"'})

    with serve_http(tmp_path / "served", tls=tls) as server:
        server.judge = judge
        yield server


@pytest.fixture
def ssh(repository: Repository, tmp_path: Path) -> Iterator[GitSshServer]:
    assert shutil.which("ssh"), "these tests need an ssh client (Debian: openssh-client)"
    with serve_ssh(tmp_path / "served", tmp_path / "keys of a team") as server:
        yield server


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    return file
