"""SSH: a deploy key and known host keys, and nothing in their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.clients.source.interface import GitAccess, SourceRefused
from reconciler.clients.source.remote import open_repository
from tests.contract.source.reaching import resolve
from tests.support.git_servers import GitSshServer, Repository, make_key


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
