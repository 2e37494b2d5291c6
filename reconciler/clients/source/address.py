"""What may be given as a repository's address and as a name in it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from reconciler.clients.source.interface import RevisionNotFound, SourceRefused

Scheme = Literal["path", "file", "http", "https", "ssh"]

_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_ODD = re.compile(r"[\x00-\x20\x7f]|%0[0ad]", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A repository's address as git takes it. `origin` is `https://host:port/` for HTTP(S), else empty."""

    text: str
    scheme: Scheme
    origin: str = ""

    @property
    def protocol(self) -> str:
        """The only one that git may speak for this address."""
        return "file" if self.scheme == "path" else self.scheme


def parse_address(text: str) -> Address:
    """Accepts a local path, file://, http(s)://, ssh:// and user@host:path.

    Refuses everything else that git would take (helpers such as ext::, unauthenticated git://), what could
    be read as an option, and credentials inside the address.
    """
    # A path may hold blanks; an address that goes to another program may not.
    if not text or text.startswith("-") or "\n" in text or "\0" in text:
        raise SourceRefused(f'"{text!r}" is no address of a repository; give a path or a URL.')
    if "://" in text:
        return _parse_url(text)
    before, colon, _ = text.partition(":")
    if not colon or "/" in before:
        return Address(text=text, scheme="path")
    if text[len(before) :].startswith("::"):
        raise _unknown_scheme(before)
    _check_host(before.rpartition("@")[2], text)
    return Address(text=text, scheme="ssh")


def _parse_url(text: str) -> Address:
    scheme = text.partition("://")[0]
    if scheme == "file":
        return Address(text=text, scheme="file")
    if scheme not in ("http", "https", "ssh"):
        raise _unknown_scheme(scheme)
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError as error:
        raise SourceRefused(f"the repository's address is no URL: {error}.") from error
    shown = f"{scheme}://{url.hostname}{url.path}"
    if url.password is not None or (url.username is not None and scheme != "ssh") or url.query:
        raise SourceRefused(
            f"{shown}: the address holds credentials or a query, which would end up in logs. "
            "Put the token into a file and name it with --git-token-file (user: --git-username)."
        )
    _check_host(url.hostname or "", shown)
    if _ODD.search(text):
        raise SourceRefused(f"{shown}: the address holds blanks or control characters.")
    if scheme == "ssh":
        return Address(text=text, scheme="ssh")
    host = f"[{url.hostname}]" if ":" in (url.hostname or "") else url.hostname
    origin = f"{scheme}://{host}{f':{port}' if port else ''}/"
    return Address(text=text, scheme="https" if scheme == "https" else "http", origin=origin)


def _check_host(host: str, shown: str) -> None:
    if not host or host.startswith("-") or _ODD.search(host):
        raise SourceRefused(f"{shown!r}: the address names no host.")


def _unknown_scheme(scheme: str) -> SourceRefused:
    return SourceRefused(
        f'repositories are not read over "{scheme}"; give a path, or a URL that begins with '
        "https://, ssh://, file:// or http://."
    )


def check_ref(ref: str, *, expressions: bool) -> str:
    """The ref, if it may be handed to git. `expressions` admits `main~1` and the like.

    Raises RevisionNotFound. Source: git-check-ref-format(1), gitrevisions(7).
    """
    odd = re.search(r"[\x00-\x20\x7f]" if expressions else r"[\x00-\x20\x7f~^:?*\[\\]|@\{", ref)
    if not ref or ref.startswith(("-", ":")) or odd or ".." in ref:
        raise RevisionNotFound(f"{ref!r} is no name of a branch, tag or commit.")
    return ref


def is_full_name(text: str) -> bool:
    """Whether this is the full name of an object: 40 or 64 hexadecimal digits."""
    return _SHA.fullmatch(text) is not None


def check_full_name(text: str, location: str) -> None:
    """Raises RevisionNotFound for what is not the full name of a commit."""
    if not is_full_name(text):
        raise RevisionNotFound(f"{location}: {text!r} is not the full name of a commit.")
