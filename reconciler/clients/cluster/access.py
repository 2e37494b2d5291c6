"""How one API server is reached and trusted, as a value, wherever it was read from."""

from __future__ import annotations

import ipaddress
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from reconciler.clients.cluster.interface import ClusterMisconfigured

# A projected token is renewed by the kubelet while this process runs; client-go reads it as often.
_REREAD = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One API server and the caller's credentials.

    `authority`, `certificate` and `key` are PEM; an empty authority means those that the machine trusts.
    `server_name` is who the certificate must be for, where that is not the address. `proxy` is the address
    of an HTTP proxy, empty for none. `authorization` gives the header of that name, asked for before each
    try so that a token that was renewed meanwhile is used; empty where a certificate speaks for the caller.
    """

    server: str
    authority: bytes = b""
    certificate: bytes = field(default=b"", repr=False)
    key: bytes = field(default=b"", repr=False)
    verify: bool = True
    server_name: str = ""
    proxy: str = ""
    authorization: Callable[[], str] = field(default=str, compare=False, repr=False)


class TokenFile:
    """A bearer token that is read again every minute."""

    def __init__(self, path: Path, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._monotonic = monotonic
        self._header = ""
        self._read_at = 0.0

    def __call__(self) -> str:
        """The header. Raises ClusterMisconfigured where there is no token to be read."""
        now = self._monotonic()
        if not self._header or now - self._read_at >= _REREAD:
            self._header, self._read_at = self._read(), now
        return self._header

    def _read(self) -> str:
        try:
            token = self._path.read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            raise ClusterMisconfigured(f"the token file {self._path} cannot be read ({error}).") from error
        if not token:
            raise ClusterMisconfigured(f"the token file {self._path} is empty; it must hold a bearer token.")
        return f"Bearer {token}"


def find_proxy(server: str, environment: Mapping[str, str] = os.environ) -> str:
    """The proxy that HTTPS_PROXY and NO_PROXY, in either case, set for this server; empty for none.

    NO_PROXY holds hosts, domains with all below them, networks such as 10.0.0.0/8, or `*`.
    """
    parts = urlsplit(server)
    host = (parts.hostname or "").lower()
    scheme = parts.scheme.lower()
    names = (f"{scheme}_proxy", f"{scheme.upper()}_PROXY", "all_proxy", "ALL_PROXY")
    proxy = next((environment[name] for name in names if environment.get(name)), "")
    if not proxy:
        return ""
    spared = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    return (
        "" if any(_covers(entry.strip().lower(), host, parts.port) for entry in spared.split(",")) else proxy
    )


def _covers(entry: str, host: str, port: int | None) -> bool:
    if not entry:
        return False
    if entry == "*":
        return True
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        # One of the two is a name.
        domain = entry.lstrip("*").lstrip(".")
        return f"{host}:{port}" == entry or host == domain or host.endswith(f".{domain}")
