"""How a remote repository is reached, and what a person is told when it is not. Real git, real servers."""

from __future__ import annotations

import shutil
import tempfile
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from reconciler.clients.source.interface import (
    GitAccess,
    Lineage,
    RevisionNotFound,
    SourceCorrupt,
    SourceError,
    SourceRefused,
    SourceUnreachable,
)
from reconciler.clients.source.remote import open_repository
from tests.support.git_servers import (
    GitHttpServer,
    GitSshServer,
    Repository,
    find_free_port,
    make_authority,
    make_key,
    serve_http,
    serve_silence,
    serve_ssh,
)
from tests.support.waiting import wait_until

TOKEN = "glpat-s3cr3t/with+odd=characters"
HEADER = "Basic " + b64encode(f"x-access-token:{TOKEN}".encode()).decode()


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


def resolve(location: str, access: GitAccess) -> str:
    with open_repository(location, access) as source:
        return source.resolve("main").sha


def find_processes(text: str) -> list[str]:
    """Command lines of all running processes that hold the text."""
    lines = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = file.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        lines.extend([line] if text in line else [])
    return lines


# HTTPS


def test_the_token_is_sent_with_its_user_to_a_server_of_a_private_ca(
    https: GitHttpServer, tmp_path: Path, token_file: Path, repository: Repository
) -> None:
    access = GitAccess(ca_file=tmp_path / "authority/ca.pem", token_file=token_file)
    assert resolve(https.url("ml.git"), access) == repository.git("rev-parse", "main")
    assert {header for _, header in https.requests} == {HEADER}


def test_the_token_is_on_no_command_line_and_in_no_file(
    https: GitHttpServer, tmp_path: Path, token_file: Path
) -> None:
    seen: list[str] = []
    files: list[Path] = []
    encoded = HEADER.split()[1]

    def look(path: str, authorization: str | None) -> None:
        seen.extend(find_processes(TOKEN) + find_processes(encoded))
        for folder in Path(tempfile.gettempdir()).glob("modelsync-git-*"):
            files.extend(f for f in folder.rglob("*") if f.is_file() and encoded.encode() in f.read_bytes())

    https.judge = look
    with open_repository(
        https.url("ml.git"), GitAccess(ca_file=tmp_path / "authority/ca.pem", token_file=token_file)
    ) as source:
        source.read(source.resolve("main"))
    assert len(https.requests) > 2
    assert (seen, files) == ([], [])


def test_a_wrong_token_is_refused_without_being_shown(
    https: GitHttpServer, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "wrong").write_text("wrong-token-12345")
    access = GitAccess(ca_file=tmp_path / "authority/ca.pem", token_file=tmp_path / "wrong")
    with pytest.raises(SourceRefused, match="--git-token-file") as caught:
        resolve(https.url("ml.git"), access)
    shown = str(caught.value) + "".join(capfd.readouterr())
    assert "wrong-token-12345" not in shown
    assert b64encode(b"x-access-token:wrong-token-12345").decode() not in shown


def test_a_server_that_asks_for_a_token_where_none_is_given(https: GitHttpServer, tmp_path: Path) -> None:
    with pytest.raises(SourceRefused, match="asks for credentials"):
        resolve(https.url("ml.git"), GitAccess(ca_file=tmp_path / "authority/ca.pem"))


def test_a_token_without_the_right_to_read(https: GitHttpServer, tmp_path: Path, token_file: Path) -> None:
    https.judge = lambda path, authorization: (403, {})
    with pytest.raises(SourceRefused, match=r"\(403\).*right to read"):
        resolve(https.url("ml.git"), GitAccess(ca_file=tmp_path / "authority/ca.pem", token_file=token_file))


def test_an_unknown_ca_is_not_trusted_and_gets_no_token(https: GitHttpServer, token_file: Path) -> None:
    with pytest.raises(SourceRefused, match="--git-ca-file"):
        resolve(https.url("ml.git"), GitAccess(token_file=token_file))
    assert https.requests == []


def test_a_certificate_for_another_name_is_not_trusted(
    https: GitHttpServer, tmp_path: Path, token_file: Path
) -> None:
    access = GitAccess(ca_file=tmp_path / "authority/ca.pem", token_file=token_file)
    with pytest.raises(SourceRefused, match="not for this name"):
        resolve(https.url("ml.git").replace("127.0.0.1", "localhost"), access)
    assert https.requests == []


