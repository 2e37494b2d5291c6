"""Which forge a git remote means, and with which credentials it is asked."""

from __future__ import annotations

import ipaddress
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from reconciler.clients.cluster.access import Access, find_proxy
from reconciler.clients.forge.gitea import PREFIX, Gitea
from reconciler.clients.forge.github import HEADERS, GitHub
from reconciler.clients.forge.interface import Forge, ForgeAccess, ForgeKind, ForgeRefused
from reconciler.clients.forge.transport import Patience, Transport

_GITHUB = "github.com"
_GITHUB_HOSTS = frozenset({_GITHUB, "www.github.com", "ssh.github.com"})
_CLOUD = ".ghe.com"  # GitHub Enterprise Cloud with data residency: api. stands before its host
_GITEA_HOSTS = frozenset({"gitea.com", "codeberg.org"})
_SCP = re.compile(r"(?:[^@/\s]+@)?(\[[0-9a-fA-F:]+\]|[^:/\s@\[\]]+):(?!//)(\S+)")
_NAME = re.compile(r"[A-Za-z0-9_.-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """What an address of a repository names. `web` is `https://host` as far as the remote tells it."""

    host: str
    web: str
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A repository at a forge. `web` is where people open the forge, without / at its end."""

    kind: ForgeKind
    web: str
    repository: str

    @property
    def host(self) -> str:
        return urlsplit(self.web).hostname or ""


def find_forge(
    remote: str,
    access: ForgeAccess,
    environment: Mapping[str, str],
    *,
    patience: Patience | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Forge:
    """The forge of a git remote (https://, ssh://, or user@host:path). Nothing is asked yet.

    The kind is what `access` says, or else what the host tells: github.com, *.ghe.com, gitea.com,
    codeberg.org, the host of GH_HOST or of a workflow's own GITHUB_SERVER_URL, that of GITEA_SERVER_URL.
    Raises ForgeRefused, which names what to set.
    """
    place = locate(remote, access, environment)
    token = _find_token(place, access, environment)
    web = urlsplit(place.web)
    if token and web.scheme == "http" and not _is_loopback(place.host):
        raise ForgeRefused(
            place.host,
            "is named with http://, over which no token is sent: anyone on the way could read it. "
            "Use https://.",
        )
    github = place.kind is ForgeKind.GITHUB
    api, prefix = find_api(place)
    transport = Transport(
        Access(
            server=api,
            authority=_read_authority(place, access),
            proxy=find_proxy(api, environment),
            authorization=_Authorization("Bearer" if github else "token", token),
        ),
        server=web.netloc,
        headers=HEADERS if github else {},
        patience=patience,
        sleep=sleep,
    )
    variable = "GITHUB_TOKEN" if github else "GITEA_TOKEN"
    if github and not _is_cloud(place.host):
        variable = "GH_ENTERPRISE_TOKEN"
    advice = (
        f"check the token{'' if token else ', of which none was given'} ({variable}), its expiry and its "
        f"rights on {place.repository}"
    )
    make = GitHub if github else Gitea
    return make(transport, place.repository, prefix=prefix, advice=advice, secrets=(token,) if token else ())


def find_api(place: Place) -> tuple[str, str]:
    """Where a forge's API is: `https://host`, and the path before every call's."""
    web = urlsplit(place.web)
    if place.kind is ForgeKind.GITEA:
        return f"{web.scheme}://{web.netloc}", f"{web.path}{PREFIX}"
    if _is_cloud(place.host):
        return f"https://api.{place.host}", ""
    return f"{web.scheme}://{web.netloc}", "/api/v3"


def locate(remote: str, access: ForgeAccess, environment: Mapping[str, str]) -> Place:
    """Kind, address and repository that a remote means. Raises ForgeRefused."""
    found = parse_remote(remote)
    web = access.address.rstrip("/")
    kind = access.kind
    if not web:
        known, web = _find_web(found, environment)
        kind = kind or known
    elif kind is None:
        kind, _ = _find_web(found, environment)
    if kind is None:
        raise ForgeRefused(
            found.host,
            "is of no kind that its name tells. Set GITEA_SERVER_URL to its address if it is Gitea or "
            f"Forgejo (such as https://{found.host}), or GH_HOST={found.host} if it is GitHub Enterprise.",
        )
    if not web.startswith(("https://", "http://")) or not urlsplit(web).hostname:
        raise ForgeRefused(found.host, f'is said to be at "{web}"; write https://HOST.')
    path = found.path
    # A forge below a path: it is part of addresses for HTTP, and not of those for SSH.
    below = tuple(part for part in urlsplit(web).path.split("/") if part)
    if below and len(path) > 2 and path[: len(below)] == below:
        path = path[len(below) :]
    if len(path) != 2 or not all(_NAME.fullmatch(part) and part.strip(".") for part in path):
        raise ForgeRefused(
            found.host, f"has no repository {'/'.join(path) or '(none)'}: its names are OWNER/NAME."
        )
    return Place(kind=kind, web=web, repository="/".join(path))


def parse_remote(remote: str) -> Remote:
    """Host and path of a remote; user, password and .git are left out. Raises ForgeRefused."""
    scp = _SCP.fullmatch(remote) if "://" not in remote else None
    if scp is not None:
        host, path, web = scp.group(1).strip("[]"), scp.group(2), ""
    else:
        parts = urlsplit(remote)
        try:
            host, port = parts.hostname or "", parts.port
        except ValueError:
            host, port = "", None
        if parts.scheme not in ("https", "http", "ssh", "git+ssh") or not host:
            shown = remote if "@" not in remote else "the remote"
            raise ForgeRefused(
                shown, "cannot be asked: pull requests need a remote with https://, ssh:// or user@host:path."
            )
        path = parts.path
        shown = f"[{host}]" if ":" in host else host
        web = f"{parts.scheme}://{shown}{f':{port}' if port else ''}" if "ssh" not in parts.scheme else ""
    host = host.lower()
    pieces = [unquote(piece) for piece in path.split("/") if piece]
    if pieces:
        pieces[-1] = pieces[-1].removesuffix(".git")
    shown = f"[{host}]" if ":" in host else host
    return Remote(host=host, web=web.lower() or f"https://{shown}", path=tuple(pieces))


def _find_web(found: Remote, environment: Mapping[str, str]) -> tuple[ForgeKind | None, str]:
    """Kind and address of the forge, as the host and the environment tell; no kind where they do not."""
    if found.host in _GITHUB_HOSTS:
        return ForgeKind.GITHUB, f"https://{_GITHUB}"
    if found.host.endswith(_CLOUD):
        return ForgeKind.GITHUB, f"https://{found.host}"
    if found.host in _GITEA_HOSTS:
        return ForgeKind.GITEA, f"https://{found.host}"
    gitea = environment.get("GITEA_SERVER_URL", "").rstrip("/")
    if _host(gitea) == found.host:
        return ForgeKind.GITEA, gitea
    own = _own_server(environment)
    if _host(own) == found.host:
        # Gitea's workflows have the variables of GitHub's.
        return (ForgeKind.GITEA if environment.get("GITEA_ACTIONS") else ForgeKind.GITHUB), own
    if environment.get("GH_HOST", "").lower() in (found.host, _netloc(found.web)):
        return ForgeKind.GITHUB, found.web
    return None, found.web


def _find_token(place: Place, access: ForgeAccess, environment: Mapping[str, str]) -> str:
    """The token for a forge, empty where none is given. One that is meant for another host is never taken."""
    if access.token_file is not None:
        return _read_token(place, access.token_file)
    within = _host(_own_server(environment))
    own = within == place.host
    names: tuple[str, ...]
    if place.kind is ForgeKind.GITEA:
        said = _host(environment.get("GITEA_SERVER_URL", ""))
        names = ("GITEA_TOKEN",) if said in ("", place.host) else ()
        names += ("GITHUB_TOKEN",) if own and environment.get("GITEA_ACTIONS") else ()
    elif _is_cloud(place.host):
        # In a workflow GITHUB_TOKEN is for the forge that runs it.
        names = ("GH_TOKEN", "GITHUB_TOKEN") if own or not within else ("GH_TOKEN",)
    else:
        said = environment.get("GH_HOST", "").lower().partition(":")[0]
        names = ("GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN") if own or said == place.host else ()
        names += ("GITHUB_TOKEN",) if own else ()
    return next((environment[name].strip() for name in names if environment.get(name, "").strip()), "")


def _own_server(environment: Mapping[str, str]) -> str:
    """The forge whose workflow this runs in; empty outside of one."""
    return environment.get("GITHUB_SERVER_URL", "").rstrip("/")


def _read_token(place: Place, file: Path) -> str:
    try:
        token = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ForgeRefused(place.host, f"cannot be asked: the token file {file} cannot be read.") from error
    if not token or not token.isprintable() or " " in token:
        raise ForgeRefused(
            place.host, f"cannot be asked: the token file {file} must hold one token on one line."
        )
    return token


def _read_authority(place: Place, access: ForgeAccess) -> bytes:
    if access.ca_file is None:
        return b""
    try:
        content = access.ca_file.read_bytes()
    except OSError as error:
        raise ForgeRefused(
            place.host, f"cannot be asked: the file of certificates {access.ca_file} cannot be read."
        ) from error
    if b"-----BEGIN CERTIFICATE-----" not in content or not content.isascii():
        raise ForgeRefused(
            place.host, f"cannot be asked: {access.ca_file} holds no certificate; it must be PEM."
        )
    return content


class _Authorization:
    """Gives the header; says nothing of it when it is printed."""

    def __init__(self, scheme: str, token: str) -> None:
        self._header = f"{scheme} {token}" if token else ""

    def __call__(self) -> str:
        return self._header

    def __repr__(self) -> str:
        return "_Authorization(***)"


def _is_cloud(host: str) -> bool:
    return host == _GITHUB or host.endswith(_CLOUD)


def _host(address: str) -> str:
    return (urlsplit(address).hostname or "") if address else ""


def _netloc(address: str) -> str:
    return urlsplit(address).netloc


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
