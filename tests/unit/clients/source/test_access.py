"""How credential files become git's settings."""

from __future__ import annotations

import shlex
from base64 import b64encode
from pathlib import Path

from reconciler.clients.source.access import Credentials, read_credentials
from reconciler.clients.source.address import parse_address
from reconciler.clients.source.interface import GitAccess

HTTPS = parse_address("https://git.example.com:8443/ml.git")
SSH = parse_address("git@git.example.com:ml.git")


def write(path: Path, text: str = "x\n") -> Path:
    path.write_text(text)
    return path


def test_local_repositories_need_nothing(tmp_path: Path) -> None:
    access = GitAccess(token_file=tmp_path / "gone", key_file=tmp_path / "gone")
    assert read_credentials(access, parse_address("/srv/ml.git")) == Credentials()


def test_the_token_goes_to_its_origin_only_and_is_kept_from_messages(tmp_path: Path) -> None:
    access = GitAccess(token_file=write(tmp_path / "token", "s3cr3t\r\n"), username="oauth2")
    encoded = b64encode(b"oauth2:s3cr3t").decode()
    assert read_credentials(access, HTTPS) == Credentials(
        settings={"http.https://git.example.com:8443/.extraHeader": f"Authorization: Basic {encoded}"},
        secrets=(encoded, "s3cr3t"),
    )


def test_ca_and_proxy_are_settings(tmp_path: Path) -> None:
    ca = write(tmp_path / "ca.pem", "-----BEGIN CERTIFICATE-----\n")
    found = read_credentials(GitAccess(ca_file=ca, proxy="http://u:pw@proxy:3128"), HTTPS)
    assert found.settings == {"http.sslCAInfo": str(ca), "http.proxy": "http://u:pw@proxy:3128"}
    assert found.secrets == ("pw",)


def test_ssh_uses_the_given_files_and_no_others(tmp_path: Path) -> None:
    access = GitAccess(
        key_file=write(tmp_path / "de'ploy 100%"), known_hosts_file=write(tmp_path / "hosts"), timeout=7.5
    )
    words = shlex.split(read_credentials(access, SSH).variables["GIT_SSH_COMMAND"])
    assert words[:3] == ["ssh", "-F", "/dev/null"]
    options = dict(word.split("=", 1) for word in words[4::2])
    assert set(words[3::2]) == {"-o"}
    assert options["IdentityFile"] == f'"{tmp_path}/de\'ploy 100%%"'
    assert options["UserKnownHostsFile"] == f'"{tmp_path}/hosts"'
    assert options["GlobalKnownHostsFile"] == "/dev/null"
    assert (options["IdentitiesOnly"], options["IdentityAgent"]) == ("yes", "none")
    assert (options["StrictHostKeyChecking"], options["BatchMode"]) == ("yes", "yes")
    assert options["ConnectTimeout"] == "7"