def test_a_redirect_is_not_followed_so_that_no_token_goes_elsewhere(
    https: GitHttpServer, http: GitHttpServer, tmp_path: Path, token_file: Path
) -> None:
    https.judge = lambda path, authorization: (302, {"Location": http.url(path.lstrip("/"))})
    access = GitAccess(ca_file=tmp_path / "authority/ca.pem", token_file=token_file)
    with pytest.raises(SourceRefused, match="Give the final URL"):
        resolve(https.url("ml.git"), access)
    assert http.requests == []


def test_a_token_does_not_travel_over_http(http: GitHttpServer, token_file: Path) -> None:
    with pytest.raises(SourceRefused, match="not sent over http://"):
        resolve(http.url("ml.git"), GitAccess(token_file=token_file))
    assert http.requests == []


@pytest.mark.parametrize("content", ["", "\n", "two words", "two\nlines", "tab\there", "a\x1bb"])
def test_a_token_file_holds_one_token(content: str, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(content)
    with pytest.raises(SourceRefused, match="one token on one line"):
        open_repository("https://git.example.com/ml.git", GitAccess(token_file=tmp_path / "token"))


def test_a_ca_file_holds_a_certificate(tmp_path: Path) -> None:
    (tmp_path / "ca").write_text("nothing")
    with pytest.raises(SourceRefused, match="holds no certificate"):
        open_repository("https://git.example.com/ml.git", GitAccess(ca_file=tmp_path / "ca"))


def test_a_proxy_is_used_and_its_password_not_shown(https: GitHttpServer) -> None:
    port = find_free_port()
    access = GitAccess(proxy=f"http://user:pr0xy-pass@127.0.0.1:{port}", timeout=20)
    with pytest.raises(SourceUnreachable) as caught:
        resolve("https://git.invalid/ml.git", access)
    assert str(port) in str(caught.value)
    assert "pr0xy-pass" not in str(caught.value)


# SSH


def test_the_deploy_key_opens_a_server_whose_host_key_is_known(
    ssh: GitSshServer, repository: Repository
) -> None:
    access = GitAccess(key_file=ssh.key_file, known_hosts_file=ssh.known_hosts_file)
    assert resolve(ssh.url("ml.git"), access) == repository.git("rev-parse", "main")
    assert ssh.commands == ["git-upload-pack '/ml.git'"]


def test_an_unknown_host_key_is_refused(ssh: GitSshServer, tmp_path: Path) -> None:
    (tmp_path / "none").write_text("")
    access = GitAccess(key_file=ssh.key_file, known_hosts_file=tmp_path / "none")
    with pytest.raises(SourceRefused, match=r"host key.*--git-known-hosts"):
        resolve(ssh.url("ml.git"), access)


def test_a_changed_host_key_is_refused(ssh: GitSshServer, tmp_path: Path) -> None:
    other = make_key(tmp_path / "other").with_suffix(".pub").read_text()
    (tmp_path / "changed").write_text(f"[127.0.0.1]:{ssh.port} {other}")
    access = GitAccess(key_file=ssh.key_file, known_hosts_file=tmp_path / "changed")
    with pytest.raises(SourceRefused, match=r"host key.*--git-known-hosts"):
        resolve(ssh.url("ml.git"), access)


def test_a_key_that_the_server_does_not_know_is_refused(ssh: GitSshServer, tmp_path: Path) -> None:
    access = GitAccess(key_file=make_key(tmp_path / "other"), known_hosts_file=ssh.known_hosts_file)
    with pytest.raises(SourceRefused, match="does not accept the deploy key"):
        resolve(ssh.url("ml.git"), access)


def test_a_key_that_others_may_read_is_refused_by_ssh(ssh: GitSshServer) -> None:
    ssh.key_file.chmod(0o644)
    access = GitAccess(key_file=ssh.key_file, known_hosts_file=ssh.known_hosts_file)
    with pytest.raises(SourceRefused, match="chmod 600"):
        resolve(ssh.url("ml.git"), access)


def test_a_key_file_that_holds_no_key(ssh: GitSshServer, tmp_path: Path) -> None:
    (tmp_path / "no key").write_text("nothing\n")
    (tmp_path / "no key").chmod(0o600)
    access = GitAccess(key_file=tmp_path / "no key", known_hosts_file=ssh.known_hosts_file)
    with pytest.raises(SourceRefused, match="no usable private key"):
        resolve(ssh.url("ml.git"), access)


def test_ssh_needs_a_key_and_host_keys(tmp_path: Path) -> None:
    address = "git@git.example.com:ml/models.git"
    with pytest.raises(SourceRefused, match="--git-key-file is not given"):
        open_repository(address, GitAccess())
    with pytest.raises(SourceRefused, match="--git-known-hosts is not given"):
        open_repository(address, GitAccess(key_file=make_key(tmp_path / "key")))


def test_a_missing_credential_file_is_named_with_its_option(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    for url, access, option in (
        ("https://git.example.com/ml.git", GitAccess(token_file=gone), "--git-token-file"),
        ("https://git.example.com/ml.git", GitAccess(ca_file=gone), "--git-ca-file"),
        ("ssh://git@git.example.com/ml.git", GitAccess(key_file=gone), "--git-key-file"),
    ):
        with pytest.raises(SourceRefused, match=rf"gone \({option}\) cannot be read: No such file"):
            open_repository(url, access)


# Servers that fail


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


# What surrounds the program


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


# Clones of CI, and caches


def test_a_shallow_clone_does_not_pretend_to_know_the_history(repository: Repository, tmp_path: Path) -> None:
    first = repository.git("rev-parse", "HEAD")
    head = repository.commit()
    repository.git("clone", "--quiet", "--depth=1", repository.path.as_uri(), str(tmp_path / "shallow"))
    with open_repository(str(tmp_path / "shallow"), GitAccess()) as source:
        assert source.resolve("HEAD").sha == head
        assert source.find_lineage(first, head) is Lineage.UNKNOWN
        with pytest.raises(RevisionNotFound, match="fetch-depth: 0"):
            source.find_merge_base(first, head)


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


def test_a_cache_saves_the_second_transfer(http: GitHttpServer, tmp_path: Path) -> None:
    access = GitAccess(cache=tmp_path / "cache")
    for transfers in (1, 0):
        http.requests.clear()
        with open_repository(http.url("ml.git"), access) as source:
            assert len(source.read(source.resolve("main")).files) == 1
        answered = [path for path, _ in http.requests if path.startswith("/ml.git/info/refs")]
        assert len(answered) == 1 + transfers


def test_a_cache_follows_a_rewritten_branch(
    http: GitHttpServer, repository: Repository, tmp_path: Path
) -> None:
    access = GitAccess(cache=tmp_path / "cache")
    old = repository.git("rev-parse", "main")
    with open_repository(http.url("ml.git"), access) as source:
        source.read(source.resolve("main"))
    repository.git("commit", "--quiet", "--amend", "-m", "rewritten")
    repository.publish(tmp_path / "served/ml.git")
    with open_repository(http.url("ml.git"), access) as source:
        revision = source.resolve("main")
        assert revision.sha != old
        assert source.find_lineage(old, revision.sha) is Lineage.NOT_ANCESTOR


@pytest.mark.parametrize("damage", ["cut", "gone", "config", "HEAD", "packed-refs", "lock"])
def test_a_damaged_cache_is_replaced(http: GitHttpServer, tmp_path: Path, damage: str) -> None:
    access = GitAccess(cache=tmp_path / "cache")
    with open_repository(http.url("ml.git"), access) as source:
        before = source.read(source.resolve("main"))
    (folder,) = (tmp_path / "cache").glob("*.git")
    (pack,) = folder.glob("objects/pack/*.pack")
    pack.chmod(0o600)
    if damage == "cut":
        pack.write_bytes(pack.read_bytes()[:40])
    elif damage == "gone":
        pack.unlink()
    elif damage == "lock":
        (folder / "refs/modelsync/heads/main.lock").write_text("")
        (folder / "packed-refs.lock").write_text("")
    else:
        (folder / damage).write_text("[core\n")
    with open_repository(http.url("ml.git"), access) as source:
        assert source.read(source.resolve("main")) == before


def test_a_cache_does_not_hide_damage_at_the_source(repository: Repository, tmp_path: Path) -> None:
    bare = tmp_path / "served/ml.git"
    access = GitAccess(cache=tmp_path / "cache")
    repository.commit(**{"models/b.yaml": "b\n"})
    name = repository.git("rev-parse", "HEAD:models/b.yaml")
    repository.publish(bare)
    (bare / "objects" / name[:2] / name[2:]).unlink()
    with open_repository(bare.as_uri(), access) as source, pytest.raises(SourceCorrupt):
        source.read(source.resolve("main"))


def test_a_cache_that_cannot_be_written_is_named(http: GitHttpServer, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with open_repository(http.url("ml.git"), GitAccess(cache=tmp_path / "file/cache")) as source:
        revision = source.resolve("main")
        with pytest.raises(SourceRefused, match="--git-cache"):
            source.read(revision)
