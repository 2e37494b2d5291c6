"""From credential files to git's settings. Their content goes into the environment of git alone."""

from __future__ import annotations

import os
import shlex
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from reconciler.clients.source.address import Address
from reconciler.clients.source.interface import GitAccess, SourceRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What git is told about one remote: settings, environment variables, and texts never to be shown."""

    settings: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()


def read_credentials(access: GitAccess, address: Address) -> Credentials:
    """Read the files that this address needs. Raises SourceRefused with the file and the option's name."""
    if address.scheme in ("http", "https"):
        return _prepare_http(access, address)
    if address.scheme == "ssh":
        return _prepare_ssh(access, address)
    return Credentials()


def _prepare_http(access: GitAccess, address: Address) -> Credentials:
    settings: dict[str, str] = {}
    secrets: list[str] = []
    if access.proxy is not None:
        settings["http.proxy"] = access.proxy
        password = urlsplit(access.proxy).password
        secrets.extend([password] if password else [])
    if access.ca_file is not None:
        if "-----BEGIN CERTIFICATE-----" not in _read_file(access.ca_file, "--git-ca-file"):
            raise SourceRefused(
                f"{access.ca_file} (--git-ca-file) holds no certificate; it must be PEM, "
                "with -----BEGIN CERTIFICATE----- lines."
            )
        settings["http.sslCAInfo"] = str(access.ca_file.absolute())
    if access.token_file is not None:
        if address.scheme == "http":
            raise SourceRefused(
                f"{address.text}: a token is not sent over http://, where anyone on the way can read it; "
                "use https://, or drop --git-token-file."
            )
        token = _read_token(access.token_file)
        encoded = b64encode(f"{access.username}:{token}".encode()).decode()
        settings[f"http.{address.origin}.extraHeader"] = f"Authorization: Basic {encoded}"
        secrets.extend([encoded, token])
    return Credentials(settings=settings, secrets=tuple(secrets))


def _read_token(path: Path) -> str:
    token = _read_file(path, "--git-token-file").strip()
    if not token or not token.isprintable() or " " in token:
        raise SourceRefused(
            f"{path} (--git-token-file) must hold one token on one line; "
            f"it {'is empty' if not token else 'holds blanks, several lines or control characters'}."
        )
    return token


def _prepare_ssh(access: GitAccess, address: Address) -> Credentials:
    for file, option in ((access.key_file, "--git-key-file"), (access.known_hosts_file, "--git-known-hosts")):
        if file is None:
            raise SourceRefused(
                f"{address.text}: SSH needs a deploy key and the host keys to trust; {option} is not given."
            )
        _read_file(file, option)
    seconds = max(1, int(access.timeout))
    options = {
        "IdentitiesOnly": "yes",
        "IdentityAgent": "none",
        "UserKnownHostsFile": _quote_for_ssh(access.known_hosts_file),
        "GlobalKnownHostsFile": os.devnull,
        "StrictHostKeyChecking": "yes",
        "UpdateHostKeys": "no",
        "BatchMode": "yes",
        "PreferredAuthentications": "publickey",
        "ForwardAgent": "no",
        "ClearAllForwardings": "yes",
        "PermitLocalCommand": "no",
        "ConnectTimeout": str(seconds),
        "ConnectionAttempts": "1",
        "ServerAliveInterval": str(seconds),
        "ServerAliveCountMax": "1",
        "LogLevel": "ERROR",
    }
    command = ["ssh", "-F", os.devnull, "-o", f"IdentityFile={_quote_for_ssh(access.key_file)}"]
    for name, value in options.items():
        command += ["-o", f"{name}={value}"]
    return Credentials(variables={"GIT_SSH_COMMAND": shlex.join(command), "GIT_SSH_VARIANT": "ssh"})


def _quote_for_ssh(path: Path | None) -> str:
    """A path as an ssh option takes it: quoted, with its own percent signs (ssh_config(5), TOKENS)."""
    text = str(path.absolute() if path else "").replace("%", "%%")
    return f'"{text}"'


def _read_file(path: Path, option: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise SourceRefused(f"{path} ({option}) cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise SourceRefused(f"{path} ({option}) is not text.") from error
