"""What people are told for what git, libcurl and OpenSSH say. The words on the left are theirs."""

from __future__ import annotations

import pytest

from reconciler.clients.source.failures import clean, explain, mask
from reconciler.clients.source.interface import (
    RevisionNotFound,
    SourceCorrupt,
    SourceError,
    SourceRefused,
    SourceUnreachable,
)

URL = "https://git.example.com/ml.git"
ACCESS = f"fatal: unable to access '{URL}/': "


@pytest.mark.parametrize(
    ("said", "kind", "told"),
    [
        (
            "fatal: write error: No space left on device\nfatal: fetch-pack: invalid index-pack output",
            SourceUnreachable,
            "make room",
        ),
        # libcurl with OpenSSL, then with GnuTLS as on Debian
        (
            f"{ACCESS}SSL certificate problem: unable to get local issuer certificate",
            SourceRefused,
            "--git-ca-file",
        ),
        (
            f"{ACCESS}server certificate verification failed. CAfile: none CRLfile: none",
            SourceRefused,
            "--git-ca-file",
        ),
        (
            f"{ACCESS}SSL: no alternative certificate subject name matches target host",
            SourceRefused,
            "not for this name",
        ),
        (
            f"{ACCESS}Could not resolve host: git.example.com",
            SourceUnreachable,
            "could not be reached",
        ),
        (
            (f"{ACCESS}Failed to connect to git.example.com port 443 after 2 ms: Connection refused"),
            SourceUnreachable,
            "could not be reached",
        ),
        (
            f"{ACCESS}Operation too slow. Less than 1 bytes/sec transferred",
            SourceUnreachable,
            "could not be reached",
        ),
        (
            f"{ACCESS}The requested URL returned error: 403",
            SourceRefused,
            "right to read",
        ),
        (
            f"{ACCESS}The requested URL returned error: 503",
            SourceUnreachable,
            "cannot answer now",
        ),
        (
            f"{ACCESS}The requested URL returned error: 301",
            SourceRefused,
            "final URL",
        ),
        # The number of a cut transfer's bytes is no status.
        (
            "error: 301 bytes of body are still expected\nfatal: early EOF",
            SourceUnreachable,
            "could not be reached",
        ),
        (
            f"fatal: could not read Username for '{URL}': terminal prompts disabled",
            SourceRefused,
            "asks for credentials",
        ),
        (f"fatal: Authentication failed for '{URL}/'", SourceRefused, "--git-token-file"),
        (f"fatal: repository '{URL}/' not found", SourceRefused, "no git repository here"),
        (
            (
                "fatal: '/srv/ml.git' does not appear to be a git repository\n"
                "fatal: Could not read from remote repository."
            ),
            SourceRefused,
            "no git repository here",
        ),
        # OpenSSH
        (
            (
                "No ED25519 host key is known for git.example.com and you have requested strict checking.\n"
                "Host key verification failed.\nfatal: Could not read from remote repository."
            ),
            SourceRefused,
            "--git-known-hosts",
        ),
        (
            (
                "git@git.example.com: Permission denied (publickey).\n"
                "fatal: Could not read from remote repository."
            ),
            SourceRefused,
            "deploy key",
        ),
        (
            "error: cannot run ssh: No such file or directory\nfatal: unable to fork",
            SourceRefused,
            "not on PATH",
        ),
        ("sh: 1: ssh: not found\nfatal: Could not read", SourceRefused, "not on PATH"),
        ("No user exists for uid 65532\nfatal: Could not read", SourceRefused, "/etc/passwd"),
        (
            (
                "ssh: connect to host git.example.com port 22: Connection timed out\n"
                "fatal: Could not read from remote repository."
            ),
            SourceUnreachable,
            "could not be reached",
        ),
        (
            "kex_exchange_identification: Connection closed by remote host\nfatal: the remote end hung up",
            SourceUnreachable,
            "could not be reached",
        ),
        # git itself
        ("fatal: transport 'ext' not allowed", SourceRefused, "another protocol"),
        ("fatal: remote error: upload-pack: not our ref 4be2a91", RevisionNotFound, "this commit"),
        ("fatal: couldn't find remote ref refs/heads/gone", RevisionNotFound, "this commit"),
        (
            "error: inflate: data stream error\nfatal: loose object 4be2a91 is corrupt",
            SourceCorrupt,
            "damaged",
        ),
        ("fatal: protocol error: bad pack header", SourceCorrupt, "damaged"),
        # A transfer that broke off, not a repository that is broken
        ("fatal: early EOF\nfatal: fetch-pack: invalid index-pack output", SourceUnreachable, "reached"),
        ("fatal: unable to read tree 4be2a91", SourceCorrupt, "damaged"),
    ],
)
def test_reasons_are_told_apart(said: str, kind: type[SourceError], told: str) -> None:
    error = explain("production", said)
    assert type(error) is kind
    assert str(error).startswith("production: ")
    assert told in str(error)


def test_the_name_of_a_repository_does_not_decide() -> None:
    url = "https://git.example.com/certificate-401-corrupt.git"
    said = f"fatal: unable to access '{url}/': Could not resolve host: git.example.com"
    assert type(explain(url, said)) is SourceUnreachable
    assert type(explain("/srv/corrupt", "fatal: /srv/corrupt: early EOF")) is SourceUnreachable


def test_words_that_nobody_foresaw_are_quoted_and_read_as_undecided() -> None:
    error = explain("ml.git", "warning: x\nfatal: the moon is full\nhint: wait")
    assert type(error) is SourceError
    assert str(error).endswith("(git: fatal: the moon is full)")
    assert str(explain("ml.git", "")).endswith("try again later.")


def test_secrets_and_credentials_in_urls_are_masked() -> None:
    said = "fatal: Authentication failed for 'https://ada:pw@git.example.com/': s3cr3t"
    assert mask(said, ("s3cr3t",)) == "fatal: Authentication failed for 'https://***@git.example.com/': ***"
    assert "s3cr3t" not in str(explain("ml.git", said, ("s3cr3t",)))


def test_a_servers_words_cannot_steer_the_terminal() -> None:
    assert clean("remote: \x1b[31mred\x07\r") == "remote:  [31mred"
    assert "\x1b" not in str(explain("ml.git", "remote: \x1b]0;title\x07\nfatal: \x1b[2Jx"))
